"""Which language a text is in, and when nobody can tell."""

import re
from functools import cache
from typing import Any

from collector.language import language_code

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
NOT_WORDS = re.compile(r"https?\S*|www\.\S+|[@#]\w+|[\d_]+")


def language_of(text: str, declared: str | None = None) -> str | None:
    """Code of the text's language (see `language_code`).

    What the words show wins where they are sure; otherwise what the source declared; otherwise the likeliest, if it is
    likely at all; None for a text without words.
    """
    told = language_code(declared)
    words = NOT_WORDS.sub(" ", text[:MOST_READ])
    if sum(char.isalpha() for char in words) < FEWEST_LETTERS:
        return told
    code, chance = _identifier().classify(words)
    if chance >= SURE:
        return str(code)
    return told or (str(code) if chance >= LIKELY else None)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in CANDIDATES if code in identifier.labels])
    return identifier
