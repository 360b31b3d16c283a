"""The page on reading quality, as Streamlit runs it: one key an answer, figures from the sample alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from dashboard.queries import quality
from sentiment.store.readings import correction, label
from sentiment.store.recount import verify
from sentiment.store.samples import due, sampled
from tests.dashboard.conftest import Filled, a_config

TIMEOUT = 120


pytestmark = pytest.mark.usefixtures("forgetful")


def opened(config: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    return AppTest.from_string("from dashboard.views import quality\nquality.show()", default_timeout=TIMEOUT).run()


def words_of(app: AppTest) -> str:
    assert not app.exception, app.exception[0].value
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*html, *(c.value for c in app.caption)])


def verdict(app: AppTest, name: str):
    return next(button for button in app.button if (button.key or "").startswith(f"verdict-{name}-"))


def progress(filled: Filled) -> quality.Progress:
    with filled.store.read() as conn:
        monday = due(conn, datetime.now(UTC), ZoneInfo("Europe/Berlin"))
        assert monday is not None
        return quality.progress(conn, monday)


def test_an_empty_store_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = words_of(opened(a_config(tmp_path), monkeypatch))
    assert "There is no sample to check yet." in words
    assert "groundswell" in words


def test_nobody_checks_without_a_name(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(changing.config, monkeypatch)
    assert "too few" in words_of(app)
    assert verdict(app, "right").disabled
    app.text_input(key="corrector-here").set_value("Ada").run()
    assert not verdict(app, "right").disabled


def test_answers_are_recorded_one_by_one_and_figures_follow(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(changing.config, monkeypatch)
    app.text_input(key="corrector-here").set_value("Ada").run()
    for _ in range(5):
        verdict(app, "right").click().run()
    verdict(app, "skip").click().run()
    assert (progress(changing).checked, progress(changing).skipped, progress(changing).left) == (5, 1, 44)
    with changing.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(correction)) == 0
        at = conn.execute(
            select(sampled.c.mention_id, sampled.c.sentiment)
            .where(sampled.c.verdict.is_(None))
            .order_by(sampled.c.place)
        ).first()
    wrong = "positive" if at.sentiment != 1 else "negative"
    aspect = next(button for button in app.button if (button.key or "").startswith(f"aspect-{at.mention_id}-"))
    aspect.click().run()
    assert any("wrong" in button.label for button in app.button)
    verdict(app, wrong).click().run()
    with changing.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(correction)) == 2
        held = conn.scalars(select(label.c.sentiment).where(label.c.mention_id == at.mention_id)).one()
        assert held == {"positive": 1, "negative": -1}[wrong]
        assert verify(conn) == []
        everything = quality.checked(conn)
    assert sum(one.right for one in everything) == 5
    assert [one.wrong for one in everything if one.wrong] != []
    assert "commonest mistake" in words_of(app)
    app.button(key="take-back").click().run()
    assert progress(changing).checked == 5
    with changing.store.read() as conn:
        assert verify(conn) == []
        assert conn.scalars(select(label.c.sentiment).where(label.c.mention_id == at.mention_id)).one() == at.sentiment


def test_with_enough_answers_the_page_tells_accuracy_with_its_interval(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(changing.config, monkeypatch)
    with changing.store.write() as conn:
        conn.execute(
            sampled.update().where(sampled.c.place < 40, sampled.c.sentiment == -1).values(verdict="negative", who="A")
        )
        conn.execute(
            sampled.update().where(sampled.c.place < 40, sampled.c.sentiment != -1).values(verdict="positive", who="A")
        )
        everything = quality.checked(conn)
    right = sum(one.right for one in everything)
    words = words_of(opened(changing.config, monkeypatch))
    assert f"Sentiment is read rightly in {100 * right / 40:.0f}" in words
    assert "95 % interval" in words
    assert "drawn at random" in words


def test_a_text_in_the_sample_cannot_do_anything(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(changing.config, monkeypatch)
    with changing.store.write() as conn:
        first = conn.scalars(
            select(sampled.c.mention_id).where(sampled.c.verdict.is_(None)).order_by(sampled.c.place)
        ).first()
        conn.exec_driver_sql(f"UPDATE mention SET text = '<script>alert(1)</script><b>late</b>' WHERE id = {first}")
    words = words_of(app.run())
    assert "&lt;script&gt;" in words
    assert "<script" not in words


def test_drift_is_told_over_weeks_with_a_chart(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(changing.config, monkeypatch)
    with changing.store.write() as conn:
        rows = conn.execute(select(sampled)).mappings().all()
        # Four earlier weeks in which everything was right, and this one in which nothing is.
        for back in range(1, 5):
            words = {-1: "negative", 0: "neutral", 1: "positive"}
            conn.execute(
                sampled.insert(),
                [dict(row) | {"week": row["week"] - 7 * back, "verdict": words[row["sentiment"]]} for row in rows],
            )
        this = sampled.c.week == rows[0]["week"]
        conn.execute(sampled.update().where(this, sampled.c.sentiment == -1).values(verdict="positive"))
        conn.execute(sampled.update().where(this, sampled.c.sentiment != -1).values(verdict="negative"))
    app = opened(changing.config, monkeypatch)
    assert "The newest sample is worse than those before (100" in words_of(app)
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) == 1


def test_an_aspect_with_the_wrong_sign_is_given_the_right_one(
    changing: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(changing.config, monkeypatch)
    app.text_input(key="corrector-here").set_value("Ada").run()
    key = next(str(button.key) for button in app.button if (button.key or "").startswith("aspect-"))
    _, number, aspect = key.split("-", 2)
    read = app.button(key=key).label.split(", ")[1].split(":")[0]
    others = [sign for sign in ("negative", "neutral", "positive") if sign != read]
    for said in ("wrong, not about it", *(f"wrong, {sign}" for sign in others), "right", "wrong, not about it"):
        app.button(key=key).click().run()
        assert app.button(key=key).label.endswith(f": {said}")
    app.button(key=key).click().run()
    verdict(app, "right").click().run()
    assert not app.exception
    with changing.store.read() as conn:
        (made,) = conn.execute(select(correction)).all()
        assert (made.mention_id, made.aspect, made.before, made.after) == (int(number), aspect, read, others[0])
        assert verify(conn) == []
