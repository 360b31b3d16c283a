"""How a sample text comes about: mood, aspects and shape are drawn, sentences chosen and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from collector.demo.companies import PORTS, Channel, Company
from collector.demo.habits import APP, BLAMED, CHATTY, EMOJI, LENGTHS, MOODS, PRAISED, SIGN, STOPS
from collector.demo.wording import Filling, Sentence, Wordbook, pick, weighted, wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the writer of a text means: the labels that its wording was chosen for.

    sentiment     -1, 0 or 1
    satisfaction  1 to 5
    aspects       sign (-1, 0, 1) by aspect
    stage         "before", "during" or "after"
    """

    sentiment: int
    satisfaction: int
    aspects: Mapping[str, int]
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A text and what it means."""

    text: str
    language: str
    intent: Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Everything a text is composed with: chance, language, company, channel and where the writer travels."""

    rng: Random
    book: Wordbook
    company: Company
    channel: Channel
    port: str
    port2: str

    def filling(self) -> Filling:
        """Slot values for one text."""
        names = {
            "brand": self.company.name.split()[0] if self.rng.random() < 0.7 else self.company.name,
            "ship": pick(self.rng, self.company.ships),
            "port": self.port,
            "port2": self.port2,
        }
        return Filling(self.rng, self.book, names)


def voice_of(rng: Random, company: Company, channel: Channel, languages: Mapping[str, float]) -> Voice:
    """A writer in one of the languages, on the way between two ports."""
    start = int(rng.random() * len(PORTS))
    step = 1 + int(rng.random() * (len(PORTS) - 1))
    return Voice(
        rng=rng,
        book=wordbook(weighted(rng, languages)),
        company=company,
        channel=channel,
        port=PORTS[start],
        port2=PORTS[(start + step) % len(PORTS)],
    )


def mood_of(voice: Voice, shift: float) -> str:
    """neg, pos, ask or mixed; `shift` moves the log-odds of blame (the company's, and the day's)."""
    weights = dict(MOODS[voice.channel])
    weights["neg"] *= 2.718281828 ** (shift + voice.company.blame)
    return weighted(voice.rng, weights)


def compose(voice: Voice, mood: str) -> Utterance:
    """A text of that mood for that channel."""
    if voice.channel is Channel.SURVEY and mood != "ask" and voice.rng.random() < 0.62:
        return _fragments(voice, mood)
    if mood == "mixed":
        return _mixed(voice)
    count = int(weighted(voice.rng, LENGTHS[voice.channel]))
    if mood == "neg" and voice.channel is not Channel.SURVEY and voice.rng.random() < 0.1:
        return _wry(voice)
    if mood == "ask":
        chat = voice.rng.random() < (0.45 if voice.channel is Channel.POSTS else 0.1)
        said = pick(voice.rng, voice.book.general["chat"]) if chat else _question(voice)
        return written(voice, [said], "chat" if chat else "ask")
    chosen = [pick(voice.rng, voice.book.said[aspect, mood]) for aspect in _aspects(voice, mood, count)]
    general = 0.35 if voice.channel is Channel.REVIEWS else 0.16
    if voice.rng.random() < general:
        remark = pick(voice.rng, voice.book.general[mood])
        chosen = [remark, *chosen] if voice.channel is Channel.REVIEWS else [*chosen[:-1], remark]
    return written(voice, chosen, mood)


def written(voice: Voice, chosen: Sequence[Sentence], mood: str) -> Utterance:
    """The chosen sentences as one text, with the opener, closer, emoji and slips that its channel invites."""
    rng, filling = voice.rng, voice.filling()
    body = [_stopped(voice, filling.fill(said), mood) for said in chosen]
    kind = _opening(voice, mood, len(chosen))
    if kind:
        opener = filling.fill(pick(rng, voice.book.small["openers", kind]))
        if opener[-1] not in STOPS:
            body[0] = _stopped(voice, filling.fill(chosen[0], inner=True), mood)
        body = [opener, *body]
    if mood in CHATTY and rng.random() < 0.25:
        body.append(filling.fill(pick(rng, voice.book.small["closers", mood])))
    text = _decorated(voice, " ".join(body), mood)
    return Utterance(text=_slipped(voice, text), language=voice.book.language, intent=intent_of(chosen, SIGN[mood]))


