"""Text that a spreadsheet would take for a formula, made harmless, and back again; and what no file can hold."""

from __future__ import annotations

import re

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What begins a formula (OWASP, CSV Injection), full-width forms included; quotes before it belong to the guard."""
_GUARDED = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Outside of Char in XML 1.0, section 2.2; a workbook is XML."""


def guarded(text: str) -> str:
    """The text with a quote before what a spreadsheet would evaluate; where quotes stand already, one more."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text


def writable(text: str) -> str:
    """The text without NUL, which many readers take for the end, and with lone surrogates replaced."""
    if not _UNWRITABLE.search(text):
        return text
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def fit_for_xml(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return _NOT_XML.sub("", writable(text))
