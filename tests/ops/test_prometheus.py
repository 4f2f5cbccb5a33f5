"""A real Prometheus, the real daemon and the rules: what is told when an archive stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml
from command import ALLSUN, SMALL
from promtool import RULES, program, queries, rules
from small_archive import SmallArchive

T = TypeVar("T")
HOUR = timedelta(hours=1)
PATIENCE = 300.0  # s; what never comes fails after it
QUICK = (
    "service.port = 0\nservice.deadline = '1m'\nservice.horizon = '65m'\nenhance.networks = []\n"
)


def wait(look: Callable[[], T | None]) -> T:
    """What *look* gives, as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError("it never came")


@contextmanager
def running(*command: object, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process while it is needed; then it is asked to end."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=os.environ | SMALL | {"ALLSUN_SURFACE__MEMBERS": "2"},
            stdout=file,
            stderr=file,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def address_of(log: Path) -> str | None:
    """Where the daemon serves, once it says so."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return next((line["address"] for line in lines if line["event"] == "started"), None)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Prometheus:
    """One that scrapes every second."""

    def __init__(self, folder: Path, target: str, rule_file: Path) -> None:
        self.port = free_port()
        self.folder = folder
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rule_file)],
            "scrape_configs": [{"job_name": "allsun", "static_configs": [{"targets": [target]}]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self.command = (
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        )

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its interface, or None while it does not answer."""
        try:
            answer = httpx.get(
                f"http://127.0.0.1:{self.port}/api/v1/{path}", params=parameters, timeout=30
            )
        except httpx.TransportError:
            return None
        return answer.json()["data"] if answer.status_code == 200 else None

    def judged(self) -> list[Any] | None:
        """The rules, once all have been evaluated."""
        groups = (self.get("rules") or {}).get("groups", [])
        loaded = [rule for group in groups for rule in group["rules"]]
        return None if "unknown" in {rule["health"] for rule in loaded} else loaded

    def states(self, alert: str) -> dict[str, str]:
        """State of an alert by instrument."""
        alerts = (self.get("alerts") or {}).get("alerts", [])
        found = [entry for entry in alerts if entry["labels"]["alertname"] == alert]
        return {entry["labels"]["instrument"]: entry["state"] for entry in found}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The daemon on an archive that was alive up to the last full hour, and where it serves."""
    program("prometheus")
    folder = tmp_path_factory.mktemp("operation")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    archive = SmallArchive(folder / "archive", hour)
    archive.synoptic(hour - 25 * HOUR)
    archive.hmi(hour)
    archive.gong(hour - HOUR / 6)
    (folder / "allsun.toml").write_text(QUICK)
    log = folder / "daemon.log"
    where = ("--data", folder / "data", "--archive", archive.root, "--config")
    with running(ALLSUN, "run", *where, folder / "allsun.toml", log=log):
        yield folder, wait(lambda: address_of(log))


def observed(text: str) -> dict[str, float]:
    """Times of the newest observations on a page of metrics, by instrument."""
    name = 'allsun_observation_newest_timestamp_seconds{instrument="'
    lines = [line.removeprefix(name) for line in text.splitlines() if line.startswith(name)]
    return {line.partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_the_operator_hears_that_the_archive_has_stopped(daemon: tuple[Path, str]) -> None:
    folder, address = daemon

    def both() -> dict[str, float] | None:
        newest = observed(httpx.get(f"http://{address}/metrics", timeout=30).text)
        return newest if newest.keys() == {"hmi", "gong"} else None

    newest = wait(both)  # one archive's job may end before the other's

    # The rules as they are, but for the time that HMI's next frame may take.
    oldest = time.time() - min(newest.values())
    hasty = RULES.read_text().replace("> 6 * 3600", f"> {oldest + 15.0:.0f}")
    hasty = hasty.replace("for: 10m", "for: 2s")
    (folder / "allsun.rules.yml").write_text(hasty)
    prometheus = Prometheus(folder, address, folder / "allsun.rules.yml")
    with ExitStack() as stack:
        stack.enter_context(running(*prometheus.command, log=folder / "prometheus.log"))
        wait(lambda: (prometheus.get("query", query="up") or {}).get("result"))
        before = time.time()
        first = wait(lambda: prometheus.states("AllsunInstrumentStale"))
        assert time.time() > before
        assert first.keys() == {"gong"}
        wait(lambda: prometheus.states("AllsunInstrumentStale").get("gong") == "firing")
        age = time.time() - newest["gong"]
        assert age > oldest + 15.0

        assert prometheus.states("AllsunProductStale") == {}
        # Prometheus begins each group at a time of its own within the first interval.
        loaded = wait(prometheus.judged)
        assert len(loaded) == len(rules("alert") + rules("record"))
        assert {rule["health"] for rule in loaded} == {"ok"}
        for query in queries():
            assert prometheus.get("query", query=query) is not None, query
        told = prometheus.get("alerts")["alerts"]
        summary = next(a["annotations"]["summary"] for a in told if "instrument" in a["labels"])
        assert summary.startswith("Nothing new from gong for ")
