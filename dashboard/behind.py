"""Which of a spike's voices a part of its explanation stands for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sentiment.spikes.drivers import NO_ASPECT, OTHERS, UNNAMED, Said
from sentiment.taxonomy import taxonomy


def parts_of(one: Said, group: str) -> tuple[str, ...]:
    """The parts of a group ("aspect", "place", "segment", "language") that a voice belongs to, by their labels."""
    if group == "aspect":
        return tuple(taxonomy().label(f"aspect/{name}") for name in one.aspects) or (NO_ASPECT,)
    given = {"place": one.place, "segment": one.segment, "language": one.language}.get(group)
    return (given or UNNAMED,)


def voices_of(said: Sequence[Said], group: str, part: str, named: Collection[str]) -> list[int]:
    """The mentions, newest first, of the dissatisfied voices that a part stands for.

    named: the labels of all parts of the group; what is in none of them is in "others".
    """
    found = []
    for one in said:
        labels = parts_of(one, group) if one.negative else ()
        if part in labels or (part == OTHERS and set(labels) - set(named)):
            found.append(one)
    return [one.mention_id for one in sorted(found, key=lambda one: (one.said_at, one.mention_id), reverse=True)]
