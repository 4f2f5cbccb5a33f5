"""What the daemon does, job by job.

Knows: which hour comes next, what became of it, and what is shown of that. Refuses to know:
when a job runs, and how a cycle goes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from uuid import uuid4

import structlog

from pipeline import archives, publish, telemetry
from pipeline.acts import farside, intake, networks, sounding
from pipeline.archives import Group, Ledger
from pipeline.core import AllsunError, CannotWrite, clock
from pipeline.cycle import run_cycle
from pipeline.service import hours, memory, metrics, newest
from pipeline.service.hours import HOUR, Made
from pipeline.settings import Settings

REMEMBERED = 48  # cycles that the status page lists
MINUTE = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=30)  # from one attempt at an hour to the next

log = structlog.get_logger("allsun.service")


@dataclass(frozen=True, slots=True)
class Watch:
    """A group of archives, asked again and again.

    every : fetch all of its files within the horizon, not only the newest
    """

    group: Group
    every: bool = False

    @property
    def cadence(self) -> timedelta:
        """The shortest step between files of its archives."""
        return min(archive.cadence for tier in self.group.tiers for archive in tier)

    @property
    def latency(self) -> timedelta:
        """The shortest delay until a file appears."""
        return min(archive.latency for tier in self.group.tiers for archive in tier)


MAGNETOGRAMS = (Watch(archives.HMI, every=True), Watch(archives.GONG_FULL_DISK))
WATCHED = (
    *MAGNETOGRAMS,
    *(Watch(group) for group in sounding.GROUPS),
    Watch(archives.EUVI),
)


class Work:
    """The jobs of one data directory, and what they remember of each other.

    settings : in force; may be replaced between two jobs
    wake : called when an hour waits for the job ``cycle``
    """

    def __init__(self, settings: Settings, wake: Callable[[], None]) -> None:
        self.settings = settings
        self.cycles: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._wake = wake
        self._working = threading.Lock()
        self._looked: dict[datetime, datetime] = {}
        self._failed: dict[datetime, tuple[int, datetime]] = {}
        self._seen: dict[str, datetime] = {}
        self._waiting: list[datetime] = []
        self._judged: datetime | None = None

    # -- the jobs ------------------------------------------------------------------------

    def cycle(self) -> None:
        """Work through the hours that wait, the one that is due before all others."""
        with self._working, suppress(telemetry.Stopped):
            while ready := self._ready(self.waiting()):
                if not self._run(ready[0]):
                    return  # the next hour would meet the same full disk

    def fetch(self, watch: Watch) -> None:
        """Have by us what a group of archives offers, so that no cycle waits for it."""
        now = clock.now()
        if watch.group is archives.EUVI and not self._takes_pictures():
            return
        with intake.open_archives(self.settings) as fetcher:
            if watch.every:
                found = fetcher.between(watch.group, now - self.settings.service.horizon, now)
            else:
                age = max(self.settings.cycle.stale, 2 * (watch.latency + watch.cadence))
                found = fetcher.newest(watch.group, now, age)
        for problem in found.problems:
            log.warning("archive", reason=problem)
        if found.files:
            self._seen[watch.group.name] = found.files[-1].time
        self._nudge()

    def warm_up(self) -> None:
        """Open the networks before a cycle needs them, and show the newest map."""
        for name in self.settings.enhance.networks:
            try:
                networks.engine(name, self.settings)
            except AllsunError as error:
                log.warning("network", reason=str(error))
        self._show()

    def retention(self) -> None:
        """Delete what the settings no longer keep."""
        keep, now = self.settings.retention, clock.now()
        store = publish.Store(self.settings.data)
        sets = store.prune(now - keep.products, now - keep.superseded)
        files = archives.prune(self.settings.data / "cache", keep.cache)
        with closing(Ledger(self.settings.ledger_url)) as ledger:
            rows = ledger.prune(now - keep.cache)
        log.info("retention", sets=sets, cached_files=files, ledger_rows=rows)

    def self_check(self) -> None:
        """See whether the work goes on: hours that wait are worked on, or nothing waits."""
        self._waiting = self.waiting()
        metrics.WAITING.set(len(self._waiting))
        self._give_up(hours.full_hour(clock.now()) - self.settings.service.horizon - HOUR)
        if self._working.locked():
            return
        if self._ready(self._waiting):
            self._wake()
        else:
            telemetry.progressed()

    # -- from outside --------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """What an operator asks first, ready for JSON."""
        shown = metrics.NEWEST.shown
        return {
            "sources": dict(shown.area),
            "observed": {name: _iso(time) for name, time in shown.observed.items()},
            "newest_files": {name: f"{time:%FT%TZ}" for name, time in self._seen.items()},
            "waiting": [_hour(hour) for hour in self._waiting],
            "last_cycles": list(self.cycles),
        }

    def join(self, seconds: float) -> bool:
        """Wait at most so long for a running cycle to end; whether it did."""
        return self._working.acquire(timeout=seconds)

    # -- which hour ----------------------------------------------------------------------

    def waiting(self) -> list[datetime]:
        """Hours without a set, newest first, then hours whose set is out of date, oldest first."""
        now, settings = clock.now(), self.settings.service
        made = self._made(hours.full_hour(now) - settings.horizon - HOUR)
        due = hours.due(now, settings.deadline, self._enough)
        first = publish.Store(self.settings.data).oldest()
        begun = hours.full_hour(first) if first else due
        missed = [h for h in hours.missed(due, made, settings.horizon) if h >= begun or h == due]
        past = {hour: known for hour, known in made.items() if hour <= due}
        oldest = due - settings.horizon
        return [
            *missed,
            *hours.out_of_date(past, arrivals(self.settings, oldest - HOUR, now), oldest),
        ]

    def _ready(self, waiting: list[datetime]) -> list[datetime]:
        """Those of them that have not failed a moment ago."""
        now = clock.now()
        return [h for h in waiting if h not in self._failed or self._failed[h][1] <= now]

    def _enough(self, hour: datetime) -> bool:
        """Whether every archive that delivers before the deadline has delivered for *hour*."""
        fast = [w for w in MAGNETOGRAMS if w.latency <= self.settings.service.deadline]
        return bool(fast) and all(
            self._seen.get(w.group.name, hour - 2 * w.cadence) >= hour - w.cadence for w in fast
        )

    def _made(self, oldest: datetime) -> dict[datetime, Made]:
        """The full hours from *oldest* on that have a set."""
        now, made = clock.now(), dict[datetime, Made]()
        for found in self._sets(oldest):
            hour = found.valid_time
            if hour == hours.full_hour(hour) and hour not in made:
                # What a clock set since dates in the future counts as made at its own hour.
                created, looked = (
                    time if time <= now else hour
                    for time in (found.created, self._looked.get(hour, found.created))
                )
                made[hour] = Made(found.revision, created, looked)
        return made

    def _sets(self, oldest: datetime) -> Iterator[publish.ProductSet]:
        """Sets from *oldest* on, newest first, each in its highest revision first."""
        found = publish.Store(self.settings.data).before(datetime.max.replace(tzinfo=UTC))
        return takewhile(lambda one: one.valid_time >= oldest, found)

    def _takes_pictures(self) -> bool:
        """Whether a network of the settings makes magnetograms of pictures."""
        with suppress(AllsunError):
            names = self.settings.enhance.networks
            cards = (networks.network(name, self.settings).card for name in names)
            return any(card.task == farside.TASK for card in cards)
        return False

    # -- one hour ------------------------------------------------------------------------

    def _run(self, hour: datetime) -> bool:
        """One cycle, and the record of what became of it; False if nothing can be written."""
        writable = True
        begun, started = clock.now(), time.monotonic()
        record: dict[str, Any] = {"hour": _hour(hour), "begun": f"{begun:%FT%TZ}"}
        with structlog.contextvars.bound_contextvars(cycle=uuid4().hex[:8], hour=record["hour"]):
            try:
                products = run_cycle(hour, self.settings)
            except telemetry.Stopped as stopped:
                log.info("cycle", outcome="stopped", reason=str(stopped))
                raise
            except Exception as error:
                record |= self._failure(hour, error)
                writable = not isinstance(error, CannotWrite)
            else:
                fresh = products.created >= begun
                record |= {
                    "outcome": "published" if fresh else "unchanged",
                    "revision": products.revision,
                }
                self._failed.pop(hour, None)
                self._looked[hour] = begun
                self._show()
            seconds = time.monotonic() - started
            record["seconds"] = round(seconds, 3)
            metrics.CYCLES.labels(record["outcome"]).inc()
            metrics.CYCLE_SECONDS.observe(seconds)
            told = {k: v for k, v in record.items() if k not in ("hour", "begun")}
            (log.error if record["outcome"] == "failed" else log.info)("cycle", **told)
        self.cycles.appendleft(record)
        memory.give_back()
        return writable

    def _failure(self, hour: datetime, error: Exception) -> dict[str, Any]:
        """Let *hour* wait, the longer the more often it failed."""
        attempts = self._failed.get(hour, (0, hour))[0] + 1
        wait = min(MINUTE * 2 ** min(attempts - 1, 10), LONGEST_WAIT)
        self._failed[hour] = attempts, clock.now() + wait
        foreseen = isinstance(error, AllsunError)
        reason = str(error) if foreseen else f"{type(error).__name__}: {error}"
        if not foreseen:
            log.exception("unforeseen", reason=reason)
        return {"outcome": "failed", "reason": reason, "attempts": attempts}

    def _give_up(self, end: datetime) -> None:
        """Say of each hour before *end* that it has no set, and why it will have none."""
        if self._judged is None:
            store = publish.Store(self.settings.data)
            newest, first = store.newest(), store.oldest()
            if newest is None or first is None:
                return
            begin = max(first, newest.valid_time - self.settings.service.horizon)
            self._judged = hours.full_hour(begin)
        made = self._made(self._judged)
        while self._judged < end:
            hour = self._judged
            if hour not in made:
                attempts = self._failed.get(hour, (0, hour))[0]
                why = f"{attempts} attempts failed" if attempts else "it never had its turn"
                reason = f"{why}, and it lies beyond service.horizon."
                log.error("cycle", outcome="given up", hour=_hour(hour), reason=reason)
            self._judged += HOUR
        for known in (self._looked, self._failed):
            for hour in [hour for hour in known if hour < end]:
                del known[hour]

    def _show(self) -> None:
        """Let the figures of the newest map be those of the newest map."""
        try:
            metrics.NEWEST.shown = newest.shown(publish.Store(self.settings.data).newest())
        except AllsunError as error:
            log.warning("newest map", reason=str(error))

    def _nudge(self) -> None:
        if not self._working.locked() and self._ready(self.waiting()):
            self._wake()


def arrivals(settings: Settings, start: datetime, end: datetime) -> dict[datetime, datetime]:
    """When magnetograms of [start, end] came, by the time they are of.

    Pictures and sound are always late; they enter the map that comes next.
    """
    came: dict[datetime, datetime] = {}
    names = [a.name for watch in MAGNETOGRAMS for tier in watch.group.tiers for a in tier]
    try:
        with closing(Ledger(settings.ledger_url)) as ledger:
            files = (file for name in names for file in ledger.known(name, start, end))
            for file in files:
                if file.fetched_at <= end:  # else the clock has been set back since
                    latest = came.get(file.slot, file.fetched_at)
                    came[file.slot] = max(file.fetched_at, latest)
    except AllsunError as error:  # the hour that is due does not depend on it
        log.warning("ledger", reason=str(error))
    return came


def _hour(time: datetime) -> str:
    return f"{time:%FT%RZ}"


def _iso(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%FT%TZ}"
