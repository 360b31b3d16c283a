"""One answer of a site: its body inflated within bounds, its characters decoded, its JSON read."""

from __future__ import annotations

import codecs
import html
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from charset_normalizer import from_bytes

from collector.errors import PayloadChanged, SourceUnavailable, TooLarge

_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_TITLED_WITHIN = 20_000
"""Characters of a page in which its title is looked for."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKE_UTF8 = ("utf-16", "utf-32", "utf-7", "iso-2022", "iso2022", "csiso2022", "hz")
_GUESSED_FROM = 65_536
"""Bytes that are looked at to guess an undeclared character set."""


class BrokenOff(SourceUnavailable):
    """The answer ended in its middle; asking again may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a site answered.

    url        the address that answered, after redirects
    headers    names in lower case
    body       decoded bytes (no content encoding left)
    data       the parsed JSON, where JSON was asked for
    links      addresses of the Link header by relation, absolute
    unchanged  304: what we saved last time still holds
    moved_to   the new address, where every redirect on the way was permanent
    """

    url: str = field(repr=False)
    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    data: Any = field(default=None, repr=False)
    links: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False
    moved_to: str | None = None

    def text(self) -> str:
        """The body as text, whatever its character set claims."""
        return decode(self.body, self.headers.get("content-type", ""))


def inflate(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """Join the chunks of a body and undo its content encoding, holding at most `limit` decoded bytes at any time.

    Raises TooLarge past the limit, BrokenOff for a stream cut short, PayloadChanged for an encoding we never asked for.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return _joined(chunks, limit)
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise PayloadChanged(f"The answer is encoded as {encoding[:40]!r}, which was not asked for.")
    return _inflated(chunks, limit)


def _joined(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _inflated(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    inflater: Any = None
    for chunk in chunks:
        rest = chunk
        while rest:
            # 47: gzip or zlib, told apart by their header; some servers send deflate without any header.
            if inflater is None:
                inflater = zlib.decompressobj(47 if _has_header(rest) else -zlib.MAX_WBITS)
            try:
                body += inflater.decompress(rest, limit - len(body) + 1)
            except zlib.error as error:
                raise BrokenOff(f"The compressed answer is damaged ({error}).") from error
            if len(body) > limit:
                raise _too_large(limit)
            rest = inflater.unused_data
            if inflater.eof:
                # gzip allows several members one after the other; zeros behind the last one are padding.
                inflater, rest = (None, rest) if rest.strip(b"\0") else (_ENDED, b"")
            elif inflater is _ENDED:
                rest = b""
    if inflater is not None and not inflater.eof:
        raise BrokenOff("The compressed answer ends in its middle.")
    return bytes(body)


class _Ended:
    """Stands in for an inflater once its stream is over: swallows padding."""

    eof = True
    unused_data = b""

    def decompress(self, _data: bytes, _limit: int) -> bytes:
        return b""


_ENDED = _Ended()


def _has_header(data: bytes) -> bool:
    return data[:2] == b"\x1f\x8b" or (data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] * 256 + data[1]) % 31 == 0))


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The answer is larger than {limit // 1_000_000 or limit} {'MB' if limit >= 1_000_000 else 'bytes'}."
    )


def decode(body: bytes, content_type: str = "") -> str:
    """Text of a body: its byte order mark, UTF-8 if it is valid, what was declared, a guess; in this order.

    Bytes that are valid UTF-8 are hardly ever anything else, while a declared character set is often wrong. Only the
    encodings that can be valid UTF-8 without being it (two or four bytes a letter, or escapes in seven bits) come
    before it where they are declared.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    found = _CHARSET.search(content_type)
    declared = found.group(1).lower() if found else "utf-8"
    candidates = (declared, "utf-8") if declared.startswith(_LIKE_UTF8) else ("utf-8", declared)
    for name in candidates:
        try:
            return body.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    sample = body[:_GUESSED_FROM]
    # A few stray letters in a Latin text are windows-1252, as browsers take them; a guess needs more to go by.
    few = sum(byte >= 0x80 for byte in sample) * 10 < len(sample)
    guess = None if few else from_bytes(sample).best()
    return body.decode(guess.encoding if guess else "cp1252", "replace")


def read_json(body: bytes, content_type: str, where: str) -> Any:
    """The JSON of a body.

    Raises BrokenOff if it ends in its middle and PayloadChanged if it is something else, naming what came instead.
    """
    try:
        text = (
            decode(body, content_type) if b"\0" not in body[:4] else body.decode(json.detect_encoding(body), "replace")
        )
        text = text.lstrip("\ufeff \t\r\n")
        return json.loads(text)
    except RecursionError as error:
        raise PayloadChanged(f"{where} sent JSON that is nested too deeply.") from error
    except json.JSONDecodeError as error:
        if not text.strip():
            raise BrokenOff(f"{where} sent an empty answer where JSON was expected.") from error
        if text.startswith("<"):
            raise PayloadChanged(f"{where} sent {_page(text)} where JSON was expected.") from error
        if text[0] in '{["' and (error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg):
            raise BrokenOff(f"{where} sent JSON that breaks off after {len(body):,} bytes.") from error
        raise PayloadChanged(f"{where} sent no JSON ({error.msg} at character {error.pos}): {_start(text)}.") from error
    except ValueError as error:
        raise PayloadChanged(f"{where} sent JSON that cannot be read ({str(error)[:100]}).") from error


def describe(body: bytes, content_type: str) -> str:
    """At most 200 characters of what a site said when it refused: its message, its title or its first words."""
    text = decode(body[:20_000], content_type).strip()
    if not text:
        return ""
    if text.startswith("<"):
        return _page(text)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _start(text)
    return _start(_message(data) or text)


def _message(data: Any) -> str | None:
    if isinstance(data, list) and data:
        return _message(data[0])
    if not isinstance(data, dict):
        return data if isinstance(data, str) else None
    names = ("error_description", "message", "detail", "error_message", "error", "title", "errors")
    said = [
        _message(data[name]) if isinstance(data[name], (dict, list)) else data[name] for name in names if name in data
    ]
    return next((text for text in said if isinstance(text, str) and text), None)


def _page(text: str) -> str:
    found = _TITLE.search(text, 0, _TITLED_WITHIN)
    if found:
        return f"an HTML page titled {' '.join(html.unescape(found.group(1)).split())[:100]!r}"
    return "an XML document" if text.startswith("<?xml") else "an HTML page"


def _start(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat[:200])
