"""Settings: what groundswell.toml says, read-only, and where to change it; secrets are never shown."""

from __future__ import annotations

from html import escape

import pandas as pd

from dashboard.views.download import download
from dashboard.views.parts import answer, put
from dashboard.views.session import session
from dashboard.views.tables import Column, small, table
from dashboard.words import count, span
from sentiment.taxonomy import taxonomy

TITLE = "Settings"
ICON = ":material/settings:"


def show() -> None:
    """Draw the page."""
    found = settings()
    brands, sources = len(session().config.brands), len(session().config.sources)
    at = f"at {count(sources, 'source', 'sources')}" if sources else "and no source yet"
    answer(
        f"{count(brands, 'brand', 'brands')} {at}.",
        f"All of this stands in {session().config.file.name}; change it there. “groundswell doctor” checks it.",
    )
    rows = [
        (
            f"<bdi>{escape(row.setting)}</bdi>{small(row.section)}",
            f"<bdi>{escape(row.value).replace('@', '<wbr>@')}</bdi>",
        )
        for row in found.itertuples()
    ]
    put(table([Column(words="Setting"), Column(words="Value")], rows))
    download("settings", found, {})


def settings() -> pd.DataFrame:
    """The configuration as rows of section, setting and value; nothing secret among them."""
    config = session().config
    general, mail = config.general, config.mail
    rows = [
        ("groundswell", "timezone", general.timezone.key),
        ("groundswell", "lens", taxonomy().lenses[general.lens].label),
        ("groundswell", "author names are kept", "yes" if general.keep_author_names else "no, only a salted hash"),
        ("groundswell", "suspected mentions", "kept, but not counted" if general.leave_out_suspects else "counted"),
        ("groundswell", "reached through a proxy", "yes" if general.proxy else "no"),
        ("groundswell", "mentions are kept for", span(general.keep_for) if general.keep_for else "ever"),
        ("classifier", "model", config.classifier.model),
        ("spikes", "false alerts", f"at most about one in {config.spikes.budget_weeks:g} weeks"),
        ("mail", "sent by", f"{mail.host}, from {mail.sender}" if mail else "nothing: no [mail] section"),
        ("dashboard", "address in mails", config.link_base),
    ]
    for brand in config.brands:
        names = [*brand.aliases, *brand.handles]
        rows.append(
            ("brand", brand.name, ("your own; " if brand.own else "") + (", ".join(names) or "by its name alone"))
        )
    for source in config.sources:
        state = f"every {span(source.every)}" if source.enabled else "switched off"
        rows.append(("source", source.name, f"{source.kind}, {state}, {source.brand or 'every brand'}"))
    rows += [("manager", m.name, m.email or "chat only") for m in config.managers]
    return pd.DataFrame(rows, columns=["section", "setting", "value"])
