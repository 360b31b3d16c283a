"""The configuration: what is accepted, and the one sentence for whatever is not."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from collector.sources import kinds
from dashboard.binding import ConfigError
from dashboard.config import find_config, load_config
from dashboard.example import EXAMPLE

BRAND = '[[brand]]\nname = "Northwind"\nown = true\naliases = ["Northwind Ferries"]\n'


def load(folder: Path, text: str, **environment: str):
    file = folder / "groundswell.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environment)


def test_every_line_of_the_example_can_be_switched_on(tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in EXAMPLE.splitlines()]
    keys = [line for line in lines if re.match(r"\[|[a-z_]+ = ", line) and not line.startswith("store = ")]
    config = load(tmp_path, "\n".join(keys), GROUNDSWELL_MAIL_PASSWORD="x")
    assert config.managers[0].digest_at == "08:00"
    assert config.alerts.planned[0].reason == "Strike announced by the crews"
    assert [brand.name for brand in config.brands] == ["Your Company", "A Competitor"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[groundswel]\n",
            'groundswell.toml, [groundswel]: there is no such section; the nearest known one is "groundswell".',
        ),
        (
            '[groundswell]\ntimzone = "UTC"\n',
            (
                'groundswell.toml, [groundswell], key "timzone": there is no such key; '
                'the nearest known one is "timezone".'
            ),
        ),
        (
            '[groundswell]\ntimezone = "Mars/North"\n',
            (
                'groundswell.toml, [groundswell], key "timezone": expected a time zone such as "Europe/Berlin", '
                "found 'Mars/North'."
            ),
        ),
        (
            '[groundswell]\nkeep_author_names = "yes"\n',
            "groundswell.toml, [groundswell], key \"keep_author_names\": expected boolean, found 'yes'.",
        ),
        (
            '[groundswell]\nlens = "ratter"\n',
            'groundswell.toml, [groundswell], key "lens": \'ratter\' is no lens; the nearest known one is "rater".',
        ),
        (
            '[mail]\nhost = "mx.example"\n',
            'groundswell.toml, [mail], key "sender": it is missing, and there is no default.',
        ),
        (
            '[mail]\nhost = "mx.example"\nsender = "a@b.example"\nuser = "u"\n',
            (
                "groundswell.toml, [mail]: has a user but no password. "
                "Set GROUNDSWELL_MAIL_PASSWORD (or GROUNDSWELL_MAIL_PASSWORD_FILE) in the environment."
            ),
        ),
        (
            BRAND + '[[source]]\nname = "s"\nkind = "mastodn"\n',
            (
                'groundswell.toml, [[source]] "s", key "kind": \'mastodn\' is no kind of source; '
                'the nearest known one is "mastodon".'
            ),
        ),
        (
            BRAND + '[[source]]\nname = "s"\nkind = "rss"\nfeeds = ["https://a.example/feed"]\nbrand = "Northwnd"\n',
            (
                'groundswell.toml, [[source]] "s", key "brand": there is no [[brand]] named \'Northwnd\'; '
                'the nearest known one is "Northwind".'
            ),
        ),
        (BRAND + BRAND, 'groundswell.toml, [[brand]] "Northwind": there are two of this name; names must differ.'),
        ("[[brand]]\nown = true\n", 'groundswell.toml, [[brand]] number 1, key "name": every brand needs a name.'),
        ('[source]\nkind = "rss"\n', "groundswell.toml, [[source]]: write it with two brackets, once for each source."),
        (
            "[spikes]\nbudget_weeks = -1\n",
            "groundswell.toml, [spikes]: budget_weeks must be a positive number of weeks, not -1.0.",
        ),
        (
            '[[manager]]\nname = "M"\nemail = "m@b.example"\ndimensions = ["Relability"]\n',
            (
                'groundswell.toml, [[manager]] "M", key "dimensions": there is no \'Relability\'; '
                'the nearest known one is "Reliability".'
            ),
        ),
        (
            BRAND + "[[alerts.planned]]\nstart = 2026-05-01T08:00:00+02:00\nend = 2026-05-03T20:00:00+02:00\n"
            'reason = "strike"\nbrands = ["Northwnd"]\n',
            (
                "groundswell.toml, [[alerts.planned]] number 1, key \"brands\": there is no brand 'Northwnd'; "
                'the nearest known one is "Northwind".'
            ),
        ),
        ("timezone =\n", "groundswell.toml is not valid TOML: Invalid value (at line 1, column 11)."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert str(raised.value) == sentence


def test_a_manager_without_a_mail_server_to_reach_them_is_refused(tmp_path: Path) -> None:
    feed = '[[source]]\nname = "s"\nkind = "rss"\nfeeds = ["https://a.example/feed"]\n'
    with pytest.raises(ConfigError, match=r"no \[mail\] section"):
        load(tmp_path, BRAND + feed + '[[manager]]\nname = "M"\nemail = "m@b.example"\n')


def test_secrets_come_from_the_environment_or_a_file_and_are_never_shown(tmp_path: Path) -> None:
    mail = '[mail]\nhost = "mx.example"\nsender = "a@b.example"\nuser = "u"\n'
    config = load(tmp_path, mail, GROUNDSWELL_MAIL_PASSWORD="hunter2")
    assert config.mail is not None
    assert config.mail.password == "hunter2"
    assert "hunter2" not in repr(config)
    (tmp_path / "password").write_text("from-file\n")
    config = load(tmp_path, mail, GROUNDSWELL_MAIL_PASSWORD_FILE=str(tmp_path / "password"))
    assert config.mail is not None
    assert config.mail.password == "from-file"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    mail = '[mail]\nhost = "mx.example"\nsender = "a@b.example"\nuser = "u"\n'
    with pytest.raises(ConfigError, match="GROUNDSWELL_MAIL_PASSWORD_FILE names"):
        load(tmp_path, mail, GROUNDSWELL_MAIL_PASSWORD_FILE=str(tmp_path / "nowhere"))


def test_durations_paths_and_defaults(tmp_path: Path) -> None:
    feed = '[[source]]\nname = "s"\nkind = "rss"\nfeeds = ["https://a.example/feed"]\nevery = "1h 30m"\n'
    config = load(tmp_path, '[groundswell]\nstore = "data/g.db"\ntimezone = "Europe/Rome"\n' + BRAND + feed)
    assert config.sources[0].every == timedelta(minutes=90)
    assert config.store_url == str(tmp_path / "data" / "g.db")
    assert config.spikes.zone.key == "Europe/Rome"
    assert config.own_brand == "Northwind"


def test_a_store_is_one_file_wherever_a_command_is_run(tmp_path: Path) -> None:
    config = load(tmp_path, '[groundswell]\nstore = "sqlite:///data/g.db"\n' + BRAND)
    assert config.store_url == str(tmp_path / "data" / "g.db")
    address = "postgresql+psycopg://user@host/name"
    assert load(tmp_path, f'[groundswell]\nstore = "{address}"\n' + BRAND).store_url == address


def test_a_model_is_found_beside_the_file_wherever_a_command_is_run(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    config = load(tmp_path, '[classifier]\nmodel = "ours | somebody/nli"\n' + BRAND)
    assert config.classifier.model == f"{tmp_path / 'ours'} | somebody/nli"
    assert load(tmp_path, BRAND).classifier.model == "shipped"


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        ("", "would be lost with every command"),
        (":memory:", "would be lost with every command"),
        ("sqlite:///", "would be lost with every command"),
        ("mysql://root:hush@host/name", "a store on mysql is not known"),
    ],
)
def test_a_store_that_would_keep_nothing_is_refused(tmp_path: Path, store: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as refused:
        load(tmp_path, f'[groundswell]\nstore = "{store}"\n' + BRAND)
    assert "hush" not in str(refused.value)


def test_the_salt_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = load(tmp_path, BRAND), load(tmp_path, BRAND)
    assert first.salt == second.salt
    assert len(first.salt) == 64
    assert (tmp_path / ".groundswell-secret").stat().st_mode & 0o077 == 0


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="groundswell init"):
        find_config(tmp_path / "groundswell.toml", {})


def test_every_kind_of_source_has_settings_that_say_what_is_missing_or_unknown(tmp_path: Path) -> None:
    for kind in kinds():
        with pytest.raises(ConfigError, match=r'\[\[source\]\] "s"'):
            load(tmp_path, f'{BRAND}[[source]]\nname = "s"\nkind = "{kind}"\nno_such_key = 1\n')
