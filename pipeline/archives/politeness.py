"""How a host is asked: one request at a time, spaced, patiently, and not while it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import stamina

from pipeline.archives import telemetry
from pipeline.archives.catalog import Manners
from pipeline.core import AllsunError

T = TypeVar("T")


class Trouble(AllsunError):
    """An archive did not deliver; its text is one sentence for the operator.

    Parameters
    ----------
    url : what was asked for
    problem : what came of it, as a clause
    remedy : what will be done about it, as a clause
    again : whether another attempt now may help
    wait : s, if the host said how long to wait before it
    """

    def __init__(
        self,
        url: str,
        problem: str,
        remedy: str = "the next poll asks again",
        *,
        again: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(f"{url}: {problem}; {remedy}.")
        self.problem = problem
        self.again = again
        self.wait = wait


class Unavailable(Trouble):
    """The host answered as it should, only that the file is not to be had from it now."""


class Absent(Unavailable):
    """There is no such file or directory."""


class Host:
    """The door to one host (or family of hosts) for all requests of this process."""

    def __init__(self, name: str, manners: Manners, clock: Callable[[], datetime]) -> None:
        self._archive = telemetry.archive(name)
        self._manners = manners
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._next = 0.0  # monotonic s
        self._failures = 0
        self._closed_until: datetime | None = None
        self._last_problem = ""

    def call(self, host: str, action: Callable[[], T]) -> T:
        """The result of *action*, tried as often as manners allow; it raises :class:`Trouble`."""
        manners = self._manners
        for attempt in stamina.retry_context(
            on=_backoff,
            attempts=manners.attempts,
            timeout=manners.deadline,
            wait_initial=manners.first_wait,
            wait_max=manners.longest_wait,
            wait_jitter=manners.first_wait,
        ):
            with attempt, self._turn(host):
                return action()
        raise AssertionError("stamina re-raises the last error")

    @contextmanager
    def _turn(self, host: str) -> Iterator[None]:
        with self._one_at_a_time:
            if self._closed_until is not None and self._clock() < self._closed_until:
                self._count("closed")
                raise Trouble(
                    host,
                    f"failed {self._failures} times in a row (the last time it "
                    f"{self._last_problem})",
                    f"it is left alone until {self._closed_until:%Y-%m-%d %H:%MZ}",
                )
            time.sleep(max(0.0, self._next - time.monotonic()))
            try:
                yield
            except Unavailable:
                self._count("absent")
                self._opened()
                raise
            except Trouble as trouble:
                self._count("trouble")
                self._note(trouble)
                raise
            else:
                self._count("ok")
                self._opened()
            finally:
                self._next = time.monotonic() + self._manners.interval

    def _note(self, trouble: Trouble) -> None:
        """Count a failure, and close the door when it was one too many or the host says so.

        After the pause one request is let through; if it fails the door closes at once,
        since the count goes back to zero only with a success.
        """
        manners = self._manners
        self._failures += 1
        self._last_problem = trouble.problem
        pause = manners.pause if self._failures >= manners.failures else 0.0
        if trouble.wait is not None and trouble.wait > manners.longest_wait:
            pause = max(pause, trouble.wait)
            trouble.again = False
        if pause:
            self._closed_until = self._clock() + timedelta(seconds=pause)
            telemetry.BREAKER_OPEN.labels(self._archive).set(1)

    def _opened(self) -> None:
        self._failures = 0
        telemetry.BREAKER_OPEN.labels(self._archive).set(0)

    def _count(self, outcome: str) -> None:
        telemetry.FETCHES.labels(self._archive, outcome).inc()


def _backoff(error: Exception) -> bool | float:
    if not isinstance(error, Trouble) or not error.again:
        return False
    return True if error.wait is None else error.wait
