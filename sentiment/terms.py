"""Term rules: what a word means here, against what the model makes of it. Pure; the store keeps and lays them over."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from collector.identity import LONGEST, normal_words
from sentiment.reading import Sentiment
from sentiment.taxonomy import taxonomy

MOST_WORDS = 6
"""Words of a term: a rule is about an expression, not about a text."""
TERM_LIMIT = 200
"""Characters."""
WORDS_LIMIT = 500
"""Characters of its normal words: a ligature may stand for many letters."""
SENTIMENT, ASPECT = "sentiment", "aspect"


class BadRule(ValueError):
    """A term rule that says nothing or cannot match; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRule:
    """ "A mention with this term is …": about the sentiment of the whole, or about one aspect.

    id        its number in the store, None while it is only looked at
    term      the word or expression as a person wrote it
    words     the same as normal words; a text matches where they stand in it side by side
    aspect    the aspect it is about, None: the sentiment of the whole mention
    after     negative, neutral or positive; None: the mention is not about the aspect
    language  only texts read in this language; brand: only mentions of this brand; None: all
    """

    id: int | None = None
    term: str
    words: tuple[str, ...]
    aspect: str | None = None
    after: Sentiment | None
    language: str | None = None
    brand: str | None = None

    @property
    def field(self) -> str:
        """What it changes, as a correction names it: sentiment or aspect."""
        return SENTIMENT if self.aspect is None else ASPECT

    def about(self, brand: str, language: str | None) -> bool:
        """Whether it is about mentions of this brand, read in this language."""
        return self.brand in {None, brand} and self.language in {None, language}

    def matches(self, words: Sequence[str]) -> bool:
        """Whether its words stand side by side among the normal words of a text."""
        size, own = len(self.words), list(self.words)
        return any(list(words[at : at + size]) == own for at, word in enumerate(words) if word == own[0])

    def is_in(self, text: str) -> bool:
        """Whether a text has the term, whatever its brand and language."""
        # The letters are looked for first: to cut a text into words takes five times as long.
        start = text[: LONGEST * 40]
        folded = (start if start.isascii() else unicodedata.normalize("NFKC", start)).casefold()
        return all(word in folded for word in self.words) and self.matches(normal_words(text))

    def as_change(self) -> dict[str, Any]:
        """What it changes in the form of a correction: field, aspect, after."""
        return {"field": self.field, "aspect": self.aspect, "after": None if self.after is None else self.after.value}


def term_rule(
    term: str, after: str | None, *, aspect: str | None = None, language: str | None = None, brand: str | None = None
) -> TermRule:
    """The rule that a person means. Raises BadRule where the term has no words or too many, or says nothing."""
    words = tuple(normal_words(term))
    if not words:
        raise BadRule(f"“{term[:40]}” has no word in it: give the word or expression as customers write it.")
    if len(words) > MOST_WORDS:
        raise BadRule(f"“{term[:40]}” has {len(words)} words; a term has at most {MOST_WORDS}.")
    if len(term.strip()) > TERM_LIMIT or len(" ".join(words)) > WORDS_LIMIT:
        raise BadRule(f"“{term.strip()[:40]}…” is too long: a term has at most {TERM_LIMIT} characters.")
    if aspect is None and after is None:
        raise BadRule("Say what the term means: negative, neutral or positive.")
    try:
        said = None if after is None else Sentiment(after)
    except ValueError as error:
        raise BadRule(f"“{after}” is none of negative, neutral, positive.") from error
    return TermRule(
        term=term.strip(),
        words=words,
        aspect=aspect,
        after=said,
        language=language or None,
        brand=brand or None,
    )


def in_order(rules: Iterable[TermRule]) -> list[TermRule]:
    """Rules in the order in which they are laid over a reading: the longer term, then the newer rule, comes last."""
    return sorted(rules, key=lambda rule: (len(rule.words), rule.id is None, rule.id or 0))


def applying(rules: Sequence[TermRule], text: str, *, brand: str, language: str | None) -> list[TermRule]:
    """Those of `rules`, in their order, that are about this text."""
    near = [rule for rule in rules if rule.about(brand, language)]
    if not near:
        return []
    words = normal_words(text)
    present = set(words)
    return [rule for rule in near if present.issuperset(rule.words) and rule.matches(words)]


def passage(text: str, rule: TermRule, *, around: int = 60) -> str:
    """The place of a text that shows the term, cut to some characters on each side, between words where it can be."""
    at, past = _place(text, rule)
    start, end = max(0, at - around), min(len(text), past + around)
    if start:
        start = text.find(" ", start, at) + 1 or start
    if end < len(text) and (space := text.rfind(" ", past, end + 1)) >= 0:
        end = space
    return ("…" if start else "") + text[start:end].replace("\n", " ") + ("…" if end < len(text) else "")


def _place(text: str, rule: TermRule) -> tuple[int, int]:
    """Where a text first has the term: its first character and the one after its last; the start, if nowhere."""
    size, last = len(rule.words), deque[tuple[str, int, int]](maxlen=len(rule.words))
    for part in re.finditer(r"\S+", text):
        if not normal_words(part.group()):
            continue
        for word in re.finditer(r"\w+", part.group()):
            for normal in normal_words(word.group()):
                last.append((normal, part.start() + word.start(), part.start() + word.end()))
                if len(last) == size and tuple(one[0] for one in last) == rule.words:
                    return last[0][1], min(last[-1][2], last[0][1] + TERM_LIMIT)
    return 0, 0


def told(rule: TermRule) -> str:
    """A rule in words: “sick” means positive; “queue” is not about Price."""
    if rule.aspect is None:
        return f"“{rule.term}” means {rule.after}"
    known = taxonomy().aspects
    label = known[rule.aspect].label if rule.aspect in known else rule.aspect
    return (
        f"“{rule.term}” is not about {label}" if rule.after is None else f"“{rule.term}” is {rule.after} about {label}"
    )
