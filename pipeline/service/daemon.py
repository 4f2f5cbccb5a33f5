"""The process: one per data directory, from start to SIGTERM.

Knows: locks, signals, and what it owes systemd. Refuses to know: what the work is.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import structlog

from pipeline import __version__, publish, telemetry
from pipeline.core import AllsunError, BadRequest, CannotWrite, clock
from pipeline.service import http, logs, memory, metrics, notify
from pipeline.service.schedule import Schedule
from pipeline.service.work import Work
from pipeline.settings import Settings

STUCK = 900.0  # s without progress, after which the daemon says it is ill; no act takes that long
STEP = 5.0  # s by which the clock has to be off to have been set
LOCK = "daemon.lock"

log = structlog.get_logger("allsun.daemon")


def run(settings: Settings, reload: Callable[[], Settings]) -> None:
    """Work until SIGTERM or SIGINT, and then end the process.

    reload : reads the settings again, on SIGHUP

    Raises
    ------
    BadRequest : another daemon works on this data directory, or the address is taken.
    CannotWrite : the data directory refuses.
    """
    logs.configure()
    with _alone(settings.data):
        Daemon(settings, reload).run()
        # Threads that did not end within the grace period are abandoned; what they were about to
        # write appears whole or not at all.
        sys.stderr.flush()
        os._exit(0)


class Daemon:
    """The work, its schedule, its pages, and the signals that end or change it."""

    def __init__(self, settings: Settings, reload: Callable[[], Settings]) -> None:
        self._settings = settings
        self._reload = reload
        self._ending = threading.Event()
        self._reloading = threading.Event()
        self._work = Work(settings, lambda: self._schedule.wake())
        self._schedule = Schedule(self._work, settings.service.deadline)

    def run(self) -> None:
        """Everything, until a signal ends it."""
        service = self._settings.service
        metrics.watch_disk(self._settings.data)
        pages = http.application(
            self._settings.data / "products", self._healthy, self._ready, self._status
        )
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        with http.Server(pages, service.host, service.port) as server:
            publish.Store(self._settings.data).recover()
            memory.settle()
            self._schedule.start()
            notify.tell("READY=1")
            log.info(
                "started",
                version=__version__,
                data=str(self._settings.data),
                address=f"{service.host}:{server.port}",
            )
            self._watch()
            notify.tell("STOPPING=1")
            telemetry.stop()
            self._schedule.stop()
            self._work.join(service.grace.total_seconds())
        log.info("ended")

    def _watch(self) -> None:
        """Look every second at what only the main thread can see."""
        told = telemetry.idle()
        shown = _shown()
        knocked = _knocked(self._settings.data)
        while not self._ending.wait(1.0):
            if self._reloading.is_set():
                self._reloading.clear()
                self._read_settings()
            before, shown = shown, _shown()  # anew every second, for a clock may also be slewed
            there, here = (after - then for after, then in zip(shown, before, strict=True))
            set_by = there - here * clock.rate()
            if abs(set_by) > STEP * clock.rate():
                log.warning("clock", reason=f"It was set by {set_by:+.0f} s.")
                metrics.CLOCK_STEPS.inc()
                self._schedule.renew()
            last, knocked = knocked, _knocked(self._settings.data)
            if knocked != last:
                log.warning("daemon", reason="Another one was started on this data, and refused.")
                metrics.REFUSED.inc()
            idle = telemetry.idle()
            if idle < told + 1.0:
                notify.tell("WATCHDOG=1")
            told = idle

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        (self._reloading if number == signal.SIGHUP else self._ending).set()

    def _read_settings(self) -> None:
        """Take new settings; what cannot change while it runs waits for a restart."""
        try:
            settings = self._reload()
        except AllsunError as error:
            log.error("settings", reason=f"{error} The ones before stay in force.")
            return
        fixed = {"data": self._settings.data, "service": self._settings.service}
        waits = [name for name, value in fixed.items() if getattr(settings, name) != value]
        if waits:
            log.warning("settings", reason=f"{', '.join(waits)} changes with the next start only.")
        self._work.settings = settings.model_copy(update=fixed)
        self._schedule.warm_up()
        log.info("settings", digest=self._work.settings.digest())

    def _healthy(self) -> tuple[bool, Mapping[str, Any]]:
        idle = telemetry.idle()
        return idle < STUCK, {"seconds_since_progress": round(idle, 1), "limit": STUCK}

    def _ready(self) -> tuple[bool, Mapping[str, Any]]:
        newest = publish.Store(self._settings.data).newest()
        limit = self._settings.service.ready.total_seconds()
        if newest is None:
            return False, {"reason": "nothing has been published yet", "limit": limit}
        age = (clock.now() - newest.valid_time).total_seconds()
        told = {"valid_time": f"{newest.valid_time:%FT%TZ}", "age_seconds": round(age, 1)}
        return age < limit, told | {"limit": limit}

    def _status(self) -> Mapping[str, Any]:
        return {
            "version": __version__,
            "time": f"{clock.now():%FT%TZ}",
            "data": str(self._settings.data),
            "healthy": self._healthy()[1],
            "ready": self._ready()[1],
            **self._work.status(),
            "next_runs": self._schedule.next_runs(),
        }


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data directory for this process."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / LOCK).open("a+")
    except OSError as error:
        raise CannotWrite(
            f"{data}: {error.strerror or error}; make it writable for this user, or give --data."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with suppress(OSError):  # of another user
                os.utime(lock.fileno())  # which the one that works will see
            lock.seek(0)
            raise BadRequest(
                f"{data}: a daemon works on this data directory already (process "
                f"{lock.read().strip() or 'unknown'}); stop it, or give another --data."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _knocked(data: Path) -> int:
    """When another daemon last asked for the lock, or this one took it; in ns."""
    try:
        return (data / LOCK).stat().st_mtime_ns
    except OSError:  # somebody tidied up; the lock itself holds
        return 0


def _shown() -> tuple[float, float]:
    """Seconds of the clock, and of one that nobody can set."""
    return clock.now().timestamp(), time.monotonic()
