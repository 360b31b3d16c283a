"""Which language a text is in, and when nobody can tell."""

import re
from functools import cache
from typing import Any

FEWEST_LETTERS = 4
SURE = 0.8
LIKELY = 0.45
MOST_READ = 2_000
"""Characters that are looked at; a language shows itself sooner."""

# The languages of the places where customers write in public; fewer candidates mean fewer freaks on short texts.
CANDIDATES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "sw", "ta", "th",
    "tl", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
OTHER_CODES = {
    "ara": "ar", "bul": "bg", "ben": "bn", "cat": "ca", "ces": "cs", "cze": "cs", "dan": "da", "deu": "de", "ger": "de",
    "ell": "el", "gre": "el", "eng": "en", "spa": "es", "est": "et", "fas": "fa", "per": "fa", "fin": "fi", "fra": "fr",
    "fre": "fr", "heb": "he", "iw": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id", "in": "id", "ita": "it",
    "jpn": "ja", "kor": "ko", "lit": "lt", "lav": "lv", "msa": "ms", "may": "ms", "nob": "nb", "nor": "nb", "no": "nb",
    "nld": "nl", "dut": "nl", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk",
    "slv": "sl", "srp": "sr", "swe": "sv", "swa": "sw", "tam": "ta", "tha": "th", "tgl": "tl", "fil": "tl", "tur": "tr",
    "ukr": "uk", "urd": "ur", "vie": "vi", "zho": "zh", "chi": "zh",
}  # fmt: skip
"""ISO 639-2 and 639-3 codes, and former ones, of the same languages."""
NOT_WORDS = re.compile(r"https?\S*|www\.\S+|[@#]\w+|[\d_]+")


def language_of(text: str, declared: str | None = None) -> str | None:
    """ISO 639-1 code of the text's language.

    What the words show wins where they are sure; otherwise what the source declared; otherwise the likeliest, if it is
    likely at all; None for a text without words.
    """
    told = _code_of(declared) if declared else None
    words = NOT_WORDS.sub(" ", text[:MOST_READ])
    if sum(char.isalpha() for char in words) < FEWEST_LETTERS:
        return told
    code, chance = _identifier().classify(words)
    if chance >= SURE:
        return str(code)
    return told or (str(code) if chance >= LIKELY else None)


def _code_of(declared: str) -> str | None:
    """The two letters of "pt-BR", "por" or "fil"; None for what names no language ("und", "zxx")."""
    first = re.split(r"[-_]", declared.strip().lower())[0]
    return OTHER_CODES.get(first, first if re.fullmatch(r"[a-z]{2}", first) else None)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in CANDIDATES if code in identifier.labels])
    return identifier
