"""What the network is asked: the tasks, their classes, and the label schemes of borrowed data sets."""

from dataclasses import dataclass
from enum import StrEnum

ASPECTS = (
    "timeliness", "accuracy", "performance", "durability",
    "competence", "courtesy", "honesty", "safety",
    "cleanliness", "comfort", "appearance", "digital",
    "care", "access", "loyalty",
    "speed", "resolution", "information",
    "price", "range",
)  # fmt: skip
SIGNS = ("-", "0", "+")


class Task(StrEnum):
    """A question with exactly one answer out of a closed list."""

    SENTIMENT = "sentiment"
    SATISFACTION = "satisfaction"
    STAGE = "stage"
    INTENT = "intent"
    LOYALTY = "loyalty"
    STARS = "stars"


CLASSES: dict[Task, tuple[str, ...]] = {
    Task.SENTIMENT: ("negative", "neutral", "positive"),
    Task.SATISFACTION: ("1", "2", "3", "4", "5"),
    Task.STAGE: ("before", "during", "after", "unclear"),
    Task.INTENT: ("complaint", "praise", "question", "suggestion", "other"),
    Task.LOYALTY: ("prospect", "repeat", "advocate", "detractor", "leaving", "unknown"),
    Task.STARS: ("1", "2", "3", "4", "5"),
}
READ_TASKS = (Task.SENTIMENT, Task.SATISFACTION, Task.STAGE, Task.INTENT, Task.LOYALTY)
"""The tasks that a reading reports; the others only teach the encoder."""

OWN_SCHEME = "groundswell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A list of things a text can be about, each of which gets a presence and a sign."""

    name: str
    aspects: tuple[str, ...]


OWN = Scheme(name=OWN_SCHEME, aspects=ASPECTS)

# Categories of the public data sets that occur often enough to learn from (30 times or more).
BORROWED = (
    Scheme(
        name="fabsa",
        aspects=(
            "company-brand.general-satisfaction", "company-brand.competitor", "company-brand.reviews",
            "online-experience.app-website", "purchase-booking-experience.ease-of-use",
            "value.price-value-for-money", "value.discounts-promotions", "logistics-rides.speed",
            "staff-support.attitude-of-staff", "staff-support.email", "staff-support.phone",
            "account-management.account-access",
        ),
    ),
    Scheme(name="mams", aspects=("food", "staff", "miscellaneous", "place", "menu", "service", "ambience", "price")),
    Scheme(
        name="semeval",
        aspects=(
            "food", "service", "ambience", "price", "anecdotes/miscellaneous",
            "FOOD#QUALITY", "FOOD#STYLE_OPTIONS", "FOOD#PRICES", "DRINKS#QUALITY",
            "SERVICE#GENERAL", "RESTAURANT#GENERAL", "RESTAURANT#PRICES", "RESTAURANT#MISCELLANEOUS",
            "AMBIENCE#GENERAL", "LOCATION#GENERAL",
            "LAPTOP#GENERAL", "LAPTOP#OPERATION_PERFORMANCE", "LAPTOP#DESIGN_FEATURES", "LAPTOP#QUALITY",
            "LAPTOP#USABILITY", "LAPTOP#PRICE", "LAPTOP#MISCELLANEOUS", "LAPTOP#PORTABILITY", "LAPTOP#CONNECTIVITY",
            "SUPPORT#QUALITY", "COMPANY#GENERAL", "BATTERY#OPERATION_PERFORMANCE", "DISPLAY#QUALITY",
        ),
    ),
    Scheme(
        name="oats",
        aspects=(
            "FOOD#GENERAL", "FOOD#QUALITY", "FOOD#STYLE_OPTIONS", "FOOD#PRICES", "FOOD#RECOMMENDATION",
            "AMAZON#AVAILABILITY", "AMAZON#PRICES", "SHIPMENT#DELIVERY", "SHIPMENT#QUALITY",
            "COURSE#GENERAL", "COURSE#QUALITY", "COURSE#COMPREHENSIVENESS", "COURSE#RELATABILITY", "COURSE#VALUE",
            "COURSE#WORKLOAD", "FACULTY#GENERAL", "FACULTY#COMPREHENSIVENESS", "FACULTY#RESPONSE",
            "PRESENTATION#QUALITY", "PRESENTATION#COMPREHENSIVENESS", "MATERIAL#QUALITY", "MATERIAL#QUANTITY",
            "ASSIGNMENTS#QUALITY", "ASSIGNMENTS#COMPREHENSIVENESS", "ASSIGNMENTS#WORKLOAD", "GRADES#GENERAL",
        ),
    ),
    Scheme(
        name="airline_reason",
        aspects=(
            "Bad Flight", "Cancelled Flight", "Customer Service Issue", "Damaged Luggage",
            "Flight Attendant Complaints", "Flight Booking Problems", "Late Flight", "Lost Luggage", "longlines",
        ),
    ),
)  # fmt: skip
SCHEMES: dict[str, Scheme] = {scheme.name: scheme for scheme in (OWN, *BORROWED)}
