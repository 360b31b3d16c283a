"""The page and the commands of term rules: what is previewed is what happens, and off puts everything back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from collector.store import Store
from dashboard.queries import labels
from sentiment.store.counts import count_day
from sentiment.store.recount import verify
from tests.dashboard.conftest import BRAND, Filled

TIMEOUT = 120


pytestmark = pytest.mark.usefixtures("forgetful")


def opened(config: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    return AppTest.from_string("from dashboard.views import terms\nterms.show()", default_timeout=TIMEOUT).run()


def words_of(app: AppTest) -> str:
    assert not app.exception, app.exception[0].value
    return "\n".join([*(e.proto.body for e in app.get("html")), *(c.value for c in app.caption)])


def positives(store: Store) -> int:
    with store.read() as conn:
        assert verify(conn) == []
        chosen = (count_day.c.brand == BRAND, count_day.c.facet == "all")
        return int(conn.scalar(select(func.sum(count_day.c.positive)).where(*chosen)) or 0)


def test_a_rule_is_tried_switched_on_and_off_on_the_page(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    before = positives(changing.store)
    app = opened(changing.config, monkeypatch)
    assert "No term rule is on." in words_of(app)
    app.text_input(key="rule-term").set_value("bicycles").run()
    words = words_of(app)
    assert "“bicycles” means positive" in words
    assert "from neutral to positive" in words
    assert positives(changing.store) == before
    assert app.button(key="switch-on").disabled
    app.text_input(key="corrector").set_value("Ada").run()
    app.button(key="switch-on").click().run()
    assert "1 term rule is on" in words_of(app)
    with changing.store.read() as conn:
        (kept,) = labels.rules(conn)
    assert kept.who == "Ada"
    assert kept.changed > 0
    assert positives(changing.store) > before
    app.button(key=f"off-{kept.rule.id}").click().run()
    assert positives(changing.store) == before
    assert "No term rule is on." in words_of(app)


def test_an_aspect_can_be_said_not_to_be_meant(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(changing.config, monkeypatch)
    app.text_input(key="rule-term").set_value("late").run()
    app.selectbox(key="rule-about").set_value("timeliness").run()
    app.selectbox(key="rule-after").set_value("absent").run()
    words = words_of(app)
    assert "“late” is not about Timeliness" in words
    assert "from negative to not about it" in words


def test_what_is_typed_or_said_cannot_do_anything(changing: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(changing.config, monkeypatch)
    app.text_input(key="rule-term").set_value("<script>late").run()
    assert "<script" not in words_of(app)
    app.text_input(key="rule-term").set_value("late").run()
    words = words_of(app)
    assert "<script" not in words
    assert "<img" not in words
    app.text_input(key="rule-term").set_value("?!").run()
    assert "This cannot be a rule." in words_of(app)


def terms(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "dashboard.cli", "terms", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_commands_preview_switch_on_and_off(changing: Filled) -> None:
    folder, before = changing.config.parent, positives(changing.store)
    dry = terms(folder, "add", "bicycles", "--means", "positive", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "from neutral to positive" in dry.stdout
    assert positives(changing.store) == before
    assert terms(folder, "add", "bicycles", "--means", "positive", "--who", "Kim").returncode == 0
    assert positives(changing.store) > before
    (kept,) = json.loads(terms(folder, "list", "--json").stdout)
    assert (kept["term"], kept["who"], kept["after"]) == ("bicycles", "Kim", "positive")
    assert terms(folder, "off", str(kept["id"])).returncode == 0
    assert positives(changing.store) == before
    assert terms(folder, "off", str(kept["id"])).returncode == 1
    wrong = terms(folder, "add", "late", "--means", "positive", "--aspect", "timelines")
    assert wrong.returncode == 2
    assert "timeliness" in wrong.stderr
