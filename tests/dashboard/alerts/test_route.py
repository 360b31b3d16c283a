"""Who is told of what, and what a silence holds back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dashboard.alerts.route import described, escalated, told
from dashboard.alerts.settings import AlertSettings, MailSettings, Manager
from dashboard.alerts.silence import Silence, Topic, covers, silenced_by
from sentiment.spikes.spike import Severity
from tests.dashboard.alerts.conftest import NOW, a_manager

HOUR = timedelta(hours=1)


def a_topic(**changes: Any) -> Topic:
    values: dict[str, Any] = {
        "brand": "Northwind Ferries",
        "dimensions": ("rater/Reliability",),
        "sources": ("reviews",),
        "severity": Severity.MODERATE,
    }
    return Topic(**(values | changes))


def a_silence(**changes: Any) -> Silence:
    values: dict[str, Any] = {"start": NOW - HOUR, "end": NOW + HOUR, "reason": "strike announced"}
    return Silence(**(values | changes))


def names(managers: list[Manager]) -> list[str]:
    return [manager.name for manager in managers]


def test_a_route_names_brands_dimensions_and_sources_and_an_empty_one_means_all() -> None:
    managers = [
        a_manager("All"),
        a_manager("Brand", brands=("northwind ferries",)),
        a_manager("Other", brands=("Southwind",)),
        a_manager("Bare", dimensions=("reliability",)),
        a_manager("Facet", dimensions=("rater/Reliability", "rater/Empathy")),
        a_manager("Lens", dimensions=("journey/Reliability",)),
        a_manager("Aspect", dimensions=("aspect/delay",)),
        a_manager("Source", sources=("reviews",)),
        a_manager("Forum", sources=("forum",)),
    ]
    assert names(told(a_topic(), managers)) == ["All", "Brand", "Bare", "Facet", "Source"]


def test_a_dimension_route_matches_an_incident_given_in_bare_names() -> None:
    assert told(a_topic(dimensions=("Reliability",)), [a_manager(dimensions=("rater/Reliability",))])


def test_an_incident_of_everything_goes_to_those_who_asked_for_every_dimension() -> None:
    managers = [a_manager("All"), a_manager("Bare", dimensions=("Reliability",))]
    assert names(told(a_topic(dimensions=()), managers)) == ["All"]


def test_the_catch_all_is_told_only_of_what_is_on_nobodys_route() -> None:
    managers = [a_manager("Brand", brands=("Southwind",)), a_manager("Rest", catch_all=True)]
    assert names(told(a_topic(), managers)) == ["Rest"]
    assert names(told(a_topic(brand="Southwind"), managers)) == ["Brand"]


def test_what_somebody_chose_not_to_hear_is_not_for_the_catch_all() -> None:
    managers = [a_manager("Brand", min_severity=Severity.CRITICAL), a_manager("Rest", catch_all=True)]
    assert told(a_topic(), managers) == []


def test_mild_incidents_are_kept_from_those_who_asked_for_bad_ones() -> None:
    managers = [a_manager("Ann", min_severity=Severity.HIGH)]
    assert told(a_topic(severity=Severity.MODERATE), managers) == []
    assert names(told(a_topic(severity=Severity.CRITICAL), managers)) == ["Ann"]


def test_escalation_reaches_its_people_only_after_their_time() -> None:
    managers = [
        a_manager("Ann"),
        a_manager("Boss", escalate_after=2 * HOUR),
        a_manager("Elsewhere", brands=("Southwind",), escalate_after=HOUR),
    ]
    assert names(told(a_topic(), managers)) == ["Ann"]
    assert escalated(a_topic(), managers, HOUR) == []
    assert names(escalated(a_topic(), managers, 2 * HOUR)) == ["Boss"]


def test_a_route_is_described_in_plain_names() -> None:
    assert described(a_manager(brands=("Northwind",), dimensions=("rater/Reliability",))) == [
        "Northwind",
        "Reliability",
    ]


@pytest.mark.parametrize(
    ("silence", "covered"),
    [
        (a_silence(), True),
        (a_silence(start=NOW), True),
        (a_silence(start=NOW - 2 * HOUR, end=NOW), False),
        (a_silence(brands=("Northwind Ferries",)), True),
        (a_silence(brands=("Southwind",)), False),
        (a_silence(dimensions=("Reliability",)), True),
        (a_silence(dimensions=("Empathy",)), False),
        (a_silence(up_to=Severity.MODERATE), True),
        (a_silence(up_to=Severity.LOW), False),
    ],
)
def test_a_silence_covers_what_it_names_until_it_ends(silence: Silence, covered: bool) -> None:
    assert covers(silence, a_topic(), NOW) is covered


def test_an_incident_that_reaches_beyond_what_was_silenced_is_told() -> None:
    silence = a_silence(dimensions=("Reliability",))
    assert not covers(silence, a_topic(dimensions=("rater/Reliability", "rater/Empathy")), NOW)
    assert not covers(silence, a_topic(dimensions=()), NOW)


def test_of_several_silences_the_longest_is_named() -> None:
    longer = a_silence(end=NOW + 5 * HOUR, reason="harbour closed")
    assert silenced_by([a_silence(), longer], a_topic(), NOW) == longer


def test_a_silence_needs_an_end_a_zone_and_a_reason() -> None:
    with pytest.raises(ValueError, match="end must come after"):
        a_silence(end=NOW - 2 * HOUR)
    with pytest.raises(ValueError, match="zone"):
        a_silence(end=(NOW + HOUR).replace(tzinfo=None))
    with pytest.raises(ValueError, match="reason"):
        a_silence(reason=" ")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nobody"}, "is no mail address"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "is no mail address"),
        ({"email": "a@b.example, c@d.example"}, "is no mail address"),
        ({"email": None}, "neither email nor chat"),
        ({"timezone": "Mars/Base"}, "timezone 'Mars/Base' is not known"),
        ({"quiet_hours": "22:00"}, "must be two times"),
        ({"quiet_hours": "22:00-22:00"}, "same time"),
        ({"quiet_hours": "22:00-25:00"}, "no time of day"),
        ({"digest_at": "noon"}, "no time of day"),
        ({"escalate_after": timedelta(0)}, "escalate_after"),
        ({"language": "xx"}, "language 'xx' is not known"),
    ],
)
def test_what_cannot_work_is_said_when_it_is_configured(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Manager(**({"name": "Ann", "email": "ann@northwind.example"} | changes))


def test_secrets_do_not_show() -> None:
    shown = repr(
        [
            a_manager(chat=("slack://secret-token/b/c",)),
            MailSettings(host="h", sender="a@b.example", user="u", password="secret-word"),
            AlertSettings(secret="secret-key"),
        ]
    )
    assert "secret-token" not in shown
    assert "secret-word" not in shown
    assert "secret-key" not in shown


def test_asking_for_confirmation_needs_a_link_to_confirm_with() -> None:
    with pytest.raises(ValueError, match="needs base_url and secret"):
        AlertSettings(require_confirmation=True)
