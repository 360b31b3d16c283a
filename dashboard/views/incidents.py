"""Spikes: the incidents of a brand, each with its reason, its figures and a way to what is behind it."""

from __future__ import annotations

from html import escape

import pandas as pd

from dashboard.scope import Scope
from dashboard.views.download import download
from dashboard.views.filters import choose_scope
from dashboard.views.incident_words import VOLUME, about, headline, quotes, reason, state
from dashboard.views.nothing import nothing_yet
from dashboard.views.parts import address, answer, empty, put, reading_progress
from dashboard.views.session import look, session
from dashboard.words import count, sentence
from sentiment.spikes.spike import Severity
from sentiment.spikes.store.incidents import KeptIncident, incidents

TITLE = "Spikes"
ICON = ":material/crisis_alert:"


def show() -> None:
    """Draw the page."""
    scope = choose_scope()
    reading_progress()
    found = incidents_of(scope)
    if not found:
        if nothing_yet(scope.brand):
            return
        empty(
            f"No spike of {scope.brand} in these days.",
            "A spike appears when dissatisfied voices exceed what the past weeks lead one to expect, not before "
            "there are seven days of history. Rises of fewer than about eight mentions are often too small to tell.",
        )
        return
    live = sum(one.incident.live for one in found)
    told = f"{count(live, 'spike is', 'spikes are')} open" if live else "No spike is open"
    over = sum(one.resolved_at is not None for one in found)
    unknown = len(found) - live - over
    after = f", {over} {'is' if over == 1 else 'are'} over" if over else ""
    lapsed = f", of {unknown} it is not known" if unknown else ""
    answer(told + after + lapsed)
    for one in found:
        put(card(one))
    download("spikes", table_of(found), scope)


def incidents_of(scope: Scope) -> list[KeptIncident]:
    """The incidents of a scope: open ones first, the worst before milder ones, then the newest."""
    found = look(incidents, brand=scope.brand, since=scope.start, until=scope.end)
    if scope.sources:
        found = [one for one in found if {m.series.source for m in one.incident.members} & set(scope.sources)]
    order = list(Severity)

    def rank(one: KeptIncident) -> tuple[bool, bool, int, float]:
        live = one.incident.live
        worse = -order.index(one.severity) if live else 0
        return not live, one.incident.track == VOLUME, worse, -one.last_seen.timestamp()

    return sorted(found, key=rank)


def card(one: KeptIncident, *, quoted: int = 1) -> str:
    """An incident as HTML: what, how bad, why, and voices in their own words."""
    live = one.incident.live
    zone = session().zone
    stands = state(one, zone)
    if one.acknowledged_by:
        stands += f", taken on by {one.acknowledged_by}"
    said = "".join(f'<blockquote dir="auto">{escape(str(quote["text"]))}</blockquote>' for quote in quotes(one, quoted))
    return (
        f'<div class="gs-card{" gs-alarm" if live and one.incident.track != VOLUME else ""}">'
        f'<p><strong><a href="{address("incident", {"id": one.id})}" target="_self">'
        f"{escape(sentence(headline(one, zone)))}</a></strong></p>"
        f'<div class="gs-meta"><span>{escape(one.severity.value)} severity</span><span>{escape(stands)}</span></div>'
        f"<p>{escape(reason(one))}</p>{said}</div>"
    )


def table_of(found: list[KeptIncident]) -> pd.DataFrame:
    """Incidents as rows in the order of the screen; the figures are those of the worst spike's window."""
    rows = []
    for one in found:
        peak, (start, end) = one.peak, one.window
        rows.append(
            {
                "id": one.id,
                "brand": one.incident.brand,
                "about": about(peak.series),
                "source": peak.series.source,
                "class": peak.spike_class.value,
                "severity": one.severity.value,
                "state": one.incident.state.value,
                "began": one.began,
                "last seen": one.last_seen,
                "resolved": one.resolved_at,
                "window start": start,
                "window end": end,
                "observed": peak.observed,
                "expected": round(peak.expected, 2),
                "lower": peak.lower,
                "upper": peak.upper,
                "voices": peak.voices,
                "share": peak.share_observed,
                "usual share": peak.share_expected,
                "taken on by": one.acknowledged_by,
                "reason": reason(one),
            }
        )
    return pd.DataFrame(rows)
