"""When two texts are one voice: normal form, shingles and MinHash signatures. Pure rules; the store keeps the index."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np

NEVER_MERGED_BELOW = 4
"""Words; "thanks a lot" of two hundred people is two hundred voices, not one."""
EXACT_BELOW = 8
"""Words; below this a text must be equal in normal form, for one word changes too much of it."""
SIMILARITY = 0.7
"""Jaccard similarity of three-word shingles from which two longer texts are one voice."""
BANDS, ROWS = 6, 4
"""Six bands of four: a pair at similarity 0.8 meets in some band with probability 0.96, at 0.9 with 0.998
(1 − (1 − s^rows)^bands; Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, ch. 3)."""
LONGEST = 2_000
"""Words of a text that are compared; what follows cannot change whose words these are."""

_MERSENNE = (1 << 61) - 1
_random = np.random.default_rng(20_240_229)
_A = _random.integers(1, 1 << 31, size=BANDS * ROWS, dtype=np.uint64)
_B = _random.integers(0, 1 << 61, size=BANDS * ROWS, dtype=np.uint64)
_NOISE = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@\w[\w.-]*|^\s*rt\b:?", re.IGNORECASE)
_CONTROLS = (c for c in (*range(0x20), *range(0x7F, 0xA0)) if c not in {0x09, 0x0A})
_DROPPED = dict.fromkeys((*_CONTROLS, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Control characters (Unicode category Cc), and the bidirectional embeddings, overrides and isolates."""
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Hangul fillers and the empty Braille cell: letters and symbols by their category, and yet nothing is drawn."""
_WORD = re.compile(r"\w+")


def normal_words(text: str) -> list[str]:
    """The words that identify a text: case, marks, links, handles and "RT" set aside."""
    folded = unicodedata.normalize("NFKC", text[: LONGEST * 40]).casefold()
    return _WORD.findall(_NOISE.sub(" ", folded))[:LONGEST]


def shingles(words: Sequence[str]) -> frozenset[str]:
    """Overlapping triples of words."""
    return frozenset(" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2)))


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Jaccard similarity of two texts' shingles, 0 to 1."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def same_voice(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two texts, as normal words, are one voice."""
    if min(len(one), len(other)) < EXACT_BELOW:
        return list(one) == list(other)
    return similarity(one, other) >= SIMILARITY


def signature(words: Sequence[str]) -> list[int]:
    """Index keys under which a text meets its near-duplicates: empty if it is too short to be merged.

    Short texts get one key (their exact hash), longer ones one per band. Keys are signed 64-bit integers.
    """
    if len(words) < NEVER_MERGED_BELOW:
        return []
    if len(words) < EXACT_BELOW:
        return [_key(0, " ".join(words).encode())]
    hashes = np.fromiter(
        (int.from_bytes(hashlib.blake2b(s.encode(), digest_size=4).digest(), "big") for s in shingles(words)),
        dtype=np.uint64,
    )
    lowest = ((hashes[:, None] * _A[None, :] + _B[None, :]) % np.uint64(_MERSENNE)).min(axis=0)
    return [_key(band + 1, lowest[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]


def _key(band: int, content: bytes) -> int:
    digest = hashlib.blake2b(bytes([band]) + content, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def author_key(author: str | None, source: str, salt: bytes) -> str | None:
    """The salted hash by which an author is known: 32 hex digits, or None where the source names nobody."""
    if not author:
        return None
    return hmac.new(salt, f"{source}\0{author}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: spaces, marks that join or direct, combining marks with nothing below."""
    return all(unicodedata.category(one) in _UNSEEN or one in _FILLERS for one in text)


@cache
def _long_row_of_marks() -> re.Pattern[str]:
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
    return re.compile(f"[{marks}]{{30}}")


def clean_text(text: str) -> str:
    """Text fit for storing: NFC, lone surrogates replaced, ends trimmed.

    Control characters (NUL among them) and the bidirectional overrides that could turn around what stands beside
    the text on a screen are dropped; the harmless right-to-left marks stay.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # Sorting a long row of combining marks takes the square of its length; UAX 15 (stream-safe text) breaks it at 30.
    kept = _long_row_of_marks().sub(lambda row: f"{row[0]}\u034f", text.translate(_DROPPED))
    return unicodedata.normalize("NFC", kept).strip()
