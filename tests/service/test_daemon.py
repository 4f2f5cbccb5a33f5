"""The real process: what it says, what it obeys, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from command import ALLSUN, SMALL, installed

T = TypeVar("T")
PATIENCE = 300.0  # s; what never comes fails after it


class Running:
    """A daemon; by default on an archive where nothing of today is."""

    def __init__(self, folder: Path, archive: object = None, more: str = "") -> None:
        (folder / "archive").mkdir()
        archive = archive or folder / "archive"
        self.data = folder / "data"
        self.config = folder / "allsun.toml"
        self.config.write_text(f"service.port = 0\n{more}")
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(folder / "notify"))
        self.notices.settimeout(PATIENCE)
        self.log = folder / "log"
        self.where = ("--data", self.data, "--archive", archive, "--config", self.config)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [ALLSUN, "run", *map(str, self.where)],
                env=os.environ | SMALL | {"NOTIFY_SOCKET": str(folder / "notify")},
                stderr=log,
            )
        assert self.notices.recv(100) == b"READY=1"
        address = self.line("started")["address"]
        self.client = httpx.Client(base_url=f"http://{address}", timeout=30)

    def line(self, event: str, **values: str) -> dict[str, str]:
        """The first log line of that kind, waited for."""

        def found() -> dict[str, str] | None:
            told = [json.loads(line) for line in self.log.read_text().splitlines()]
            return next(
                (t for t in told if t["event"] == event and values.items() <= t.items()), None
            )

        return wait(found)

    def end(self) -> None:
        """Whatever became of it."""
        self.client.close()
        self.notices.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def wait(look: Callable[[], T | None]) -> T:
    """What *look* gives, as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("daemon"))
    yield running
    running.end()


def test_an_hour_without_anything_observed_is_a_failure_with_its_reason(daemon: Running) -> None:
    line = daemon.line("cycle", outcome="failed")
    assert line["reason"].startswith("There is neither an observation up to")
    assert line["level"] == "error"
    assert len(line["cycle"]) == 8
    status = daemon.client.get("/status").json()
    assert status["last_cycles"][0]["outcome"] == "failed"
    assert set(status["next_runs"]) >= {"cycle", "retention", "self-check", "fetch hmi"}
    assert 'allsun_cycles_total{outcome="failed"} 1.0' in daemon.client.get("/metrics").text


def test_it_is_healthy_without_being_ready(daemon: Running) -> None:
    assert daemon.client.get("/healthz").status_code == 200
    answer = daemon.client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "nothing has been published yet")


def test_systemd_hears_of_progress(daemon: Running) -> None:
    assert daemon.notices.recv(100) == b"WATCHDOG=1"


def test_a_second_one_on_the_same_data_refuses(daemon: Running) -> None:
    second = installed("run", *daemon.where)
    assert second.returncode == 1
    assert second.stderr == (
        f"allsun: {daemon.data}: a daemon works on this data directory already "
        f"(process {daemon.process.pid}); stop it, or give another --data.\n"
    )
    daemon.line("daemon", reason="Another one was started on this data, and refused.")
    assert "\nallsun_daemons_refused_total 1.0\n" in daemon.client.get("/metrics").text


def test_settings_are_read_again_and_bad_ones_are_not_taken(daemon: Running) -> None:
    daemon.config.write_text("service.port = 0\ncycle.stale = '3h'\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait(lambda: daemon.line("settings").get("digest"))
    daemon.config.write_text("cycle.stail = '3h'\n")
    daemon.process.send_signal(signal.SIGHUP)
    line = daemon.line("settings", level="error")
    assert "did you mean 'cycle.stale'" in line["reason"]
    assert line["reason"].endswith("The ones before stay in force.")


def test_sigterm_ends_it_in_good_order(daemon: Running) -> None:
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(timeout=90) == 0
    heard = b""
    while heard != b"STOPPING=1":
        heard = daemon.notices.recv(100)
    assert json.loads(daemon.log.read_text().splitlines()[-1])["event"] == "ended"


def test_a_cycle_that_hangs_is_abandoned_when_the_grace_period_is_over(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes requests and never answers
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        running = Running(tmp_path, archive=address, more="service.grace = '0.03m'\n")
        try:
            begun = 'allsun_stage_duration_seconds_count{stage="ready"} 1.0'
            wait(lambda: begun in running.client.get("/metrics").text)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=60) == 0  # no archive is given up as soon
            events = [json.loads(line)["event"] for line in running.log.read_text().splitlines()]
            assert events[-1] == "ended"
            assert "cycle" not in events
        finally:
            running.end()
