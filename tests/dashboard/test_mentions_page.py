"""The page of mentions, as Streamlit runs it: stable addresses, corrections of many at once, machine beside people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from collector.store import Store
from collector.store.mentions import delete_mentions
from collector.store.tables import mention
from dashboard.queries import labels, mentions
from dashboard.views.correcting import NAME_HERE
from sentiment.store import open_store
from sentiment.store.corrections import Change, correct, correct_together, undo_correction
from sentiment.store.counts import count_day
from sentiment.store.readings import label
from sentiment.store.recount import verify
from sentiment.store.terms import settle, switch_on
from sentiment.terms import term_rule
from tests.dashboard.conftest import BRAND, Filled, a_config, fill

TIMEOUT = 120


pytestmark = pytest.mark.usefixtures("forgetful")


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
    form.text_input(key=NAME_HERE).set_value("Ada")
    form.checkbox(key=f"elsewhere-{number}").check().run()
    form.button(key=f"save-{number}").click().run()
    assert not form.exception
    assert figure(changing.store, "mentions") == before - 1
    assert any(text.value.startswith("about us: yes → no, Ada") for text in form.text)


def run(code: str, config: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    app = AppTest.from_string(code, default_timeout=TIMEOUT)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def test_one_of_several_ticked_is_corrected_alone(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(filled.config, monkeypatch)
    (number,) = pick(app, 1)
    app.button(key=f"correct-{number}").click().run()
    assert not app.exception, app.exception[0].value
    assert app.text_input(key=NAME_HERE).value == app.text_input(key="corrector").value == "Ada"
    app.text_input(key=NAME_HERE).set_value("Kim").run()
    assert app.text_input(key="corrector").value == "Kim"


def test_a_voice_behind_an_incident_is_corrected(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run("from dashboard.views import incident\nincident.show()", filled.config, monkeypatch, id="1")
    app.text_input(key="corrector").set_value("Ada").run()
    next(button for button in app.button if (button.key or "").startswith("correct-")).click().run()
    assert not app.exception, app.exception[0].value
    assert app.text_input(key=NAME_HERE).value == "Ada"


def half_read(folder: Path) -> Filled:
    config, now = a_config(folder), datetime.now(UTC)
    store = open_store(str(folder / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    fill(store, now, unread=1_500)
    return Filled(store=store, config=config, now=now)


@pytest.mark.parametrize("view", ["cards", "table"])
def test_read_and_unread_stand_side_by_side(tmp_path: Path, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = half_read(tmp_path)
    with mixed.store.read() as conn:
        known = set(conn.scalars(select(label.c.mention_id)))
        some = list(conn.scalars(select(mention.c.id).where(mention.c.brand == BRAND)))
    assert 0 < len(known & set(some)) < len(some)
    app = opened(mixed.config, monkeypatch, view=view, order="dissatisfied")
    assert "match" in words_of(app)
    wanted = [*sorted(known & set(some))[-5:], *sorted(set(some) - known)[:5]]
    code = f"""
from dashboard.queries import mentions
from dashboard.views.mention_rows import rows_of
from dashboard.views.mentions import show_mentions
from dashboard.views.session import look
import streamlit as st
found = look(mentions.ones, {wanted})
st.dataframe(rows_of(found)) if {view == "table"} else show_mentions(found)
"""
    app = run(code, mixed.config, monkeypatch)
    assert not app.exception, app.exception[0].value
    if view == "table":
        told = [str(word).split(" ", 1)[-1] for word in app.dataframe[0].value["sentiment"]]
        assert told[5:] == ["read yet"] * 5
        assert "suspected" not in app.dataframe[0].value
    else:
        offered = {int(b.key.removeprefix("correct-")) for b in app.button if (b.key or "").startswith("correct-")}
        assert offered == set(wanted[:5])
    mixed.store.engine.dispose()


def test_the_history_of_corrections_tells_a_missing_field_as_none(changing: Filled) -> None:
    with changing.store.write() as conn:
        number = conn.scalars(select(label.c.mention_id).where(label.c.sentiment == 0)).first()
        correct(conn, changing.store, number, field="sentiment", after="negative", who="Ada", now=changing.now)
        correct(
            conn, changing.store, number, field="aspect", aspect="price", after="negative", who="Ada", now=changing.now
        )
        found = labels.corrections(conn, number)
    assert list(found["aspect"]) == [None, "price"]
    assert list(found["before"]) == ["neutral", None]


def test_what_was_selected_in_a_table_is_forgotten_when_other_mentions_stand_in_its_rows(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(changing.config, monkeypatch, view="table")
    first = app.dataframe[0].proto.id
    assert app.run().dataframe[0].proto.id == first
    with changing.store.write() as conn:
        newest = select(mention.c.id).where(mention.c.brand == BRAND).order_by(mention.c.created_at.desc()).limit(1)
        delete_mentions(conn, changing.store, list(conn.scalars(newest)), reason="erased", now=changing.now)
    assert app.run().dataframe[0].proto.id != first


def test_a_file_holds_those_mentions_that_are_still_there_in_their_order(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    with changing.store.write() as conn:
        ids = list(conn.scalars(select(label.c.mention_id).order_by(label.c.mention_id.desc()).limit(600)))
        delete_mentions(conn, changing.store, ids[1:3], reason="erased", now=changing.now)
        gone = mentions.ones(conn, ids[1:3])
    assert gone.empty
    code = f"""
import streamlit as st
from dashboard.views.mentions import table_of
st.session_state["ids"] = list(table_of({tuple(ids)})["id"])
st.session_state["none"] = len(table_of({tuple(ids[1:3])}))
"""
    app = run(code, changing.config, monkeypatch)
    assert not app.exception, app.exception[0].value
    assert app.session_state["ids"] == [ids[0], *ids[3:]]
    assert app.session_state["none"] == 0


def test_undoing_a_correction_of_a_text_edited_since_is_kept(changing: Filled) -> None:
    with changing.store.write() as conn:
        number = conn.scalars(select(label.c.mention_id).where(label.c.sentiment == 0)).first()
        made = correct(conn, changing.store, number, field="sentiment", after="negative", who="A", now=changing.now)
        changing.store.observer.leaving(conn, [number])
        changing.store.observer.arriving(conn, [number], unread=True)
        undo_correction(conn, changing.store, made, changing.now)
        assert list(labels.corrections(conn, number)["undone_at"].isna()) == [False]
        assert verify(conn) == []
