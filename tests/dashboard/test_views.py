"""Every page, run as Streamlit runs it: on an empty store, on a filled one, and with hostile texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from collector.store import Store
from dashboard.queries import figures
from dashboard.scope import Scope
from sentiment.spikes.store.incidents import history_of, incidents
from sentiment.store import open_store
from sentiment.store.recount import verify
from tests.dashboard.conftest import BRAND, SOURCES, Filled, a_config, fill

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
PAGES = ["today", "incidents", "trends", "dimensions", "mentions", "sources", "alerts", "quality", "terms", "settings"]
TIMEOUT = 120


pytestmark = pytest.mark.usefixtures("forgetful")


def opened(name: str, config: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    app = AppTest.from_string(f"from dashboard.views import {name}\n{name}.show()", default_timeout=TIMEOUT)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def words_of(app: AppTest) -> str:
    assert not app.exception, app.exception[0].value
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*html, *(c.value for c in app.caption), *(t.value for t in app.text)])


def test_the_app_starts_and_says_what_is_wrong(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(filled.config))
    words = words_of(AppTest.from_file(str(APP), default_timeout=TIMEOUT).run())
    assert f"Something is wrong: dissatisfaction with Reliability of {BRAND}" in words
    assert "incident?id=" in words


def test_a_broken_configuration_is_one_sentence_on_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "groundswell.toml"
    file.write_text("[groundswel]\n")
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(file))
    words = words_of(AppTest.from_file(str(APP), default_timeout=TIMEOUT).run())
    assert "Groundswell cannot start." in words
    assert "groundswel" in words


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_an_empty_store_says_what_to_do_next(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = words_of(opened(name, a_config(tmp_path), monkeypatch))
    assert any(
        hint in words
        for hint in ("groundswell", "Choose", "Remove", "appears when", "toml", "a test mail shows", "Whole words")
    )
    assert words.count('aria-level="1"') == 1


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_a_filled_store_is_drawn(name: str, filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(name, filled.config, monkeypatch)
    words = words_of(app)
    assert "<script" not in words
    assert "onerror='" not in words.replace("&#x27;", "")


def test_the_first_screens_figures_are_those_of_the_counts(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("today", filled.config, monkeypatch)
    zone = ZoneInfo("Europe/Berlin")
    last = datetime.now(zone).date()
    scope = Scope(brand=BRAND, first=last - timedelta(days=29), last=last, zone=zone, lens="rater")
    with filled.store.read() as conn:
        days = figures.by_day(conn, scope)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Mentions"] == f"{days['mentions'].sum():,}"
    assert shown["Dissatisfaction"].startswith(f"{100 * days['negative'].sum() / days['read'].sum():.1f}")


def test_filters_in_the_address_are_the_filters_on_the_screen(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(
        "mentions", filled.config, monkeypatch, period="7d", q="late", sentiment="negative", about="Reliability"
    )
    assert app.selectbox(key="period").value == "7d"
    assert app.selectbox(key="sentiment").value == "negative"
    assert app.selectbox(key="about").value == "rater/Reliability"
    assert app.text_input(key="q").value == "late"


def test_an_address_full_of_nonsense_shows_the_page_all_the_same(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonsense = {"period": "<b>", "brand": "nobody", "source": "x", "about": "'", "after": "1-2-3", "sentiment": "\0"}
    words_of(opened("mentions", filled.config, monkeypatch, **nonsense))


@pytest.mark.parametrize("given", ["", "0", "999999", "abc", "1; DROP TABLE incident", "9" * 40])
def test_an_incident_that_is_none_says_so(given: str, filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "incident" in words_of(opened("incident", filled.config, monkeypatch, id=given))


def test_an_incident_tells_its_reason_and_is_taken_on(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    with changing.store.read() as conn:
        number = incidents(conn)[0].id
    app = opened("incident", changing.config, monkeypatch, id=str(number))
    words = words_of(app)
    assert "Timeliness" in words
    assert "&lt;u&gt;late&lt;/u&gt; again" in words
    assert "javascript:" not in words
    app.text_input(key="corrector").set_value("Ada").run()
    next(button for button in app.button if button.label == "Take it on").click().run()
    assert "Taken on by Ada" in words_of(app)
    with changing.store.read() as conn:
        assert [event.by for event in history_of(conn, number) if event.kind == "acknowledged"] == ["Ada"]


def test_a_correction_moves_the_figures_at_once_and_is_undone(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened("mentions", changing.config, monkeypatch, sentiment="negative")
    before = negatives(changing.store, changing.now)
    first = next(button for button in page.button if (button.key or "").startswith("correct-"))
    number = str(first.key).removeprefix("correct-")
    form = AppTest.from_string(
        "from dashboard.views.correcting import correction_form\n"
        f"correction_form({number}, 'negative', {{'timeliness': 'negative'}})",
        default_timeout=TIMEOUT,
    ).run()
    assert form.button(key=f"save-{number}").disabled
    form.text_input(key="corrector-of-one").set_value("Ada")
    form.button_group(key=f"sentiment-{number}").set_value("positive").run()
    form.button(key=f"save-{number}").click().run()
    assert not form.exception
    assert negatives(changing.store, changing.now) == before - 1
    with changing.store.read() as conn:
        assert verify(conn) == []
    next(button for button in form.button if button.label == "Undo").click().run()
    assert negatives(changing.store, changing.now) == before


def negatives(store: Store, now: datetime) -> int:
    zone = ZoneInfo("Europe/Berlin")
    last = now.astimezone(zone).date()
    scope = Scope(brand=BRAND, first=last - timedelta(days=89), last=last, zone=zone, lens="rater")
    with store.read() as conn:
        return int(figures.by_day(conn, scope)["negative"].sum())


def test_unread_mentions_are_told_with_how_far_reading_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = a_config(tmp_path)
    store = open_store(str(tmp_path / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    fill(store, datetime.now(UTC), unread=40)
    store.engine.dispose()
    app = opened("today", config, monkeypatch)
    assert not app.exception
    told = [bar.proto.text for bar in app.get("progress")]
    assert len(told) == 1
    assert "mentions read; figures grow until all are" in told[0]


def test_a_failing_source_tells_its_error_as_text(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    words = words_of(opened("sources", filled.config, monkeypatch))
    assert "is not read as promised" in words.lower()
    assert "503 &lt;b&gt;Service Unavailable" in words
    assert "then press “Try now”" in words
    assert SOURCES[2] in words
