"""Products served while cycles run, to more readers than there will ever be."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from command import ALLSUN, SMALL, installed
from small_archive import SmallArchive

HOUR = timedelta(hours=1)
BEHIND = 6  # hours that the daemon has to make up for, which keeps it busy
CYCLES = 2  # that have to end under load
PATIENCE = 300.0  # s; what never comes fails after it
QUICK = SMALL | {"ALLSUN_SURFACE__MEMBERS": "1", "ALLSUN_ENHANCE__NETWORKS": "[]"}
ATTACKS = (
    b"GET /products/..%2f..%2fallsun.toml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /latest/../../ledger.sqlite HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /products//etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
)


class Busy:
    """A daemon that is hours behind, and where it serves."""

    def __init__(self, folder: Path) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        archive = SmallArchive(folder / "archive", hour)
        begin = hour - BEHIND * HOUR
        archive.synoptic(begin - 25 * HOUR)
        for hours in range(BEHIND):
            archive.hmi(begin + hours * HOUR)
        where = ("--data", folder / "data", "--archive", archive.root)
        first = installed("once", "--at", f"{begin:%FT%H:%MZ}", *where, **QUICK)
        assert first.returncode == 0, first.stderr
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [ALLSUN, "run", *map(str, where)],
                env=os.environ | QUICK | {"ALLSUN_SERVICE__PORT": "0"},
                stderr=log,
            )
        self.address = self._address()

    def _address(self) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := [line["address"] for line in self._lines() if line["event"] == "started"]:
                return str(found[0])
            time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def published(self) -> int:
        """Cycles that have ended well."""
        return sum(line.get("outcome") == "published" for line in self._lines())

    def _lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Busy]:
    if shutil.which("wrk") is None:
        pytest.skip("wrk is absent: install that package")
    busy = Busy(tmp_path)
    yield busy
    busy.process.send_signal(signal.SIGTERM)
    busy.process.wait(timeout=120)


def refused(address: str, request: bytes) -> bool:
    """Whether *request* is turned away, or the connection."""
    host, _, port = address.partition(":")
    answer = b""
    try:
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(request)
            while part := connection.recv(65536):
                answer += part
    except ConnectionError:  # closed before all of it was read
        pass
    return not answer or answer.split()[1].startswith(b"4")


def test_readers_are_served_without_an_error_while_cycles_run(busy: Busy, tmp_path: Path) -> None:
    found = httpx.get(f"http://{busy.address}/products/latest.json", timeout=60).json()
    pages = ["/products/latest.json", *(f"/products/{name}" for name in found["files"].values())]
    pages += ["/latest/set.json", "/metrics", "/status", "/healthz"]
    script = tmp_path / "pages.lua"
    script.write_text(
        f"local pages = {{{', '.join(json.dumps(page) for page in pages)}}}\nlocal n = 0\n"
        "request = function() n = n + 1; return wrk.format('GET', pages[n % #pages + 1]) end\n"
    )
    served, before, end = 0, busy.published(), time.monotonic() + PATIENCE
    load = ["wrk", "--threads=1", "--connections=16", "--duration=5s", "--timeout=60s"]
    while busy.published() < before + CYCLES and time.monotonic() < end:
        wrk = subprocess.Popen(
            [*load, f"--script={script}", f"http://{busy.address}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert all(refused(busy.address, attack) for attack in ATTACKS)
        told = wrk.communicate()[0]
        assert "Non-2xx" not in told, told
        assert "Socket errors" not in told, told
        served += int(re.search(r"(\d+) requests in", told)[1])  # type: ignore[index]
    assert busy.published() >= before + CYCLES
    assert served > 100
    assert "unforeseen" not in busy.log.read_text()
