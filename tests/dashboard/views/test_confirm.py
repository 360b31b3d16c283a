"""The page behind the link that confirms an address: it takes back that the address was unsubscribed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.alerts import wishes
from dashboard.alerts.links import token_of
from sentiment.store import open_store
from tests.dashboard.conftest import a_config

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.usefixtures("forgetful")
def test_who_unsubscribed_is_asked_and_gets_mails_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = a_config(tmp_path)
    config.write_text(config.read_text(encoding="utf-8") + '[alerts]\nsecret = "hush"\n', encoding="utf-8")
    store = open_store(str(tmp_path / "groundswell.db"), zone=ZoneInfo("UTC"), salt=b"salt")
    with store.write() as conn:
        wishes.set_recipient(conn, "ada@example.org", confirmed_at=NOW, unsubscribed_at=NOW)
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(config))
    app = AppTest.from_string("from dashboard.views import confirm\nconfirm.show()", default_timeout=120)
    app.query_params["token"] = token_of("ada@example.org", "confirm", "hush")
    app.run()
    assert "Send alerts to ada@example.org?" in app.get("html")[0].proto.body
    app.button[0].click().run()
    assert "ada@example.org gets alerts." in app.get("html")[0].proto.body
    with store.read() as conn:
        said = wishes.standing_of(conn, "ada@example.org")
    assert said is not None
    assert said["unsubscribed_at"] is None
    store.engine.dispose()
