"""How sample travellers speak: how often of what, in which mood, at what length and with which signs."""

from __future__ import annotations

from collections.abc import Mapping

from collector.demo.companies import Channel

BLAMED = {
    "timeliness": 10.0,
    "price": 8.0,
    "speed": 7.0,
    "digital": 6.0,
    "cleanliness": 6.0,
    "comfort": 6.0,
    "resolution": 6.0,
    "information": 6.0,
    "performance": 6.0,
    "care": 5.0,
    "courtesy": 5.0,
    "accuracy": 5.0,
    "honesty": 4.0,
    "access": 4.0,
    "range": 4.0,
    "competence": 3.0,
    "safety": 3.0,
    "loyalty": 2.5,
    "durability": 1.5,
    "appearance": 1.5,
}
PRAISED = {
    "care": 9.0,
    "courtesy": 9.0,
    "comfort": 8.0,
    "performance": 8.0,
    "cleanliness": 7.0,
    "timeliness": 6.0,
    "price": 6.0,
    "speed": 6.0,
    "range": 5.0,
    "digital": 5.0,
    "appearance": 5.0,
    "competence": 5.0,
    "information": 4.0,
    "access": 3.0,
    "safety": 3.0,
    "resolution": 3.0,
    "loyalty": 3.0,
    "honesty": 2.5,
    "accuracy": 2.5,
    "durability": 1.5,
}
APP = {
    "digital": 9.0,
    "information": 1.6,
    "access": 1.2,
    "speed": 1.2,
    "accuracy": 1.2,
    "resolution": 1.2,
    "loyalty": 2.5,
}
"""Factors by which an app review is more often about these; the rest is a tenth as likely there."""
MOODS: Mapping[Channel, Mapping[str, float]] = {
    Channel.POSTS: {"neg": 0.36, "pos": 0.33, "ask": 0.26, "mixed": 0.05},
    Channel.REVIEWS: {"neg": 0.28, "pos": 0.56, "ask": 0.02, "mixed": 0.14},
    Channel.APP: {"neg": 0.42, "pos": 0.46, "ask": 0.06, "mixed": 0.06},
    Channel.SURVEY: {"neg": 0.22, "pos": 0.58, "ask": 0.02, "mixed": 0.18},
}
LENGTHS: Mapping[Channel, Mapping[str, float]] = {
    Channel.POSTS: {"1": 0.58, "2": 0.34, "3": 0.08},
    Channel.REVIEWS: {"2": 0.44, "3": 0.36, "4": 0.14, "6": 0.06},
    Channel.APP: {"1": 0.6, "2": 0.4},
    Channel.SURVEY: {"1": 0.7, "2": 0.3},
}
EMOJI = {
    "neg": ("😡", "🙄", "😤", "👎", "😩", "🤦", "😠", "😞"),
    "pos": ("😍", "👍", "🙏", "☀️", "😊", "❤️", "🌊", "⛴️", "🎉"),
    "ask": ("🤔", "⛴️", "🌊", "👀", "🧳"),
    "wry": ("🙄", "🤡", "👏", "😂"),
    "chat": ("⛴️", "🌊", "👀", "🧳", "☀️", "⚓"),
}
SIGN = {"neg": -1, "wry": -1, "pos": 1, "ask": 0, "chat": 0}
STOPS = "?.!…"
CHATTY = {"neg", "pos", "ask"}
"""Moods that open and close a text with a word to the reader."""
