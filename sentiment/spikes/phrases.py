"""What people say now that they did not say before: phrases by log-odds, and the voices to quote for them.

Log-odds with an informative Dirichlet prior (Monroe, Colaresi, Quinn 2008, "Fightin' Words"): for a phrase w in y_w of
n voices now and b_w of m before, with prior a_w = A · share of w among all,
δ = log((y_w + a_w) / (n + A − y_w − a_w)) − log((b_w + a_w) / (m + A − b_w − a_w)),
z = δ / √(1/(y_w + a_w) + 1/(b_w + a_w)).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sentiment.spikes.stopwords import stop_words

LONGEST = 3
READ_UP_TO = 2_000  # characters of a text: what a voice is about is said at its beginning
PRIOR = 10.0
LEAST_VOICES = 2
LEAST_Z = 1.64
QUOTE_UP_TO = 280
NEGATIONS = frozenset(
    [
        "no",
        "not",
        "never",
        "without",
        "kein",
        "keine",
        "keinen",
        "nicht",
        "ohne",
        "pas",
        "sans",
        "sin",
        "senza",
        "geen",
        "zonder",
        "não",
        "sem",
    ]
)

_NOISE = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.\w+|(?<!\w)@[\w.:-]+|&\w+;|<[^>]{1,200}>")
_BREAK = re.compile(r"[.!?;:,()\[\]{}\"“”„«»…|/\\\n\r\t]+|\s[-–—]+\s")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase of one to three words, the voices now and before that say it, and how telling it is."""

    words: str
    voices: int
    before: int
    z: float


def phrases_in(text: str, ignore: frozenset[str] = frozenset()) -> set[str]:
    """Lower-cased runs of one to three words without stop-words (a negation may lead); no handles, no addresses.

    Words to `ignore`, such as a brand's name, carry nothing either.
    """
    stops = stop_words()
    found: set[str] = set()
    for part in _BREAK.split(_NOISE.sub(" . ", text[:READ_UP_TO]).casefold()):
        words = [word.replace("’", "'") for word in _WORD.findall(part)]
        carries = [word not in stops and word not in ignore and len(word) > 1 for word in words]
        for start, first in enumerate(words):
            if not carries[start] and first not in NEGATIONS:
                continue
            for end in range(start, min(start + LONGEST, len(words))):
                if end > start and not carries[end]:
                    break
                if carries[end] and (end > start or len(first) > 2):
                    found.add(" ".join(words[start : end + 1]))
    return found


def telling_phrases(
    now: Iterable[str], before: Iterable[str], *, ignore: frozenset[str] = frozenset(), most: int = 6
) -> list[Phrase]:
    """The phrases that set the texts of `now` apart from those of `before`, the most telling first.

    A phrase counts once a voice. Of phrases that the same voices say, the longest stands for all.
    """
    said_now, said_before = [phrases_in(t, ignore) for t in now], [phrases_in(t, ignore) for t in before]
    counts, earlier = Counter(p for s in said_now for p in s), Counter(p for s in said_before for p in s)
    scored = []
    for words, voices in counts.items():
        if voices >= min(LEAST_VOICES, max(len(said_now) // 2, 1)):
            z = _log_odds(voices, len(said_now), earlier[words], len(said_before))
            if z >= LEAST_Z:
                scored.append(Phrase(words=words, voices=voices, before=earlier[words], z=z))
    scored.sort(key=lambda p: (-p.z * (1 + 0.15 * p.words.count(" ")), p.words))
    return _distinct(scored, said_now, most)


def _log_odds(now: int, all_now: int, before: int, all_before: int) -> float:
    prior = PRIOR * (now + before + 0.5) / (all_now + all_before + 1)
    odds_now = (now + prior) / max(all_now + PRIOR - now - prior, 0.5)
    odds_before = (before + prior) / max(all_before + PRIOR - before - prior, 0.5)
    return math.log(odds_now / odds_before) / math.sqrt(1 / (now + prior) + 1 / (before + prior))


def _distinct(scored: Sequence[Phrase], said: Sequence[set[str]], most: int) -> list[Phrase]:
    chosen: list[Phrase] = []
    places: list[set[int]] = []
    for phrase in scored:
        where = {place for place, found in enumerate(said) if phrase.words in found}
        same = [
            at
            for at, (other, there) in enumerate(zip(chosen, places, strict=True))
            if len(where & there) >= 0.7 * min(len(where), len(there)) and _share_words(phrase.words, other.words)
        ]
        if not same:
            chosen.append(phrase)
            places.append(where)
        elif all(_replaces(phrase, chosen[at], len(where), len(places[at])) for at in same):
            chosen[same[0]], places[same[0]] = phrase, where
            for at in reversed(same[1:]):
                del chosen[at], places[at]
        if len(chosen) == most:
            break
    return chosen


def _share_words(one: str, other: str) -> bool:
    return bool(set(one.split()) & set(other.split()))


def _replaces(phrase: Phrase, other: Phrase, voices: int, others: int) -> bool:
    return other.words in phrase.words and voices >= 0.7 * others


def choose_quotes(texts: Sequence[str], phrases: Sequence[Phrase], *, most: int = 3) -> list[int]:
    """Places of the texts to quote: each adds phrases that no earlier quote has, shorter ones first on a tie."""
    wanted = {phrase.words: max(phrase.z, 0.1) for phrase in phrases}
    said = [phrases_in(text) & wanted.keys() for text in texts]
    chosen: list[int] = []
    while len(chosen) < min(most, len(texts)):
        covered = set().union(*(said[place] for place in chosen)) if chosen else set()
        best = max(
            (place for place in range(len(texts)) if place not in chosen),
            key=lambda place: (sum(wanted[w] for w in said[place] - covered), _readable(texts[place]), -place),
        )
        chosen.append(best)
    return chosen


def _readable(text: str) -> float:
    """1 for the length of a sentence or two, less for a shout or an essay."""
    return -abs(math.log(max(len(text), 1) / 120))


def shorten(text: str, length: int = QUOTE_UP_TO) -> str:
    """One line of at most `length` characters, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rsplit(" ", 1)[0].rstrip(",;:.- ") + "…"