def _opening(voice: Voice, mood: str, sentences: int) -> str | None:
    """Whether the text begins with a word to the reader (the mood's), with where and when (lead), or at once."""
    if mood not in CHATTY:
        return None
    chance = voice.rng.random()
    if chance < (0.26 if voice.channel is Channel.POSTS else 0.1):
        return mood
    return "lead" if sentences == 1 and mood != "ask" and chance < 0.7 else None


def intent_of(chosen: Sequence[Sentence], sign: int) -> Intent:
    """What sentences of one mood mean together."""
    levels = [said.satisfaction or 3 + sign for said in chosen]
    satisfaction = min(levels) if sign < 0 else max(levels)
    stages = [said.stage for said in chosen]
    aspects: dict[str, int] = {}
    for said in chosen:
        for aspect, polarity in said.aspects:
            aspects[aspect] = polarity if polarity == aspects.get(aspect, polarity) else -1
    return Intent(
        sentiment=(satisfaction > 3) - (satisfaction < 3),
        satisfaction=satisfaction,
        aspects=MappingProxyType(aspects),
        stage=stages[0] if stages[0] and len(set(stages)) == 1 else "during",
    )


def _aspects(voice: Voice, mood: str, count: int) -> list[str]:
    """Different aspects, drawn as often as this channel's writers and this company's strengths have it."""
    weights = dict(BLAMED if mood == "neg" else PRAISED)
    for aspect in voice.company.sore if mood == "neg" else voice.company.fine:
        weights[aspect] *= 1.7
    if voice.channel is Channel.APP:
        weights = {aspect: weight * APP.get(aspect, 0.1) for aspect, weight in weights.items()}
    chosen = []
    for _ in range(count):
        aspect = weighted(voice.rng, weights)
        chosen.append(aspect)
        del weights[aspect]
    return chosen


def _question(voice: Voice) -> Sentence:
    """A question on some aspect."""
    (aspect,) = _aspects(voice, "neg", 1)
    return pick(voice.rng, voice.book.said[aspect, "ask"])


def _wry(voice: Voice) -> Utterance:
    """Blame in the words of praise."""
    rng, filling = voice.rng, voice.filling()
    (aspect,) = _aspects(voice, "neg", 1)
    said = pick(rng, voice.book.said[aspect, "wry"])
    lead = filling.fill(pick(rng, voice.book.small["openers", "lead"])) + " " if rng.random() < 0.4 else ""
    text = lead + _stopped(voice, filling.fill(said, inner=bool(lead)), "wry")
    if rng.random() < 0.45:
        text = f"{text} {pick(rng, EMOJI['wry'])}"
    return Utterance(text=_slipped(voice, text), language=voice.book.language, intent=intent_of([said], -1))


def _mixed(voice: Voice) -> Utterance:
    """Praise and blame in one text, joined by a turn; where they balance, the writer is neutral."""
    rng, filling = voice.rng, voice.filling()
    first, second = ("pos", "neg") if rng.random() < 0.6 else ("neg", "pos")
    long = voice.channel is Channel.REVIEWS and rng.random() < 0.5
    praise = _aspects(voice, first, 2 if long else 1)
    blame = [a for a in _aspects(voice, second, 3) if a not in praise][:1]
    opening = [pick(rng, voice.book.said[aspect, first]) for aspect in praise]
    turn = pick(rng, voice.book.said[blame[0], second])
    joint = filling.fill(pick(rng, voice.book.small["joints", "but" if second == "neg" else "yet"]))
    text = " ".join(_stopped(voice, filling.fill(said), "ask") for said in opening)
    text = f"{text} {joint} {_stopped(voice, filling.fill(turn, inner=True), 'ask')}"
    signs = SIGN[first] * len(opening) + SIGN[second]
    intent = _balanced([*opening, turn], signs)
    return Utterance(text=_slipped(voice, text), language=voice.book.language, intent=intent)


