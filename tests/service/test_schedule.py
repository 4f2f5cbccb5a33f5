"""What the schedule does with runs that come late, twice or at an odd moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.events import (
    EVENT_ALL,
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    EVENT_JOB_SUBMITTED,
    JobEvent,
)
from prometheus_client import REGISTRY
from small_archive import small_settings

from pipeline.core import clock
from pipeline.service.schedule import AfterTheHour, Schedule, interval
from pipeline.service.work import WATCHED, Work

MINUTE = timedelta(minutes=1)
PATIENCE = 120.0  # s; what never comes fails after it
POLLS = {f"fetch {watch.group.name}": interval(watch.cadence) for watch in WATCHED}
OTHERS = {"cycle", "retention", "self-check"}


class Started:
    """A schedule over an empty archive, after each of its jobs has run once."""

    def __init__(self, folder: Path) -> None:
        self.work = Work(small_settings(folder, folder / "data"), lambda: None)
        self.schedule = Schedule(self.work, 45 * MINUTE)
        self.jobs = self.schedule._jobs
        self._told: list[tuple[int, str]] = []
        self._telling = threading.Condition()
        self.jobs.add_listener(self._tell, EVENT_ALL)
        self.schedule.start()
        for name in POLLS.keys() | OTHERS:
            self.wait_for(EVENT_JOB_EXECUTED, name)

    def _tell(self, event: object) -> None:
        if isinstance(event, JobEvent):
            with self._telling:
                self._told.append((event.code, event.job_id))
                self._telling.notify_all()

    def times(self, code: int, name: str) -> int:
        """How often a job met an event."""
        return self._told.count((code, name))

    def wait_for(self, code: int, name: str, times: int = 1) -> None:
        """Return when a job has met an event so often."""
        with self._telling:
            came = self._telling.wait_for(lambda: self.times(code, name) >= times, PATIENCE)
        assert came, f"{name} never did"

    def oversleep(self, by: timedelta) -> None:
        """Make every job late, as the sleep of a machine does."""
        self.jobs.pause()
        for job in self.jobs.get_jobs():
            job.modify(next_run_time=datetime.now(UTC) - by)
        self.jobs.resume()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    (tmp_path / "data").mkdir()
    started = Started(tmp_path)
    yield started
    started.schedule.stop()


def growth(counter: str, task: str) -> Callable[[], float]:
    """By how much a counter of jobs grows from now on."""

    def value() -> float:
        name = f"allsun_jobs_{counter}_total"
        return REGISTRY.get_sample_value(name, {"task": task}) or 0.0

    before = value()
    return lambda: value() - before


def test_a_run_while_the_one_before_goes_on_is_dropped_and_counted(started: Started) -> None:
    overrun = growth("overrun", "cycle")
    submitted = started.times(EVENT_JOB_SUBMITTED, "cycle")
    with started.work._working:  # a cycle waits for this
        for _ in range(2):
            started.schedule.wake()
            started.wait_for(EVENT_JOB_SUBMITTED, "cycle", submitted + 1)
        started.wait_for(EVENT_JOB_MAX_INSTANCES, "cycle")
    assert overrun() == 1
    assert started.times(EVENT_JOB_SUBMITTED, "cycle") == submitted + 1


def test_after_a_sleep_old_polls_are_dropped_and_counted_and_all_else_runs_once(
    started: Started,
) -> None:
    missed = {name: growth("missed", name) for name in POLLS.keys() | OTHERS}
    done = {name: started.times(EVENT_JOB_EXECUTED, name) for name in missed}
    # Half an interval is what a poll may be late. The hourly ones are dropped; of those more
    # frequent two runs have become one, which is due just now.
    late = 10.5 * MINUTE
    dropped = {name for name, every in POLLS.items() if late % every > every / 2}
    assert "fetch hmi" in dropped
    assert "fetch gong full disk" not in dropped
    started.oversleep(late)
    for name in missed:
        code = EVENT_JOB_MISSED if name in dropped else EVENT_JOB_EXECUTED
        started.wait_for(code, name, 1 if name in dropped else done[name] + 1)
    assert {name for name, grown in missed.items() if grown()} == dropped
    assert all(missed[name]() == 1 for name in dropped)
    runs = {name: started.times(EVENT_JOB_EXECUTED, name) - done[name] for name in missed}
    assert runs == {name: 0 if name in dropped else 1 for name in missed}


def test_a_run_that_fails_is_counted(started: Started) -> None:
    failed = growth("failed", "retention")
    (started.work.settings.data / "ledger.sqlite").unlink()
    (started.work.settings.data / "ledger.sqlite").mkdir()
    started.jobs.modify_job("retention", next_run_time=datetime.now(UTC))
    started.wait_for(EVENT_JOB_ERROR, "retention")
    assert failed() == 1


def test_a_cycle_comes_by_the_clock_of_the_process_after_the_hour() -> None:
    now = datetime.now(UTC)
    coming = AfterTheHour(45 * MINUTE).get_next_fire_time(None, now)
    assert coming > now
    assert abs((coming - 45 * MINUTE).timestamp() % 3600 - 1800) > 1790  # at a full hour

    class Fast(clock.Clock):
        rate = 60.0

        def now(self) -> datetime:
            return datetime(2014, 5, 20, 12, 15, tzinfo=UTC)

    clock.install(Fast())
    try:
        waits = [
            AfterTheHour(wait * MINUTE).get_next_fire_time(None, now) - now for wait in (45, 14)
        ]
    finally:
        clock.install(clock.Clock())
    assert waits == [timedelta(seconds=30), timedelta(seconds=59)]


def test_a_fetch_that_ends_after_sigterm_wakes_nothing(tmp_path: Path) -> None:
    work = Work(small_settings(tmp_path, tmp_path), lambda: None)
    schedule = Schedule(work, timedelta(minutes=45))
    schedule.start()
    schedule.stop()
    schedule.wake()
    assert schedule.next_runs() == {}
