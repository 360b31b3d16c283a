"""The configuration that comes with the demo fits the companies and would be read without a complaint."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from collector.demo import configuration
from collector.demo.companies import COMPANIES, source_name
from dashboard.config import Config, load_config


def loaded(folder: Path, anchor: date | None = None) -> Config:
    file = folder / "groundswell.toml"
    file.write_text(configuration(anchor), encoding="utf-8")
    return load_config(file, {})


def test_every_channel_of_every_company_is_a_source_of_its_brand(tmp_path: Path) -> None:
    sources = {source.name: source for source in loaded(tmp_path).sources}
    wanted = {source_name(c.key, channel): (c, channel) for c in COMPANIES.values() for channel in c.daily}
    assert set(sources) == set(wanted)
    for name, (company, channel) in wanted.items():
        assert sources[name].kind == "demo"
        assert sources[name].brand == company.name
        assert sources[name].settings.company == company.key
        assert sources[name].settings.channel == channel


def test_one_of_five_brands_is_ones_own(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert [brand.name for brand in config.brands] == [company.name for company in COMPANIES.values()]
    assert [brand.name for brand in config.brands if brand.own] == ["Kelpwind Ferries"]


def test_managers_are_nobody_and_no_mail_server_is_set(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert config.mail is None
    assert len(config.managers) >= 4
    assert all(manager.email is not None and manager.email.endswith(".example") for manager in config.managers)
    assert all("Sample" in manager.name for manager in config.managers)


def test_an_anchor_is_told_to_every_source(tmp_path: Path) -> None:
    anchors = {source.settings.anchor for source in loaded(tmp_path, date(2026, 3, 4)).sources}
    assert anchors == {date(2026, 3, 4)}
    assert {source.settings.anchor for source in loaded(tmp_path).sources} == {None}
