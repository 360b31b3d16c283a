"""Who the demo is about: five fictional ferry lines, their ships, how much is said about each and in which languages.

Every name here is invented; none is meant to be a real company, ship or port.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """Where sample travellers speak."""

    REVIEWS = "reviews"
    POSTS = "posts"
    APP = "app"
    SURVEY = "survey"


PORTS = (
    "Veldmouth",
    "Lunehaven",
    "Brackwater",
    "Port Hesper",
    "Tarrow",
    "Marisel",
    "Cala Brissa",
    "Porto Levanza",
    "Havnsund",
    "Sankt Ulven",
)
"""Invented ports; the same word in every language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One fictional ferry line.

    key        as the `company` option of a demo source names it
    name       the brand
    ships      names that stand after an article
    daily      mentions on an ordinary day, by channel
    blame      how much more is blamed here than elsewhere: added to the log-odds of a negative mention
    languages  share of mentions by ISO 639-1 code; adds up to 1
    sore, fine  aspects blamed, and praised, more often than the trade's average
    """

    key: str
    name: str
    ships: tuple[str, ...]
    daily: Mapping[Channel, float]
    blame: float
    languages: Mapping[str, float]
    sore: tuple[str, ...]
    fine: tuple[str, ...]
    own: bool = False


def _rival(posts: float, reviews: float, app: float) -> Mapping[Channel, float]:
    return {Channel.POSTS: posts, Channel.REVIEWS: reviews, Channel.APP: app}


COMPANIES: Mapping[str, Company] = {
    company.key: company
    for company in (
        Company(
            key="kelpwind",
            name="Kelpwind Ferries",
            ships=("Lady Tarrow", "Grey Curlew", "Morning Tern", "Salt Meadow"),
            daily={Channel.POSTS: 25, Channel.REVIEWS: 17, Channel.APP: 10, Channel.SURVEY: 13},
            blame=0.0,
            languages={"en": 0.56, "de": 0.15, "fr": 0.11, "es": 0.08, "it": 0.05, "pt": 0.05},
            sore=("price", "speed"),
            fine=("courtesy", "performance"),
            own=True,
        ),
        Company(
            key="brisvaar",
            name="Brisvaar Line",
            ships=("Brisvaar Queen", "Silverskarv", "Little Auk"),
            daily=_rival(12, 9, 5),
            blame=0.1,
            languages={"en": 0.5, "de": 0.34, "fr": 0.08, "es": 0.04, "it": 0.02, "pt": 0.02},
            sore=("digital", "access"),
            fine=("timeliness", "safety"),
        ),
        Company(
            key="ostrelle",
            name="Ostrelle",
            ships=("Belle Ostrelle", "Petite Vague", "Reine des Sables"),
            daily=_rival(13, 9, 5),
            blame=-0.1,
            languages={"en": 0.38, "fr": 0.42, "de": 0.08, "es": 0.06, "it": 0.04, "pt": 0.02},
            sore=("information", "courtesy"),
            fine=("performance", "appearance"),
        ),
        Company(
            key="tidemarrow",
            name="Tidemarrow",
            ships=("Marrow Express", "Tide Runner", "Blue Fathom"),
            daily=_rival(14, 9, 6),
            blame=0.3,
            languages={"en": 0.74, "de": 0.08, "fr": 0.06, "es": 0.06, "it": 0.03, "pt": 0.03},
            sore=("comfort", "resolution", "cleanliness"),
            fine=("price", "range"),
        ),
        Company(
            key="halmarra",
            name="Halmarra Seaways",
            ships=("Halmarra Sol", "Isla Nuve", "Onda Clara"),
            daily=_rival(12, 8, 5),
            blame=0.0,
            languages={"en": 0.36, "es": 0.28, "it": 0.16, "pt": 0.12, "fr": 0.05, "de": 0.03},
            sore=("timeliness", "accuracy"),
            fine=("care", "range"),
        ),
    )
}

_TITLES = {
    Channel.REVIEWS: "Sample reviews",
    Channel.POSTS: "Sample posts",
    Channel.APP: "Sample app reviews",
    Channel.SURVEY: "Sample survey",
}


def source_name(company: str, channel: Channel) -> str:
    """What the demo calls the source of one company's channel, e.g. "Sample posts: Ostrelle"."""
    return f"{_TITLES[channel]}: {COMPANIES[company].name}"
