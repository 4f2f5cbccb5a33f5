"""What time it is, for the whole process.

Every decision that depends on "now" asks here, so that a soak can run a year of the real
daemon in an hour. Refuses to know: schedules.
"""

from __future__ import annotations

from datetime import UTC, datetime


class Clock:
    """The machine's own clock.

    rate : seconds of this clock in one second of the machine
    """

    rate = 1.0

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(UTC)


_clock = Clock()


def now() -> datetime:
    """UTC by the clock of this process."""
    return _clock.now()


def rate() -> float:
    """Seconds of :func:`now` in one second of the machine."""
    return _clock.rate


def install(clock: Clock) -> None:
    """Let another clock tell the time in this process."""
    global _clock
    _clock = clock
