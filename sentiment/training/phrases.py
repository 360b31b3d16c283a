"""Small sentences of known aspect and sign in six languages, joined at random into training texts.

The borrowed and labelled texts are nearly all English; these teach the aspects in the other languages and the aspects
that are rarely written about. The phrases stand in phrasebook.tsv: aspect, sign, language, phrases split by " / ".
"""

import random
from importlib import resources
from itertools import pairwise

from sentiment.training.data import Example
from sentiment.training.schemes import OWN_SCHEME, Task

BUT = {
    "en": "but", "de": "aber", "fr": "mais", "es": "pero", "it": "ma", "pt": "mas",
}  # fmt: skip
AND = {
    "en": "and", "de": "und", "fr": "et", "es": "y", "it": "e", "pt": "e",
}  # fmt: skip
Phrase = tuple[str, str, str]
"""Aspect, sign, words."""


def phrasebook() -> dict[str, list[Phrase]]:
    """All phrases by language."""
    book: dict[str, list[Phrase]] = {}
    lines = resources.files("sentiment.training").joinpath("phrasebook.tsv").read_text(encoding="utf-8")
    for line in lines.splitlines():
        aspect, sign, language, phrases = line.split("\t")
        book.setdefault(language, []).extend((aspect, sign, words) for words in phrases.split(" / "))
    return book


def compose(count: int, seed: int = 7) -> list[Example]:
    """That many training examples, each of one to three phrases of one language."""
    rng = random.Random(seed)  # noqa: S311 - variety, not secrecy
    book = phrasebook()
    languages = sorted(book)
    weights = [len(book[language]) for language in languages]
    return [_one(rng, language, book[language]) for language in rng.choices(languages, weights, k=count)]


def _one(rng: random.Random, language: str, phrases: list[Phrase]) -> Example:
    chosen = [rng.choice(phrases)]
    for _ in range(rng.choices((0, 1, 2), (4, 4, 2))[0]):
        wanted = chosen[0][1] if rng.random() < 0.55 else rng.choice("+-")
        taken = {aspect for aspect, _, _ in chosen}
        chosen.append(rng.choice([p for p in phrases if p[1] == wanted and p[0] not in taken]))
    signs = {sign for _, sign, _ in chosen}
    tasks: dict[Task, str] = {}
    if len(signs) == 1:
        tasks[Task.SENTIMENT] = "positive" if signs == {"+"} else "negative"
        tasks[Task.INTENT] = "praise" if signs == {"+"} else "complaint"
    return Example(
        text=_join(rng, language, chosen),
        source="phrases",
        domain="phrases",
        language=language,
        tasks=tasks,
        scheme=OWN_SCHEME,
        aspects={aspect: sign for aspect, sign, _ in chosen},
    )


def _join(rng: random.Random, language: str, chosen: list[Phrase]) -> str:
    text = _start(rng, chosen[0][2])
    for (_, before, _), (_, sign, words) in pairwise(chosen):
        link = AND[language] if before == sign else BUT[language]
        joint = rng.choice((". ", "! ", ", ", f" {link} ", f", {link} "))
        text += joint + (_start(rng, words) if joint[0] in ".!" else words)
    return text + rng.choice((".", ".", "!", "", "!!", "..."))


def _start(rng: random.Random, words: str) -> str:
    return words[0].upper() + words[1:] if rng.random() < 0.8 else words
