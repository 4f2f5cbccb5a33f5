"""An accelerated soak: the real daemon, a stand-in archive, a clock that runs fast, and troubles.

``python ops/soak --hours 400 --pace 6`` lets 400 hours pass, one in 6 seconds, or slower while the
daemon lags behind. SIGTERM ends it early. Prints a report as JSON and exits with 1 if anything was
not as it must be:

- every hour that was due has a valid product, or a log line says why not;
- ``latest`` was whole and never went back, for a reader who polled it throughout;
- memory and file descriptors stay where they were;
- every trouble shows in the metrics.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trouble
from fast import FastClock
from steady import steady
from sun import HOUR, GrowingArchive
from watch import READING, Reader, Scraper, Watcher

from pipeline import publish
from pipeline.simulator.server import ArchiveServer

EPOCH = datetime(2014, 5, 20, tzinfo=UTC)
HORIZON = 26  # hours; those older are settled, and audited
SETTINGS = {
    "ALLSUN_SURFACE__GRID": "360x180",
    "ALLSUN_SURFACE__MEMBERS": "1",
    "ALLSUN_CORONA__RADIAL_CELLS": "4",
    "ALLSUN_CORONA__SOURCE_SURFACE_SPREAD": "[2.5]",
    "ALLSUN_CORONA__OBSERVERS": '["earth"]',
    "ALLSUN_ENHANCE__NETWORKS": "[]",
    "ALLSUN_SERVICE__HORIZON": f"{HORIZON - 2}h",
    "ALLSUN_RETENTION__SUPERSEDED": "1d",
    "ALLSUN_RETENTION__PRODUCTS": "6d",
    "OMP_NUM_THREADS": "1",
}
LAG = 2  # hours that may wait at full pace
SLOWER = 10
PATIENCE = 900.0  # s in which everything has to have come right at the end


class Soak:
    """One soak in *folder*; :meth:`run` gives its report."""

    def __init__(self, folder: Path, hours: float, pace: float, seed: int) -> None:
        self.folder, self.hours, self.pace = folder, hours, pace
        self.data = folder / "data"
        self.chance = random.Random(seed)  # noqa: S311  no secret
        self.archive = GrowingArchive(folder / "archive", EPOCH, seed)
        self.port = _free_port()
        self.reasons: dict[str, str] = {}
        self.lines: Counter[str] = Counter()
        self.audited: dict[datetime, str] = {}
        self.first: datetime | None = None
        self.clock = FastClock.begin(folder / "clock", EPOCH, 3600 / pace / SLOWER)
        self.started = time.monotonic()
        self.ending = threading.Event()

    @property
    def now(self) -> datetime:
        """The clock as it would be had nobody set it."""
        return self.clock.undisturbed()

    def run(self) -> dict[str, object]:
        """Everything, and what came of it."""
        server = ArchiveServer(self.folder / "archive")
        self.url = server.url
        server.__enter__()
        growing = Watcher(lambda: self.archive.grow(self.now), self.pace / 20)
        stage = trouble.Stage(
            self.data, self.folder, server, self.folder / "archive", self.start, self.listened,
            self.listened(), self.clock, self.chance,
        )  # fmt: skip
        reader, scraper = Reader(self.data), Scraper(lambda: f"http://127.0.0.1:{self.port}")
        reading, scraping = Watcher(reader, 0.05), Watcher(scraper, max(0.5, self.pace / 6))
        while publish.Store(self.data).newest() is None:
            if stage.daemon.poll() is not None:
                raise RuntimeError(f"the daemon ended: {self.reasons}")
            time.sleep(0.2)
        self.first = publish.Store(self.data).newest().valid_time  # type: ignore[union-attr]
        pacing = Watcher(lambda: self.keep_pace(scraper), 1.0)
        shown = self.trouble(stage, scraper)
        last = self.now - HOUR
        pacing.stop()
        self.settle(scraper)
        self.audit(last)
        status = stop(stage)
        for watcher in (scraping, reading, growing):
            watcher.stop()
        stage.server.__exit__(None, None, None)
        return self.report(scraper, reader, reading, growing, shown, status)

    def keep_pace(self, scraper: Scraper) -> None:
        """Let the clock go slower while hours wait, so that a slow machine can do it as well."""
        lags = scraper.newest.get("allsun_jobs_waiting", 0.0) > LAG
        wanted, rate = 3600 / self.pace / (SLOWER if lags else 1), self.clock.rate
        # Gently: the daemon would take a leap for a clock that was set.
        self.clock.go(min(max(wanted, rate / 2), 2 * rate))

    def start(self) -> subprocess.Popen[bytes]:
        """The daemon."""
        words = ["run", "--data", f"{self.data}", "--archive", self.url]
        script = f"{Path(__file__).with_name('daemon.py')}"
        settings = SETTINGS | {"ALLSUN_SERVICE__PORT": f"{self.port}"}
        return subprocess.Popen(  # noqa: S603
            [sys.executable, script, f"{self.folder}", *words],
            env=os.environ | settings,
            stderr=subprocess.PIPE,
        )

    def listened(self) -> subprocess.Popen[bytes]:
        """The same, its log lines read as they come."""
        daemon = self.start()
        threading.Thread(target=self._read, args=(daemon,), daemon=True).start()
        return daemon

    def _read(self, daemon: subprocess.Popen[bytes]) -> None:
        with (self.folder / "log.jsonl").open("ab") as log:
            for line in daemon.stderr or ():
                log.write(line)
                log.flush()
                try:
                    told = json.loads(line)
                except ValueError:
                    self.lines["no JSON"] += 1
                    continue
                self.lines[f"{told.get('level')} {told.get('event')}"[:60]] += 1
                if told.get("outcome") in ("failed", "given up"):
                    self.reasons[told["hour"]] = told["reason"]

    def trouble(self, stage: trouble.Stage, scraper: Scraper) -> dict[str, dict[str, int]]:
        """One trouble after the other, drawn at random, each kind as often as the others."""
        shown: dict[str, Counter[str]] = {}
        bag: list[trouble.Trouble] = []
        open_: list[tuple[datetime, str, str, float]] = []
        end = self.now + timedelta(hours=self.hours)
        calm = self.now + timedelta(hours=0.6 * self.hours)
        while self.now < end and not self.ending.is_set():
            if not bag:
                deadly = trouble.DEADLY if self.now < calm else ()
                bag = [*trouble.ARCHIVE, *trouble.OTHERS, *deadly]
                self.chance.shuffle(bag)
            one = bag.pop()
            before = dict(scraper.grown)
            where = one(stage)
            counts = shown.setdefault(one.__name__, Counter())
            counts["injected"] += 1
            open_.append((self.now + 12 * HOUR, one.__name__, where, before.get(where, 0.0)))
            stage.rest(self.chance.uniform(0.5, 1.5))
            open_ = self._look(open_, shown, scraper)
            self.audit(self.now - HORIZON * HOUR)
        end = min(end, self.now)
        while open_ and self.now < end + 12 * HOUR:
            stage.rest(0.5)
            open_ = self._look(open_, shown, scraper)
        return {name: dict(counts) for name, counts in shown.items()}

    def _look(self, open_, shown, scraper):  # type: ignore[no-untyped-def]
        """Those troubles that have not shown yet and still may."""
        still = []
        for until, name, where, before in open_:
            if scraper.grown[where] > before:
                shown[name]["shown"] += 1
            elif self.now < until:
                still.append((until, name, where, before))
            else:
                shown[name]["not shown"] += 1
        return still

    def settle(self, scraper: Scraper) -> None:
        """Let what still waits come right, while the clock all but stands."""
        self.clock.go(3600 / self.pace / SLOWER**2)
        end = time.monotonic() + PATIENCE
        time.sleep(2 * self.pace)
        while time.monotonic() < end and scraper.newest.get("allsun_jobs_waiting"):
            time.sleep(1.0)

    def audit(self, until: datetime) -> None:
        """Judge every hour up to *until* that was not judged yet."""
        assert self.first is not None  # noqa: S101  the first set was waited for
        hour = max(self.audited, default=self.first - HOUR) + HOUR
        store = publish.Store(self.data)
        while hour <= until:
            found = next(store.before(hour + timedelta(minutes=1)), None)
            if found is not None and found.valid_time == hour:
                with READING:
                    faults = [f for path in found.files.values() for f in publish.validate(path)]
                self.audited[hour] = f"invalid: {faults}" if faults else "valid"
            else:
                why = self.reasons.get(f"{hour:%Y-%m-%dT%H:%MZ}")
                self.audited[hour] = f"reason: {why}" if why else "nothing"
            hour += HOUR

    def report(self, scraper, reader, reading, growing, shown, status):  # type: ignore[no-untyped-def]
        """All figures, and whether they are as they must be."""
        hours = Counter(verdict.partition(":")[0] for verdict in self.audited.values())
        cycles = {
            outcome: scraper.grown[f'allsun_cycles_total{{outcome="{outcome}"}}']
            for outcome in ("published", "unchanged", "failed")
        }
        flat, resources = steady(scraper.resources)
        series = "".join(f"{json.dumps(sample._asdict())}\n" for sample in scraper.resources)
        (self.folder / "resources.jsonl").write_text(series)
        unseen = {name: c["not shown"] for name, c in shown.items() if c.get("not shown")}
        good = (
            not hours["nothing"]
            and not hours["invalid"]
            and not (reading.faults or growing.faults or unseen)
            and flat
            and status == 0
        )
        return {
            "good": good,
            "hours_of_the_clock": round((self.now - EPOCH) / HOUR, 1),
            "seconds": round(time.monotonic() - self.started),
            "cycles": cycles,
            "cycles_in_all": sum(cycles.values()),
            "hours_due": dict(hours),
            "not_valid": {f"{h:%FT%RZ}": v for h, v in self.audited.items() if v != "valid"},
            "troubles": shown,
            "latest": {"looks": reading.looks, "sets": reader.sets, "faults": reading.faults[:5]},
            "scrapes": {"answered": len(scraper.resources), "unanswered": scraper.failures},
            "resources": resources,
            "archive_faults": growing.faults[:3],
            "log_lines": dict(self.lines.most_common(40)),
            "exit_status": status,
        }


def stop(stage: trouble.Stage) -> int:
    """SIGTERM, and the exit status."""
    stage.daemon.send_signal(signal.SIGTERM)
    return stage.daemon.wait(timeout=120)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main() -> None:
    """Run, print, and judge."""
    parser = argparse.ArgumentParser(prog="python ops/soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=400.0, help="of the clock")
    parser.add_argument("--pace", type=float, default=5.0, help="seconds that an hour takes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("run/soak"))
    asked = parser.parse_args()
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    soak = Soak(asked.folder.absolute(), asked.hours, asked.pace, asked.seed)
    signal.signal(signal.SIGTERM, lambda *_: soak.ending.set())
    report = soak.run()
    print(json.dumps(report, indent=1))
    sys.exit(0 if report["good"] else 1)


if __name__ == "__main__":
    main()
