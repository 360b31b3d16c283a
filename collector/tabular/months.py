"""Names of months in the languages in which dates are written out, and words without case and accents."""

from __future__ import annotations

import unicodedata

_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "at": "jänner feber maerz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
}


def plain(word: str) -> str:
    """A word without case and accents."""
    split = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter)).replace("ł", "l")


def _beginnings() -> dict[str, int]:
    """Every beginning of three letters and more that means one month only, in whatever language."""
    meanings: dict[str, set[int]] = {}
    for names in _MONTHS.values():
        for number, name in enumerate(map(plain, names.split()), start=1):
            for length in range(3, len(name) + 1):
                meanings.setdefault(name[:length], set()).add(number)
    return {prefix: min(numbers) for prefix, numbers in meanings.items() if len(numbers) == 1}


_NUMBERS = _beginnings()


def month_number(name: str) -> int | None:
    """1 to 12 for the name of a month or its beginning (three letters or more), None where it means none or several."""
    return _NUMBERS.get(plain(name))
