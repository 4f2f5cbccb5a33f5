"""What is run when, and what may run together.

Knows: jobs, intervals, and what was dropped. Refuses to know: what a job does.

Every interval is one of :mod:`pipeline.core.clock`, which may run faster than the machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from pipeline.core import AllsunError, clock
from pipeline.service import metrics
from pipeline.service.hours import HOUR, full_hour
from pipeline.service.work import WATCHED, Watch, Work

SOONEST, LATEST = timedelta(minutes=5), timedelta(minutes=15)  # from one poll to the next
CHECKS = timedelta(minutes=1)
DAILY = timedelta(days=1)
SHORTEST = timedelta(seconds=1)  # of the machine; a fast clock does not make jobs spin

log = structlog.get_logger("allsun.schedule")


class AfterTheHour(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires *wait* after every full hour of the process's clock, and after nothing else."""

    def __init__(self, wait: timedelta) -> None:
        self._wait = wait

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """When the machine's clock will show it."""
        there = clock.now()
        coming = full_hour(there - self._wait) + HOUR + self._wait
        return now + max((coming - there) / clock.rate(), SHORTEST)


class Schedule:
    """The jobs of *work*, from :meth:`start` on.

    - ``cycle`` runs one at a time, *deadline* after the hour or when woken. However late, it
      works through everything that waits, so missed runs become one.
    - ``fetch …`` asks each group of archives four times per cadence, each in its own thread.
      Half an interval late it is dropped: the next one asks for the same.
    - ``retention`` and ``warm-up`` take turns with ``cycle``, whose files and networks they touch.
    - ``self-check`` has a thread of its own, so that nothing keeps it from looking.
    """

    def __init__(self, work: Work, deadline: timedelta) -> None:
        self._work = work
        self._deadline = deadline
        self._jobs = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(2),
                "cycles": ThreadPoolExecutor(1),
                "archives": ThreadPoolExecutor(len(WATCHED)),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        counted = EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR
        self._jobs.add_listener(_count, counted)

    def start(self) -> None:
        """Run everything once, the archives first, and then as it comes."""
        for watch in WATCHED:
            self._add(f"fetch {watch.group.name}", self._fetching(watch), interval(watch.cadence))
        self._add("warm-up", self._work.warm_up, None, executor="cycles")
        self._add("retention", self._work.retention, DAILY, executor="cycles")
        self._add("self-check", self._work.self_check, CHECKS, executor="default")
        self._jobs.add_job(
            self._work.cycle,
            AfterTheHour(self._deadline),
            id="cycle",
            executor="cycles",
            next_run_time=datetime.now(UTC),
        )
        self._jobs.start()

    def wake(self) -> None:
        """Let the cycle begin now, unless the schedule has been stopped meanwhile."""
        with suppress(JobLookupError):
            self._jobs.modify_job("cycle", next_run_time=datetime.now(UTC))

    def renew(self) -> None:
        """Reckon all times anew, after the clock was set."""
        for job in self._jobs.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def warm_up(self) -> None:
        """Open networks that new settings name."""
        self._add("warm-up", self._work.warm_up, None, executor="cycles")

    def next_runs(self) -> dict[str, str]:
        """When each job runs next, by the machine's clock."""
        jobs = self._jobs.get_jobs()
        return {job.id: f"{job.next_run_time:%FT%TZ}" for job in jobs if job.next_run_time}

    def stop(self) -> None:
        """Begin no further job; those that run are left to end."""
        # APScheduler must not be stopped while it is handing out jobs: it would miss them after.
        self._jobs.pause()
        self._jobs.get_jobs()  # waits for that
        self._jobs.shutdown(wait=False)

    def _fetching(self, watch: Watch) -> Callable[[], None]:
        return lambda: self._work.fetch(watch)

    def _add(
        self,
        name: str,
        job: Callable[[], None],
        every: timedelta | None,
        executor: str = "archives",
    ) -> None:
        """Run *job* now and, if it is given, *every* so often."""
        options = {"id": name, "executor": executor, "next_run_time": datetime.now(UTC)}
        if every is not None:
            step = max(every / clock.rate(), SHORTEST).total_seconds()
            options["trigger"] = IntervalTrigger(seconds=step, timezone=UTC)
            if executor == "archives":
                options["misfire_grace_time"] = max(1, round(step / 2))
        self._jobs.add_job(job, replace_existing=True, **options)


def interval(cadence: timedelta) -> timedelta:
    """How often an archive is asked that has a file every *cadence*."""
    return min(max(cadence / 4, SOONEST), LATEST)


def _count(event: JobEvent) -> None:
    """Count what was dropped or failed; a failure is told as well."""
    if event.code == EVENT_JOB_MISSED:
        metrics.MISSED.labels(event.job_id).inc()
    elif event.code == EVENT_JOB_MAX_INSTANCES:
        metrics.OVERRUN.labels(event.job_id).inc()
    else:
        metrics.FAILED.labels(event.job_id).inc()
        foreseen = isinstance(event.exception, AllsunError)
        trace = None if foreseen else event.exception
        log.error("job", task=event.job_id, reason=f"{event.exception}", exc_info=trace)
