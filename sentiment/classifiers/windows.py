"""Where sentences and clauses end, and how a long text is cut into windows that a model reads whole."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[int, int]
"""[start, end) in characters of the text."""

# White space is looked at from the first of a run only: tried from each of its places, a page of blanks takes minutes.
SENTENCE_END = re.compile(r"(?<=[.!?…।؟])[\"'»”)\]]*\s+|(?<!\s)[^\S\n]*+\n\s*|(?<=[。！？｡])(?![。！？｡])[」』”）]*\s*")
CLAUSE_END = re.compile(
    r"(?<=[,;:])\s+|(?<!\s)\s++[–—-]\s+"
    r"|(?<!\s)\s++(?=(?:but|although|aber|doch|jedoch|mais|pero|aunque|però|ma|mas|porém)\s)",
    re.IGNORECASE,
)
UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
LINK = re.compile(r"(?:https?://|www\.)\S+")
HANDLE = re.compile(r"@\w+")
FACE = re.compile(r"[:;=][-'^]?[()\[\]/\\|*]|\^_*\^|-_+-")
"""Faces made of punctuation alone; those with a letter or a digit need no rule."""

MOST_CHARACTERS = 48_000
"""A longer text is read at its beginning (two thirds of this) and its end: it bounds the cost of one text to about a
hundred windows of words (four hundred of emoji). Nobody's complaint is longer; pasted logs and books are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Part of a text that the model reads in one go: token numbers and their spans in the text."""

    tokens: list[int]
    spans: list[Span]


def readable(text: str) -> str:
    """The text with what a tokenizer chokes on blanked, length unchanged so that spans still hold.

    Control characters, lone surrogates and direction marks become spaces; a link becomes "http" and spaces.
    """
    clean = UNREADABLE.sub(" ", text)
    return LINK.sub(lambda match: "http".ljust(len(match[0])), clean)


def says_something(text: str) -> bool:
    """Whether there is a word, a number, an emoji or a face in it, beside links and handles."""
    told = HANDLE.sub(" ", LINK.sub(" ", text))
    return FACE.search(told) is not None or any(
        (unicodedata.category(char) == "So" and char != "\ufffd") or char.isalnum() for char in told
    )


def parts(text: str) -> list[Span]:
    """The spans that are read: the whole text, or beginning and end of a very long one."""
    if len(text) <= MOST_CHARACTERS:
        return [(0, len(text))]
    head = MOST_CHARACTERS * 2 // 3
    return [(0, head), (len(text) - (MOST_CHARACTERS - head), len(text))]


def split_at(pattern: re.Pattern[str], text: str, span: Span) -> list[Span]:
    """The span cut wherever the pattern matches; blank pieces are dropped."""
    pieces, start = [], span[0]
    for match in pattern.finditer(text, *span):
        pieces.append((start, match.start()))
        start = match.end()
    pieces.append((start, span[1]))
    return [piece for piece in pieces if text[slice(*piece)].strip()]


def sentences(text: str, span: Span | None = None) -> list[Span]:
    """Sentences by their end marks and line breaks."""
    return split_at(SENTENCE_END, text, span or (0, len(text)))


def clauses(text: str, sentence: Span) -> list[Span]:
    """Clauses of a sentence; a clause of a single word is joined to the next."""
    found: list[Span] = []
    for start, end in split_at(CLAUSE_END, text, sentence):
        if found and " " not in text[slice(*found[-1])].strip():
            start = found.pop()[0]  # noqa: PLW2901 - the joined clause begins where the short one did
        found.append((start, end))
    return found


def cut(text: str, tokens: Sequence[int], spans: Sequence[Span], longest: int) -> list[Window]:
    """The text's tokens in windows of at most `longest`, cut between sentences where that is possible.

    Every token is in exactly one window. Windows of one text are of like size.
    """
    if len(tokens) <= longest:
        return [Window(tokens=list(tokens), spans=list(spans))] if tokens else []
    aim = min(longest, int(len(tokens) / -(-len(tokens) // longest) * 1.2) + 1)
    ends = [end for _, end in sentences(text, (spans[0][0], spans[-1][1]))]
    cuts, begin, sentence, last_end = [0], 0, 0, 0
    for place, (start, _) in enumerate(spans):
        while sentence < len(ends) - 1 and start >= ends[sentence]:
            sentence, last_end = sentence + 1, place
        if place - begin >= aim:
            begin = last_end if last_end > begin else place
            cuts.append(begin)
    cuts.append(len(tokens))
    return [Window(tokens=list(tokens[low:high]), spans=list(spans[low:high])) for low, high in pairwise(cuts)]