def _balanced(chosen: Sequence[Sentence], signs: int) -> Intent:
    aspects: dict[str, int] = {}
    for said in chosen:
        for aspect, polarity in said.aspects:
            aspects[aspect] = min(polarity, aspects.get(aspect, polarity))
    sentiment = (signs > 0) - (signs < 0)
    return Intent(sentiment=sentiment, satisfaction=3 + sentiment, aspects=MappingProxyType(aspects), stage="during")


def _fragments(voice: Voice, mood: str) -> Utterance:
    """A survey answer: two to four fragments, "clean cabin, friendly crew, but slow boarding"."""
    rng, filling = voice.rng, voice.filling()
    count = 2 + int(rng.random() * 3)
    kinds = {"neg": ["less"] * count, "pos": ["more"] * count}.get(mood)
    if kinds is None:
        kinds = ["more"] * max(1, count // 2) + ["less"] * max(1, (count + 1) // 2)
        if rng.random() < 0.5:
            kinds.reverse()
    moods = {"less": "neg", "more": "pos"}
    aspects: list[str] = []
    for kind in kinds:
        aspects.append(next(a for a in _aspects(voice, moods[kind], len(kinds) + 1) if a not in aspects))
    chosen = [pick(rng, voice.book.said[aspect, kind]) for aspect, kind in zip(aspects, kinds, strict=True)]
    text = filling.fill(chosen[0])
    for before, kind, said in zip(kinds, kinds[1:], chosen[1:], strict=False):
        turn = "" if before == kind else f" {filling.fill(pick(rng, voice.book.small['joints', 'and']), inner=True)}"
        part = filling.fill(said, inner=True)
        text = f"{text},{turn} {part}"
    if rng.random() < 0.4:
        text += "."
    signs = kinds.count("more") - kinds.count("less")
    return Utterance(text=text, language=voice.book.language, intent=_balanced(chosen, signs))


def _stopped(voice: Voice, text: str, mood: str) -> str:
    """With a full stop, or what its mood has instead."""
    rng, language = voice.rng, voice.book.language
    if text[-1] in STOPS:
        return text
    if mood in {"neg", "pos"} and rng.random() < 0.18:
        start = "¡" if language == "es" and text[0] != "¡" else ""
        return f"{start}{text}{' ' if language == 'fr' else ''}{'!' if rng.random() < 0.8 else '!!'}"
    return text + ("..." if mood == "neg" and rng.random() < 0.05 else ".")


def _decorated(voice: Voice, text: str, mood: str) -> str:
    """With the handle, emoji and tags of a post; an emoji now and then elsewhere."""
    rng = voice.rng
    if voice.channel is not Channel.POSTS:
        return f"{text} {pick(rng, EMOJI[mood])}" if rng.random() < 0.06 else text
    if rng.random() < 0.32:
        text = f"@{voice.company.name.split()[0]} {text}"
    if rng.random() < 0.3:
        text = f"{text} {pick(rng, EMOJI[mood])}"
    if rng.random() < 0.18:
        text = f"{text} {pick(rng, voice.book.tags)}"
        if rng.random() < 0.4:
            text = f"{text} #{voice.company.name.split()[0]}"
    return text


def _slipped(voice: Voice, text: str) -> str:
    """With the slips of a thumb, in some: all small, no apostrophes, two letters swapped."""
    rng = voice.rng
    if rng.random() > (0.14 if voice.channel in {Channel.POSTS, Channel.APP} else 0.06):
        return text
    chance = rng.random()
    if chance < 0.3:
        return text.lower().rstrip(".")
    if chance < 0.5:
        return text.replace("'", "").replace("’", "")
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha() and word.islower()]
    if not long:
        return text
    at = pick(rng, long)
    word = words[at]
    cut = 2 + int(rng.random() * (len(word) - 4))
    words[at] = (
        word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :] if chance < 0.85 else word[:cut] + word[cut + 1 :]
    )
    return " ".join(words)
