"""`groundswell up`: the schedule in this process, the dashboard in a second one beside it, until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from dashboard.binding import ConfigError
from dashboard.theme import streamlit_arguments

if TYPE_CHECKING:
    from dashboard.commands.console import Session
    from dashboard.config import Config


def demo_config(folder: Path, *, fresh: bool) -> Path:
    """The configuration of the sample company, in a folder of its own that is made where it is missing."""
    from collector.demo import configuration
    from dashboard.jobs import utc_now

    if fresh and (folder / "groundswell.toml").exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "groundswell.toml"
    if not file.exists():
        file.write_text(configuration(utc_now().date()), encoding="utf-8")
    return file


def serve(session: Session, *, port: int | None, dashboard: bool) -> None:
    """Run everything until SIGINT or SIGTERM; the page in hand is finished, a second signal ends at once."""
    from dashboard.commands.console import say
    from dashboard.jobs import Schedule

    started = monotonic()
    config = session.config
    chosen = port or config.dashboard.port
    if dashboard:
        _port_is_free(config.dashboard.address, chosen)
    pipeline = session.pipeline
    pipeline.tell = lambda line: say(f"{monotonic() - started:7.1f} s  {line}")
    child = _start_dashboard(config, chosen) if dashboard else None
    ended = threading.Event()
    _on_signal(ended)
    if child is not None:
        say(f"Dashboard: http://{config.dashboard.address}:{chosen}   (Ctrl-C ends everything)")
    watched = sum(source.enabled for source in config.sources)
    say(f"Watching {len(config.brands)} brands at {watched} sources; everything is kept in {config.folder}")
    if child is not None and hasattr(os, "nice"):
        os.nice(10)  # People wait for screens; nobody waits for a batch that is read a moment later.
    schedule = Schedule(pipeline)
    schedule.start()
    try:
        _wait(ended, child)
    finally:
        say("Ending: the pages in hand are finished first.")
        schedule.close()
        if child is not None:
            _end(child)
        pipeline.store.engine.dispose()
        say("Ended.")


def _on_signal(ended: threading.Event) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        if ended.is_set():
            os._exit(130)
        ended.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def _wait(ended: threading.Event, child: subprocess.Popen[bytes] | None) -> None:
    while not ended.wait(1.0):
        if child is not None and child.poll() is not None:
            raise DashboardEnded(
                f"The dashboard ended by itself with code {child.returncode}; the lines above say why. "
                "The schedule was ended too; start again with: groundswell up"
            )


class DashboardEnded(Exception):
    """The Streamlit process is gone; the message says what to do."""


def _port_is_free(address: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ConfigError(
                f"The dashboard cannot be served on {address}:{port} ({error.strerror}). "
                "End what runs there, or choose another port: groundswell up --port 8502"
            ) from error


def _start_dashboard(config: Config, port: int) -> subprocess.Popen[bytes]:
    app = resources.files("dashboard").joinpath("served.py")
    command = [sys.executable, "-m", "streamlit", "run", str(app), *streamlit_arguments()]
    command += [f"--server.address={config.dashboard.address}", f"--server.port={port}"]
    # A session of its own: Ctrl-C reaches this process alone, which then ends the other in order.
    return subprocess.Popen(  # noqa: S603  # our own interpreter and app; nothing of it is typed by a stranger
        command,
        env=os.environ | {"GROUNDSWELL_CONFIG": str(config.file)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
