"""A brand: what it is called, what only looks like it, and whether a text speaks of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from collector.errors import BadSettings
from collector.identity import clean_text
from collector.language import language_code

SEARCHED = 100_000
"""Characters of a text that are searched for a brand's names."""
REASON_LIMIT = 200
"""Characters of the reason that are kept with a mention."""

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
"""Scripts without spaces between words (Thai, Lao, Myanmar, Khmer, Japanese, Chinese): no boundary to ask for."""


_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]*@[\w-]+(?:[.@]\w[\w-]*)+")
"""An e-mail address or somebody's full handle: a name within it is theirs, not the brand's.

It begins only where a run of its letters begins: tried from within as well, a long row of hyphens takes forever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What we listen for: one's own brand or a competitor's.

    aliases     other ways to write it
    handles     accounts, with or without "@"
    exclusions  phrases that mean something else. One that holds a name ("river delta") hides just that occurrence;
                any other ("fluvial") means that a text holding it never speaks of the brand
    languages   codes or names; a text declared to be in another language is not taken. Empty: any
    terms       words to ask a source for instead of the names, by the source's name or kind
    """

    name: str
    own: bool = False
    aliases: Sequence[str] = ()
    handles: Sequence[str] = ()
    exclusions: Sequence[str] = ()
    languages: Sequence[str] = ()
    terms: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, words in (("name", [self.name]), ("alias", self.aliases), ("handle", self.handles)):
            for word in words:
                if not _folded(word).strip("@# "):
                    raise BadSettings(
                        f"Brand {self.name!r} has an empty {what} ({word!r}); give it at least one letter."
                    )

    def match(self, text: str, language: str | None = None) -> str | None:
        """Why this text speaks of the brand (the name, alias or handle found), or None.

        Names count as whole words in any case and script, hashtags (#auroraair for "Aurora Air") and handles too.
        """
        told = language_code(language)
        if told and self.languages and told not in {language_code(code) for code in self.languages}:
            return None
        folded = _folded(text[:SEARCHED])
        rules = _rules(self.name, tuple(self.aliases), tuple(self.handles), tuple(self.exclusions))
        if rules.elsewhere is not None and rules.elsewhere.search(folded):
            return None
        if rules.hidden is not None:
            folded = rules.hidden.sub(" \N{MIDDLE DOT} ", folded)
        found = (rules.handles and rules.handles.search(folded)) or rules.names.search(_ADDRESS.sub(" ", folded))
        return rules.reasons[found.lastgroup or ""][:REASON_LIMIT] if found else None

    def asked(self, source: str, kind: str) -> tuple[str, ...]:
        """The words to ask a source for: its own `terms` if there are any, else every name, alias and handle."""
        own = self.terms.get(source) or self.terms.get(kind)
        return tuple(dict.fromkeys(own or (self.name, *self.aliases, *(_at(handle) for handle in self.handles))))


def asked_of(brands: Iterable[Brand], source: str, kind: str) -> tuple[str, ...]:
    """The words that all these brands are asked for at a source, each once."""
    return tuple(dict.fromkeys(term for brand in brands for term in brand.asked(source, kind)))


@dataclass(frozen=True, slots=True)
class _Rules:
    handles: re.Pattern[str] | None
    names: re.Pattern[str]
    reasons: Mapping[str, str]
    hidden: re.Pattern[str] | None
    elsewhere: re.Pattern[str] | None


@cache
def _rules(name: str, aliases: tuple[str, ...], handles: tuple[str, ...], exclusions: tuple[str, ...]) -> _Rules:
    accounts = {f"h{n}": (_handle(handle), f"handle {_at(handle)}") for n, handle in enumerate(handles)}
    words: dict[str, tuple[str, str]] = {}
    for n, (label, word) in enumerate([("name", name), *(("alias", alias) for alias in aliases)]):
        words[f"n{n}"] = (_words(word), f"{label} {word}")
        tag = re.sub(r"[\W_]+", "", _folded(word))
        if tag and tag != _folded(word):
            words[f"t{n}"] = (rf"#{re.escape(tag)}(?!\w)", f"hashtag #{tag}")
    names = re.compile("|".join(_words(word) for word in (name, *aliases)))
    hidden = [_words(phrase) for phrase in exclusions if names.search(_folded(phrase))]
    elsewhere = [_words(phrase) for phrase in exclusions if not names.search(_folded(phrase))]
    return _Rules(
        handles=_any(accounts) if accounts else None,
        names=_any(words),
        reasons={key: reason for key, (_pattern, reason) in (accounts | words).items()},
        hidden=re.compile("|".join(hidden)) if hidden else None,
        elsewhere=re.compile("|".join(elsewhere)) if elsewhere else None,
    )


def _any(patterns: Mapping[str, tuple[str, str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{key}>{pattern})" for key, (pattern, _reason) in patterns.items()))


def _words(phrase: str) -> str:
    """A pattern for a phrase as whole words; spaces and hyphens between its words are alike."""
    folded = _folded(phrase).strip()
    between = r"[\s\-\u2010-\u2015]+"
    body = between.join(re.escape(word) for word in re.split(between, folded) if word)
    return f"{_edge(folded[:1], before=True)}{body}{_edge(folded[-1:], before=False)}"


def _edge(letter: str, *, before: bool) -> str:
    if not re.match(r"\w", letter) or _UNSPACED.match(letter):
        return ""
    return r"(?<!\w)" if before else r"(?!\w)"


def _handle(handle: str) -> str:
    bare = re.escape(_folded(handle).strip().lstrip("@"))
    return rf"(?<![\w@.])@{bare}(?![\w-]|\.\w|@\w)"


def _at(handle: str) -> str:
    return "@" + handle.strip().lstrip("@")


@lru_cache(maxsize=64)
def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", clean_text(text)).casefold().translate(_APOSTROPHES)
