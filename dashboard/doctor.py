"""`groundswell doctor`: each part looked at in turn, what was found, and what to do about it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collector.store import Store
    from dashboard.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, whether it is well, and a sentence; good=None: nothing wrong, but worth knowing."""

    what: str
    good: bool | None
    sentence: str

    @property
    def sign(self) -> str:
        """A mark for the first column."""
        return {True: "ok", False: "FAULT", None: "note"}[self.good]

    def as_dict(self) -> dict[str, object]:
        """For --json."""
        return {"what": self.what, "good": self.good is not False, "sentence": self.sentence}


def examine(path: Path | None) -> list[Finding]:
    """Look at everything; a fault in one part does not keep the others from being looked at."""
    from dashboard.config import find_config, load_config
    from dashboard.jobs import store_of

    try:
        config = load_config(find_config(path))
    except Exception as error:  # noqa: BLE001  # every fault is a finding here
        return [Finding(what="configuration", good=False, sentence=str(error))]
    brands, sources = len(config.brands), len(config.sources)
    found = [Finding(what="configuration", good=True, sentence=f"{config.file}: {brands} brands, {sources} sources")]
    found += _permissions(config)
    if not config.brands:
        found.append(
            Finding(what="brands", good=False, sentence="No [[brand]] is configured: nothing is listened for.")
        )
    found.append(_tried("model", lambda: _model(config)))
    store: list[Store] = []

    def opened() -> str:
        store.append(store_of(config))
        return f"{store[0].engine.url.render_as_string(hide_password=True)} opens and is up to date"

    found.append(_tried("store", opened))
    if store:
        found += [_tried("reading", lambda: _waiting(store[0])), *_health(config, store[0])]
        store[0].engine.dispose()
    found.append(_mail(config))
    return found + _links(config)


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, good=True, sentence=look())
    except Exception as error:  # noqa: BLE001  # every fault is a finding here
        return Finding(what=what, good=False, sentence=f"{error}" or type(error).__name__)


def _permissions(config: Config) -> list[Finding]:
    secret = config.folder / f".{config.file.stem}-secret"
    if secret.exists() and secret.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return [Finding(what="secret", good=False, sentence=f"{secret} can be read by others: chmod 600 {secret}")]
    return []


def _model(config: Config) -> str:
    from sentiment.classifiers import load_classifier

    classifier = load_classifier(config.classifier.model, threads=config.classifier.threads)
    (reading,) = classifier.read(["The crew was lovely, but we were three hours late and nobody told us why."])
    aspects = ", ".join(f"{a.aspect} {a.polarity}" for a in reading.aspects)
    return f"{classifier.name} reads: a mixed sentence gives {reading.sentiment} ({aspects})"


def _waiting(store: Store) -> str:
    from sentiment.store.readings import count_set_aside, waiting

    with store.read() as conn:
        return f"{waiting(conn):,} mentions wait to be read, {count_set_aside(conn):,} were set aside"


def _health(config: Config, store: Store) -> list[Finding]:
    from collector.store.runs import state_of
    from dashboard.jobs import utc_now
    from dashboard.standing import State, standing

    good = {State.FRESH: True, State.FAILING: False, State.STALE: False}
    now = utc_now()
    with store.read() as conn:
        stand = [(s.name, standing(s, state_of(conn, s.name), now, config.zone)) for s in config.sources]
    return [Finding(what=f"source {name}", good=good.get(how.state), sentence=how.sentence) for name, how in stand]


def _links(config: Config) -> list[Finding]:
    base = config.alerts.base_url or ""
    if config.mail is None or urlsplit(base).hostname not in {"127.0.0.1", "localhost", "0.0.0.0", "::1", "::"}:  # noqa: S104  # looked for, not bound to
        return []
    sentence = (
        f"Links in mails lead to {base}, which only this machine reaches. "
        "Give the address that people use as url under [dashboard]; https:// also lets them unsubscribe with one click."
    )
    return [Finding(what="links", good=None, sentence=sentence)]


def _mail(config: Config) -> Finding:
    from dashboard.alerts.channels import ChannelError
    from dashboard.alerts.channels.email import check

    if config.mail is None:
        return Finding(
            what="mail", good=None, sentence="No [mail] section: alerts stay in the outbox, nobody gets mail."
        )
    try:
        check(config.mail)
    except ChannelError as error:
        return Finding(what="mail", good=False, sentence=str(error))
    return Finding(
        what="mail", good=True, sentence=f"{config.mail.host}:{config.mail.port_used} answers and lets us in"
    )
