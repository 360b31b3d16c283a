"""Which language is meant by what a source, a file or a person declares."""

from __future__ import annotations

import re
from typing import Any

from collector.tabular.months import plain

LONGEST = 100
_CODE = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.DOTALL)
_NONE = re.compile(r"und|zxx|mul|mis|art|q[a-t][a-z]")
"""Undetermined, no words, several, without a code, made up, and codes for private use (X's qht: nothing but tags)."""
_SAME = {
    "ara": "ar", "bul": "bg", "ben": "bn", "cat": "ca", "ces": "cs", "cze": "cs", "dan": "da", "deu": "de", "ger": "de",
    "ell": "el", "gre": "el", "eng": "en", "spa": "es", "est": "et", "fas": "fa", "per": "fa", "fin": "fi", "fra": "fr",
    "fre": "fr", "heb": "he", "iw": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id", "in": "id", "ita": "it",
    "jpn": "ja", "kor": "ko", "lit": "lt", "lav": "lv", "msa": "ms", "may": "ms", "nob": "nb", "nor": "nb", "no": "nb",
    "nld": "nl", "dut": "nl", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk",
    "slv": "sl", "srp": "sr", "swe": "sv", "swa": "sw", "tam": "ta", "tha": "th", "tgl": "tl", "fil": "tl", "tur": "tr",
    "ukr": "uk", "urd": "ur", "vie": "vi", "yid": "yi", "ji": "yi", "zho": "zh", "chi": "zh", "cmn": "zh",
}  # fmt: skip
"""ISO 639-2 and 639-3 codes, and former and wider ones, of languages that two letters stand for."""
_NAMES = {
    "english": "en", "englisch": "en", "anglais": "en", "ingles": "en", "inglese": "en", "german": "de",
    "deutsch": "de", "allemand": "de", "aleman": "de", "tedesco": "de", "french": "fr", "francais": "fr",
    "franzosisch": "fr",
    "spanish": "es", "spanisch": "es", "espagnol": "es", "espanol": "es", "italian": "it", "italienisch": "it",
    "italiano": "it", "portuguese": "pt", "portugues": "pt", "portugiesisch": "pt", "dutch": "nl", "nederlands": "nl",
    "polish": "pl", "polski": "pl", "turkish": "tr", "turkce": "tr", "russian": "ru", "русскии": "ru", "japanese": "ja",
    "日本語": "ja", "chinese": "zh", "中文": "zh", "korean": "ko", "한국어": "ko", "arabic": "ar", "العربية": "ar",
    "swedish": "sv", "svenska": "sv", "danish": "da", "dansk": "da", "greek": "el", "czech": "cs",
    "croatian": "hr", "finnish": "fi", "hebrew": "he", "hungarian": "hu", "norwegian": "nb", "romanian": "ro",
    "ukrainian": "uk", "vietnamese": "vi",
}  # fmt: skip
"""By the name without case and accents (see `plain`)."""


def language_code(declared: Any) -> str | None:
    """The code of the language meant by "pt-BR", "por", "iw" or "Deutsch": two letters (ISO 639-1) where there are two.

    Otherwise the three that were given; None for what names no language ("und", "zxx") and for what is no text.
    """
    if not isinstance(declared, str):
        return None
    words = declared[:LONGEST].strip()
    if name := _NAMES.get(plain(words)):
        return name
    found = _CODE.fullmatch(words.lower())
    if found is None or _NONE.fullmatch(found[1]):
        return None
    return _SAME.get(found[1], found[1])
