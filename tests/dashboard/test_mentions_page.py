"""The page of mentions, as Streamlit runs it: stable addresses, corrections of many at once, machine beside people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from collector.store import Store
from dashboard.queries import labels
from sentiment.store import open_store
from sentiment.store.corrections import Change, correct_together
from sentiment.store.counts import count_day, verify
from sentiment.store.readings import label
from sentiment.store.terms import settle, switch_on
from sentiment.terms import term_rule
from tests.dashboard.conftest import BRAND, Filled, a_config, fill

TIMEOUT = 120


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    st.cache_resource.clear()


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Filled]:
    """A filled store that a test may change."""
    config, now = a_config(tmp_path), datetime.now(UTC)
    store = open_store(str(tmp_path / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    fill(store, now)
    yield Filled(store=store, config=config, now=now)
    store.engine.dispose()


def opened(config: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    app = AppTest.from_string("from dashboard.views import mentions\nmentions.show()", default_timeout=TIMEOUT)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def words_of(app: AppTest) -> str:
    assert not app.exception, app.exception[0].value
    return "\n".join(element.proto.body for element in app.get("html"))


def figure(store: Store, name: str) -> int:
    """A figure of everything that is said of the brand."""
    with store.read() as conn:
        assert verify(conn) == []
        query = select(func.sum(count_day.c[name])).where(count_day.c.brand == BRAND, count_day.c.facet == "all")
        return int(conn.scalar(query) or 0)


def pick(app: AppTest, many: int) -> list[int]:
    boxes = [box for box in app.checkbox if (box.key or "").startswith("pick-")][:many]
    for box in boxes:
        box.check()
    app.run()
    app.text_input(key="corrector").set_value("Ada").run()
    return [int(str(box.key).removeprefix("pick-")) for box in boxes]


def test_many_are_corrected_and_undone_with_all_figures(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    before = figure(changing.store, "negative")
    app = opened(changing.config, monkeypatch, sentiment="negative")
    ids = pick(app, 4)
    app.selectbox(key="many-sentiment").set_value("positive").run()
    app.button(key="many-save").click().run()
    assert figure(changing.store, "negative") == before - 4
    words = words_of(app)
    assert not any(box.value for box in app.checkbox)
    with changing.store.read() as conn:
        (batch,) = labels.batches(conn)
        assert (batch.mentions, batch.who, batch.what) == (4, "Ada", "sentiment positive")
        assert set(conn.scalars(select(label.c.sentiment).where(label.c.mention_id.in_(ids)))) == {1}
    app.button(key=f"undo-batch-{batch.id}").click().run()
    assert figure(changing.store, "negative") == before
    with changing.store.read() as conn:
        assert labels.batches(conn) == []
    assert "mention" in words


def test_what_is_not_about_us_leaves_figures_and_lists_and_is_found_under_its_own_filter(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = figure(changing.store, "mentions")
    app = opened(changing.config, monkeypatch, q='"nobody told us"')
    ids = pick(app, 2)
    app.selectbox(key="many-what").set_value("elsewhere").run()
    app.button(key="many-save").click().run()
    assert figure(changing.store, "mentions") == before - 2
    assert not {f"correct-{i}" for i in ids} & {str(button.key) for button in app.button}
    found = opened(changing.config, monkeypatch, only="elsewhere")
    assert "<strong>not about us</strong>" in words_of(found)
    assert {f"correct-{i}" for i in ids} == {b.key for b in found.button if (b.key or "").startswith("correct-")}


def test_an_aspect_is_added_to_many(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(changing.config, monkeypatch)
    pick(app, 3)
    app.selectbox(key="many-what").set_value("add").run()
    app.selectbox(key="many-aspect").set_value("price").run()
    app.selectbox(key="many-polarity").set_value("negative").run()
    app.button(key="many-save").click().run()
    with changing.store.read() as conn:
        (batch,) = labels.batches(conn)
        assert batch.what == "negative about Price"
        assert verify(conn) == []


def test_what_the_model_said_is_told_beside_what_people_said(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    with changing.store.write() as conn:
        chosen = select(label.c.mention_id).where(label.c.sentiment == -1).order_by(label.c.mention_id.desc()).limit(3)
        changes = [(i, Change(field="sentiment", after="positive")) for i in conn.scalars(chosen)]
        correct_together(conn, changing.store, changes, what="x", who="Ada", now=changing.now)
    words = words_of(opened(changing.config, monkeypatch, only="corrected"))
    assert "corrected by a person" in words
    assert 'The model said: <span class="gs-sign gs-negative">negative</span>' in words


def test_what_a_term_rule_changed_says_so(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    with changing.store.write() as conn:
        switch_on(conn, term_rule("bicycles", "positive"), who="Ada", now=changing.now)
    list(settle(changing.store))
    words = words_of(opened(changing.config, monkeypatch, only="ruled"))
    assert "term rule: “bicycles” means positive" in words
    assert 'The model said: <span class="gs-sign gs-neutral">neutral</span>' in words


@pytest.mark.parametrize("order", ["newest", "oldest", "reach", "dissatisfied"])
def test_every_order_and_the_table_are_drawn(order: str, filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(filled.config, monkeypatch, order=order, view="table", q="late")
    assert "match" in words_of(app)
    (table,) = app.dataframe
    assert len(table.value) > 20
    assert not table.value["original"].dropna().str.contains("javascript").any()


def test_addresses_hold_values_and_still_understand_words(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(filled.config, monkeypatch, about="aspect/timeliness", order="oldest", only="corrected")
    assert app.selectbox(key="about").value == "aspect/timeliness"
    assert (app.selectbox(key="order").value, app.selectbox(key="only").value) == ("oldest", "corrected")
    app = opened(filled.config, monkeypatch, about="Timeliness (aspect)", order="oldest first", sentiment="nonsense")
    assert (app.selectbox(key="about").value, app.selectbox(key="order").value) == ("aspect/timeliness", "oldest")
    assert app.selectbox(key="sentiment").value == "any"
    app.selectbox(key="sentiment").set_value("negative").run()
    assert app.query_params["sentiment"] in ("negative", ["negative"])
    app.selectbox(key="sentiment").set_value("any").run()
    assert "sentiment" not in app.query_params


def test_one_mention_is_said_not_to_be_about_us(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    before = figure(changing.store, "mentions")
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(changing.config))
    with changing.store.read() as conn:
        number = conn.scalars(select(label.c.mention_id).order_by(label.c.mention_id)).first()
    form = AppTest.from_string(
        f"from dashboard.views.correcting import correction_form\ncorrection_form({number}, 'negative', {{}})",
        default_timeout=TIMEOUT,
    ).run()
    form.text_input(key="corrector").set_value("Ada")
    form.checkbox(key=f"elsewhere-{number}").check().run()
    form.button(key=f"save-{number}").click().run()
    assert not form.exception
    assert figure(changing.store, "mentions") == before - 1
    assert any(text.value.startswith("about us: yes → no, Ada") for text in form.text)
