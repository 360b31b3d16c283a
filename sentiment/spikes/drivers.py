"""Why a spike stands out: parts that add up to its excess, phrases, quotes, and what did not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sentiment.spikes.phrases import Phrase, choose_quotes, shorten, telling_phrases
from sentiment.spikes.spike import Spike

UNNAMED = "not given"
OTHERS = "others"
NO_ASPECT = "no aspect named"
MOST_PARTS = 8
# A part that stays within this share of the excess, and within two voices, of what is usual did not change.
UNCHANGED_SHARE = 0.1
MOSTLY, ABOVE_ALL = 0.5, 0.3
"""Parts of an excess from which on it is mostly about something, or about that more than anything else."""
DAYS_FROM = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One voice as the explanation looks at it; `aspects` are those it is negative about."""

    mention_id: int
    text: str
    source: str
    said_at: datetime
    negative: bool
    aspects: tuple[str, ...] = ()
    place: str | None = None
    segment: str | None = None
    language: str | None = None
    url: str | None = None
    reach: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the excess; observed − expected = excess. Fractions: a voice with two aspects is half of each."""

    label: str
    observed: float
    expected: float

    @property
    def excess(self) -> float:
        """What this part adds to the excess."""
        return self.observed - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """Excess by cause: more voices, other voices than usual, or the same voices being more negative. They add up."""

    volume: float
    mix: float
    negativity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One voice in its own words."""

    mention_id: int
    text: str
    source: str
    said_at: datetime
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything said about why; each list of parts in `parts` adds up to `excess`, and so do the causes."""

    excess: float
    causes: Causes
    parts: Mapping[str, tuple[Part, ...]]
    phrases: tuple[Phrase, ...]
    quotes: tuple[Quote, ...]
    unchanged: tuple[str, ...]
    sentence: str


def explain(
    spike: Spike,
    now: Sequence[Said],
    before: Sequence[Said],
    *,
    facet_label: str,
    aspect_label: Callable[[str], str] = str,
) -> Explanation:
    """Explain a spike by the voices of its window (`now`) and those of the weeks before (`before`).

    Both hold all voices of the spike's brand and source; `negative` says negative in the spike's dimension.
    """
    bad_now, bad_before = [s for s in now if s.negative], [s for s in before if s.negative]
    parts = {
        "aspect": divide(
            spike.observed, spike.expected, _by_aspect(bad_now, aspect_label), _by_aspect(bad_before, aspect_label)
        )
    }
    for name, key in _KEYS.items():
        counted, usual = Counter(map(key, bad_now)), Counter(map(key, bad_before))
        if (set(counted) | set(usual)) - {UNNAMED}:
            parts[name] = divide(spike.observed, spike.expected, counted, usual)
    brand = frozenset(spike.series.brand.casefold().split())
    phrases = telling_phrases((s.text for s in bad_now), (s.text for s in bad_before), ignore=brand)
    chosen = choose_quotes([s.text for s in bad_now], phrases)
    quotes = tuple(_quote(bad_now[place]) for place in chosen)
    return Explanation(
        excess=spike.excess,
        causes=causes(spike, now, before),
        parts=parts,
        phrases=tuple(phrases),
        quotes=quotes,
        unchanged=unchanged(parts, spike.excess),
        sentence=sentence(spike, facet_label, parts["aspect"], phrases),
    )


_KEYS: Mapping[str, Callable[[Said], str]] = {
    "place": lambda said: said.place or UNNAMED,
    "segment": lambda said: said.segment or UNNAMED,
    "language": lambda said: said.language or UNNAMED,
}


def _by_aspect(said: Iterable[Said], label: Callable[[str], str]) -> dict[str, float]:
    counted: dict[str, float] = {}
    for one in said:
        for name in map(label, one.aspects) if one.aspects else (NO_ASPECT,):
            counted[name] = counted.get(name, 0.0) + 1 / max(len(one.aspects), 1)
    return counted


def divide(
    observed: float, expected: float, now: Mapping[str, float], usual: Mapping[str, float], *, most: int = MOST_PARTS
) -> tuple[Part, ...]:
    """Divide observed and expected among groups, so that the parts' excesses add up to observed − expected.

    Observed goes by what was counted now (scaled to `observed`, should the mentions have changed since), expected by
    what is usual, or like observed where nothing is known of before. The smallest groups are put together.
    """
    total_now, total_usual = sum(now.values()), sum(usual.values())
    if total_now <= 0:
        now, total_now = {NO_ASPECT: 1.0}, 1.0
    if total_usual <= 0:
        usual, total_usual = now, total_now
    parts = [
        Part(
            label=label,
            observed=observed * now.get(label, 0.0) / total_now,
            expected=expected * usual.get(label, 0.0) / total_usual,
        )
        for label in sorted(set(now) | set(usual))
    ]
    parts.sort(key=lambda part: -abs(part.excess))
    if len(parts) > most:
        rest = parts[most - 1 :]
        together = Part(label=OTHERS, observed=sum(p.observed for p in rest), expected=sum(p.expected for p in rest))
        parts = [*parts[: most - 1], together]
    return tuple(sorted(parts, key=lambda part: -part.excess))


def causes(spike: Spike, now: Sequence[Said], before: Sequence[Said]) -> Causes:
    """Divide the excess into volume, mix and negativity over the groups (places, else languages) of the voices.

    With v_g the usual share of group g among voices, p_g its usual share of negatives, p = Σ v_g p_g (scaled to the
    spike's usual share), M = expected / p the voices at which the expectation is usual, N_g and Y_g as counted now:
    volume (N − M) p, mix Σ (N_g − N v_g) p_g, negativity Σ (Y_g − N_g p_g).
    """
    group = _KEYS["place"] if len({s.place for s in before if s.place}) > 1 else _KEYS["language"]
    voices, bad = Counter(map(group, before)), Counter(group(s) for s in before if s.negative)
    now_voices = Counter(map(group, now))
    usual_share = max(spike.share_expected, 1e-9)
    total, total_now = sum(voices.values()), max(sum(now_voices.values()), 1)
    groups = set(voices) | set(now_voices)
    prior = 5.0
    share = {g: (bad[g] + prior * usual_share) / (voices[g] + prior) for g in groups}
    weight = {g: voices[g] / total if total else now_voices[g] / total_now for g in groups}
    mean = sum(weight[g] * share[g] for g in groups)
    scale = usual_share / mean if mean > 0 else 1.0
    seen = {g: spike.voices * now_voices[g] / total_now for g in groups}
    if not now_voices:
        seen = {g: spike.voices * weight[g] for g in groups}
    usual_voices = spike.expected / usual_share
    volume = (spike.voices - usual_voices) * usual_share if groups else 0.0
    mix = sum((seen[g] - spike.voices * weight[g]) * share[g] * scale for g in groups)
    return Causes(volume=volume, mix=mix, negativity=spike.excess - volume - mix)


def unchanged(parts: Mapping[str, Sequence[Part]], excess: float) -> tuple[str, ...]:
    """Labels that usually count for something and stayed as they were."""
    return tuple(
        part.label
        for name in ("aspect", "place", "segment", "language")
        for part in parts.get(name, ())
        if part.label not in {UNNAMED, OTHERS, NO_ASPECT}
        and part.expected >= 1
        and abs(part.excess) <= max(2.0, UNCHANGED_SHARE * abs(excess))
    )[:5]


def _quote(said: Said) -> Quote:
    return Quote(
        mention_id=said.mention_id, text=shorten(said.text), source=said.source, said_at=said.said_at, url=said.url
    )


def mostly(parts: Iterable[tuple[str, float]], excess: float) -> str | None:
    """What an excess is about, by that of each aspect: "mostly Timeliness" from half of it on, else "above all …".

    None where none makes up nearly a third: it is about nothing in particular.
    """
    named = [(part, label) for label, part in parts if label not in {NO_ASPECT, OTHERS}]
    most, label = max(named, default=(0.0, ""))
    if excess <= 0 or most < ABOVE_ALL * excess:
        return None
    return f"{'mostly' if most >= MOSTLY * excess else 'above all'} {label}"


def sentence(spike: Spike, facet_label: str, aspects: Sequence[Part], phrases: Sequence[Phrase]) -> str:
    """One sentence that a manager understands: how many, how many usually, what share, about what."""
    about = "" if spike.series.dimension is None else f" about {facet_label}"
    usual = f"{spike.lower} to {spike.upper}" if 0 < spike.lower < spike.upper else f"at most {spike.upper}"
    said = f"{spike.observed} dissatisfied voices{about} within {_hours(spike.window)}, where {usual} would be usual"
    if spike.voices:
        now, before = _percent(spike.share_observed), _percent(spike.share_expected)
        said += f" ({now} of all voices, {'as usual' if now == before else f'against {before} usually'})"
    main = mostly(((part.label, part.excess) for part in aspects), spike.excess)
    quoted = ", ".join(f"“{phrase.words}”" for phrase in phrases[:3])
    more = f"said more often than usual: {quoted}" if quoted else None
    return "; ".join(part for part in (said, main, more) if part) + "."


def _hours(window: int) -> str:
    if window >= DAYS_FROM:
        return f"{window // 24} days"
    return "1 hour" if window == 1 else f"{window} hours"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.01 or share == 0 else "under 1 %"
