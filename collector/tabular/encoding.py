"""In which encoding a text file is written: a byte order mark, valid UTF-8, or the likeliest older code page."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from collector.errors import BadSettings

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r",
    "cp932", "euc_jp", "gb18030", "big5", "cp949", "mac_roman", "cp850",
]  # fmt: skip
_HOMES = {
    "cp1250": {"cs", "sk", "pl", "hu", "hr", "sl", "ro", "bs"},
    "cp1254": {"tr", "az"},
    "cp1257": {"et", "lv", "lt"},
}
"""Languages that have a Latin code page of their own beside the western one."""
_CHUNK = 1 << 20
_EVIDENCE = 200_000
"""Bytes of lines outside ASCII that a guess looks at."""
_STRAY = 0.001
"""Share of characters outside ASCII that may be broken in a file that is UTF-8 all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """A codec and why it was chosen; broken: sequences that it cannot decode and that become U+FFFD."""

    codec: str
    why: str
    broken: int = 0


def encoding_of(path: Path, given: str | None = None) -> Encoding:
    """The encoding of a text file, by looking at all of it once; `given` overrides what would be found.

    Raises BadSettings where `given` is no encoding that exists.
    """
    if given is not None:
        return _given(path, given)
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec=codec, why="byte order mark")
    if wide := _unmarked_utf16(head):
        return Encoding(codec=wide, why="every other byte is zero")
    valid, broken, evidence = _try_utf8(path)
    if broken == 0:
        return Encoding(codec="utf-8", why="all of it is valid")
    if broken <= max(1, valid * _STRAY) and valid >= 20:
        return Encoding(codec="utf-8", why="nearly all of it is valid", broken=broken)
    return Encoding(codec=_code_page(evidence), why="not valid UTF-8; guessed from its letters")


def _given(path: Path, given: str) -> Encoding:
    try:
        codec = codecs.lookup(given).name
        "".encode(codec)
    except (LookupError, TypeError) as error:
        raise BadSettings(
            f"There is no text encoding {given!r}; common ones are utf-8, utf-16, cp1252 and shift_jis."
        ) from error
    with path.open("rb") as file:
        marked = file.read(3) == codecs.BOM_UTF8
    return Encoding(codec="utf-8-sig" if codec == "utf-8" and marked else codec, why="as given")


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark shows in mostly Latin text (headers are) as zeros on one side of each pair."""
    half = len(head) // 2
    if half < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _try_utf8(path: Path) -> tuple[int, int, bytes]:
    """Characters outside ASCII that are valid, sequences that are not, and lines around the latter."""
    valid = broken = 0
    evidence = bytearray()
    with path.open("rb") as file:
        pending = b""
        while chunk := file.read(_CHUNK):
            block = pending + chunk
            cut = block.rfind(b"\n") + 1 or len(block)
            pending = block[cut:] if len(block) - cut < _CHUNK else b""
            block = block[: cut if pending else len(block)]
            found, bad = _weigh(block, evidence)
            valid, broken = valid + found, broken + bad
        found, bad = _weigh(pending, evidence)
    return valid + found, broken + bad, bytes(evidence)


def _weigh(block: bytes, evidence: bytearray) -> tuple[int, int]:
    if block.isascii():
        return 0, 0
    try:
        text = block.decode()
    except UnicodeDecodeError:
        text = block.decode("utf-8", "replace")
        if len(evidence) < _EVIDENCE:
            evidence += b"\n".join(line for line in block.split(b"\n") if not line.isascii())[:_EVIDENCE]
        broken = text.count("\ufffd") - block.count("\ufffd".encode())
        return sum(map(len, text.split("\ufffd"))) - len(text.encode("ascii", "ignore")), broken
    return len(text) - len(text.encode("ascii", "ignore")), 0


def _code_page(evidence: bytes) -> str:
    """The likeliest code page; among those of Latin letters, the one whose reading is in a language written with it."""
    matches = from_bytes(evidence, cp_isolation=_CODE_PAGES, threshold=0.3, enable_fallback=False)
    best = matches.best()
    if best is None:
        return "cp1252"
    western = next((match for match in matches if "cp1252" in match.could_be_from_charset), None)
    # Code pages of Latin letters differ in a few characters only; unless another is clearly more plausible, what
    # Windows writes is the likeliest by far, and which of its pages shows in the language.
    if western is None or western.chaos > best.chaos + 0.02:
        return best.encoding
    from py3langid import classify

    for page, languages in _HOMES.items():
        language, _ = classify(evidence.decode(page, "replace"))
        if language in languages:
            return page
    return "cp1252"
