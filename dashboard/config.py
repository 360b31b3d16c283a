"""The only reader of groundswell.toml and of the environment: a checked Config, or one sentence on what is wrong."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.brand import Brand
from collector.proxy import check_proxy
from collector.sources import SourceConfig, kinds
from dashboard.alerts.settings import AlertSettings, MailSettings, Manager
from dashboard.alerts.silence import Silence
from dashboard.binding import ConfigError, Where, bind, nearest
from sentiment.spikes.spike import SpikeSettings
from sentiment.taxonomy import taxonomy

FILE = "groundswell.toml"
SQLITE = "sqlite:///"
SECTIONS = ("groundswell", "brand", "source", "classifier", "spikes", "mail", "alerts", "manager", "dashboard")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralSettings:
    """[groundswell]: what concerns every room.

    store      path (from the file's folder) or SQLAlchemy URL; a URL with a password is better put into
               GROUNDSWELL_STORE
    timezone   the owner's: days in charts, counts and exports are calendar days there
    lens       the framework that screens and mails speak in unless told otherwise
    keep_author_names  whether displayed names are kept beside the salted hash
    leave_out_suspects  whether suspect mentions (bots, floods, review bombing) are kept but do not count as voices
    proxy      HTTP proxy through which all sources are reached; a password in it is better put into GROUNDSWELL_PROXY
    keep_for   how long mentions are kept; None: for ever
    """

    store: str = field(default="groundswell.db", repr=False)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    lens: str = "rater"
    keep_author_names: bool = False
    leave_out_suspects: bool = False
    proxy: str | None = field(default=None, repr=False)
    keep_for: timedelta | None = None

    def __post_init__(self) -> None:
        if self.proxy is not None:
            check_proxy(self.proxy)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSettings:
    """[classifier]: the model that reads: "shipped", a folder of a trained one, or a Hugging Face name (extra hub)."""

    model: str = "shipped"
    threads: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSettings:
    """[dashboard]: where the screens are served; `url` is how people reach them (links in mails)."""

    address: str = "127.0.0.1"
    port: int = 8501
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that is configured. folder: where the file lies; relative paths start there."""

    file: Path
    general: GeneralSettings
    brands: tuple[Brand, ...]
    sources: tuple[SourceConfig, ...]
    classifier: ClassifierSettings
    spikes: SpikeSettings
    mail: MailSettings | None
    alerts: AlertSettings
    managers: tuple[Manager, ...]
    dashboard: DashboardSettings
    salt: bytes = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where the configuration lies."""
        return self.file.parent

    @property
    def zone(self) -> ZoneInfo:
        """The owner's zone."""
        return self.general.timezone

    @property
    def own_brand(self) -> str | None:
        """The first brand that is one's own, else the first brand."""
        own = [brand.name for brand in self.brands if brand.own] or [brand.name for brand in self.brands]
        return own[0] if own else None

    @property
    def store_url(self) -> str:
        """The store as an SQLAlchemy URL or an absolute path."""
        store = self.general.store.removeprefix(SQLITE)
        return store if "://" in store else str((self.folder / store).resolve())

    @property
    def link_base(self) -> str:
        """Where people reach the dashboard."""
        return self.dashboard.url or f"http://{self.dashboard.address}:{self.dashboard.port}"

    def source(self, name: str) -> SourceConfig:
        """The source of this name; ConfigError with the nearest known one otherwise."""
        for source in self.sources:
            if source.name == name:
                return source
        raise ConfigError(f'There is no source "{name}"; {nearest(name, [s.name for s in self.sources])}.')


def find_config(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration to use: the one given, else GROUNDSWELL_CONFIG, else groundswell.toml here."""
    path = given or Path(environment.get("GROUNDSWELL_CONFIG", FILE))
    if path.is_dir():
        path = path / FILE
    if not path.is_file():
        raise ConfigError(
            f"There is no {path}. Make one with: groundswell init   (or try the sample company: groundswell up --demo)"
        )
    return path.resolve()


def load_config(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check a configuration file. Raises ConfigError with one sentence."""
    raw = _toml(path)
    where = Where(path.name)
    for section in raw:
        if section not in SECTIONS:
            raise ConfigError(f"{where}, [{section}]: there is no such section; {nearest(section, SECTIONS)}.")
    reader = _Reader(path=path, environment=environment)
    general = reader.one(GeneralSettings, raw, "groundswell")
    if general.lens not in taxonomy().lenses:
        raise ConfigError(
            f'{where}, [groundswell], key "lens": {general.lens!r} is no lens; '
            f"{nearest(general.lens, list(taxonomy().lenses))}."
        )
    _check_store(general.store, where)
    salt = _salt(reader, path.parent / f".{path.stem}-secret")
    board = reader.one(DashboardSettings, raw, "dashboard")
    brands = tuple(reader.many(Brand, raw, "brand"))
    config = Config(
        file=path,
        general=general,
        brands=brands,
        sources=tuple(_sources(reader, raw, brands, general)),
        classifier=_found(reader.one(ClassifierSettings, raw, "classifier"), path.parent),
        spikes=reader.one(SpikeSettings, {"spikes": {"zone": general.timezone.key} | raw.get("spikes", {})}, "spikes"),
        mail=reader.one(MailSettings, raw, "mail") if "mail" in raw else None,
        alerts=_alerts(reader, raw, board, salt),
        managers=tuple(reader.many(Manager, raw, "manager")),
        dashboard=board,
        salt=salt,
    )
    _check_routes(config, where)
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    path: Path
    environment: Mapping[str, str] = field(repr=False)

    def one(self, kind: type[Any], raw: Mapping[str, Any], section: str) -> Any:
        table = raw.get(section, {})
        where = Where(f"{self.path.name}, [{section}]")
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: expected one table [{section}], found {type(table).__name__}.")
        return self.bound(kind, table, where, section)

    def many(self, kind: type[Any], raw: Mapping[str, Any], section: str) -> list[Any]:
        return [self.bound(kind, t, w, f"{section}_{t.get('name', '')}") for t, w in self.tables(raw, section)]

    def tables(self, raw: Mapping[str, Any], section: str) -> list[tuple[dict[str, Any], Where]]:
        """The entries of a repeated section with their places; each has a name of its own."""
        tables = raw.get(section, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise ConfigError(f"{self.path.name}, [[{section}]]: write it with two brackets, once for each {section}.")
        placed, seen = [], set()
        for number, table in enumerate(tables, 1):
            name = table.get("name")
            shown = f'"{name}"' if name else f"number {number}"
            where = Where(f"{self.path.name}, [[{section}]] {shown}")
            if not isinstance(name, str) or not name.strip():
                raise ConfigError(f'{where}, key "name": every {section} needs a name.')
            if len(name) > 100:
                raise ConfigError(f'{where}, key "name": at most 100 characters.')
            if name in seen:
                raise ConfigError(f"{where}: there are two of this name; names must differ.")
            seen.add(name)
            placed.append((table, where))
        return placed

    def bound(self, kind: type[Any], table: Mapping[str, Any], where: Where, prefix: str) -> Any:
        def name_of(key: str) -> str:
            return _env_name(prefix, key)

        def secret_of(key: str) -> str | None:
            given = self.secret(name_of(key), where)
            shared = next(f.metadata.get("env") for f in fields(kind) if f.name == key)
            return self.secret(shared, where) if given is None and shared and key not in table else given

        return bind(kind, table, where, secret=secret_of, secret_name=name_of, folder=self.path.parent)

    def secret(self, name: str, where: Where) -> str | None:
        """The value of NAME, or the content of the file that NAME_FILE names."""
        if file := self.environment.get(f"{name}_FILE"):
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{where}: {name}_FILE names {file}, which cannot be read: {error}.") from error
        return self.environment.get(name)


def _env_name(prefix: str, key: str) -> str:
    full = f"{key}" if prefix == "groundswell" else f"{prefix}_{key}"
    return "GROUNDSWELL_" + re.sub(r"[^A-Z0-9]+", "_", full.upper()).strip("_")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


_SHARED = {f.name for f in fields(SourceConfig)} - {"settings"}


def _sources(
    reader: _Reader, raw: Mapping[str, Any], brands: tuple[Brand, ...], general: GeneralSettings
) -> list[SourceConfig]:
    found = []
    names = [brand.name for brand in brands]
    for table, where in reader.tables(raw, "source"):
        kind = table.get("kind")
        if kind not in kinds():
            near = nearest(str(kind), list(kinds()))
            raise ConfigError(f'{where}, key "kind": {kind!r} is no kind of source; {near}.')
        brand = table.get("brand")
        if brand is not None and brand not in names:
            near = nearest(str(brand), names)
            raise ConfigError(f'{where}, key "brand": there is no [[brand]] named {brand!r}; {near}.')
        shared = {key: value for key, value in table.items() if key in _SHARED}
        own = {key: value for key, value in table.items() if key not in _SHARED}
        settings_kind = kinds()[str(kind)].Settings
        shared.setdefault("enabled", not getattr(kinds()[str(kind)], "OFF_BY_DEFAULT", False))
        _known_keys(own, settings_kind, where)
        if "zone" in {f.name for f in fields(settings_kind)}:
            own.setdefault("zone", general.timezone.key)
        settings = reader.bound(settings_kind, own, where, f"source_{table['name']}")
        bound = bind(SourceConfig, shared | {"settings": {}}, where)
        found.append(replace(bound, settings=settings, proxy=bound.proxy or general.proxy))
    return found


def _known_keys(own: Mapping[str, Any], settings_kind: type[Any], where: Where) -> None:
    known = {f.name for f in fields(settings_kind)} | _SHARED
    for key in own:
        if key not in known:
            raise ConfigError(f"{where.key(key)}: there is no such key; {nearest(key, known)}.")


def _alerts(reader: _Reader, raw: Mapping[str, Any], board: DashboardSettings, salt: bytes) -> AlertSettings:
    table = dict(raw.get("alerts", {}))
    table.setdefault("base_url", board.url or f"http://{board.address}:{board.port}")
    table.setdefault("secret", salt.hex())
    bound: AlertSettings = reader.one(AlertSettings, {"alerts": table}, "alerts")
    return bound


def _found(classifier: ClassifierSettings, folder: Path) -> ClassifierSettings:
    """The same models; those that are folders by their place, wherever a command is run."""
    names = [name.strip() for name in classifier.model.split("|")]
    placed = [str(folder / name) if (folder / name).is_dir() and name != "shipped" else name for name in names]
    return replace(classifier, model=" | ".join(placed))


def _check_store(named: str, where: Where) -> None:
    place = f'{where}, [groundswell], key "store"'
    scheme, is_url, _ = named.removeprefix(SQLITE).partition("://")
    if is_url and scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise ConfigError(f"{place}: a store on {scheme} is not known; name a file, or postgresql://user@host/name.")
    if not is_url and scheme in {"", ":memory:"}:
        raise ConfigError(f"{place}: name a file; what is kept in memory would be lost with every command.")


def _check_routes(config: Config, where: Where) -> None:
    for number, planned in enumerate(config.alerts.planned, 1):
        _check_names(planned, config, Where(f"{where}, [[alerts.planned]] number {number}"))
    for manager in config.managers:
        place = Where(f'{where}, [[manager]] "{manager.name}"')
        _check_names(manager, config, place)
        samples_only = all(source.kind == "demo" for source in config.sources)
        if manager.email and config.mail is None and not samples_only:
            raise ConfigError(f"{place} has an e-mail address, but there is no [mail] section to send by.")


def _check_names(told: Manager | Silence, config: Config, place: Where) -> None:
    """What somebody is told of, or not told of, exists: else nobody would be told, or everybody all the same."""
    brands = [brand.name for brand in config.brands]
    sources = [source.name for source in config.sources]
    for brand in told.brands:
        if brand not in brands:
            raise ConfigError(f'{place}, key "brands": there is no brand {brand!r}; {nearest(brand, brands)}.')
    for source in told.sources:
        if source not in sources:
            raise ConfigError(f'{place}, key "sources": there is no source {source!r}; {nearest(source, sources)}.')
    for dimension in told.dimensions:
        _check_dimension(dimension, place)


def _check_dimension(dimension: str, place: Where) -> None:
    facets = taxonomy().facets()
    known = set(facets) | {facet.partition("/")[2] for facet in facets if "/" in facet}
    if dimension not in known:
        raise ConfigError(f'{place}, key "dimensions": there is no {dimension!r}; {nearest(dimension, known)}.')


def _salt(reader: _Reader, file: Path) -> bytes:
    """The secret that author keys are hashed with: GROUNDSWELL_SALT(_FILE), else made once and kept beside the file."""
    given = reader.secret("GROUNDSWELL_SALT", Where("environment"))
    if given:
        return given.encode()
    try:
        if not file.exists():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_hex(32))
        return file.read_text().strip().encode()
    except FileExistsError:
        return file.read_text().strip().encode()
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be kept ({error.strerror}): it holds the secret that author names are hashed with. "
            "Make the folder writable, or set GROUNDSWELL_SALT in the environment."
        ) from error
