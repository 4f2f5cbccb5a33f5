"""Which hours wait for a cycle: the one that is due, those missed, those out of date.

As make does it: a set is out of date when something that it rests on is younger than the
set, an observation of its hour or the revision of the map before it. Nothing else is
remembered, so a restart knows as much as the daemon that was killed. Refuses to know: how
an hour is worked through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of an hour that has a set: its newest revision, and when that was made.

    looked : when its inputs were last looked through, if later
    """

    revision: int
    created: datetime
    looked: datetime

    @property
    def current(self) -> datetime:
        """Up to when it has everything."""
        return max(self.created, self.looked)


def due(now: datetime, wait: timedelta, enough: Callable[[datetime], bool]) -> datetime:
    """The newest hour that a cycle should have begun for at *now*.

    The hour that has just passed, once *enough* has arrived for it or *wait* is over; until
    then the one before.
    """
    hour = full_hour(now)
    return hour if now - hour >= wait or enough(hour) else hour - HOUR


def full_hour(time: datetime) -> datetime:
    """The full hour at or before *time*."""
    return time.replace(minute=0, second=0, microsecond=0)


def missed(newest: datetime, made: Mapping[datetime, Made], horizon: timedelta) -> list[datetime]:
    """Hours up to *newest*, within *horizon* of it, that have no set; newest first."""
    hours = (newest - n * HOUR for n in range(int(horizon / HOUR) + 1))
    return [hour for hour in hours if hour not in made]


def out_of_date(
    made: Mapping[datetime, Made], arrivals: Mapping[datetime, datetime], oldest: datetime
) -> Iterator[datetime]:
    """Hours from *oldest* on whose set rests on less than there is by now; oldest first.

    arrivals : when observations came, by the time they are of
    """
    hours = sorted(made)
    for before, hour in zip([None, *hours], hours, strict=False):
        if hour < oldest:
            continue
        since = before if before is not None else hour - HOUR
        late = any(
            since < time <= hour and came > made[hour].current for time, came in arrivals.items()
        )
        earlier = made[before] if before is not None else None
        changed = (
            earlier is not None and earlier.revision > 0 and earlier.created > made[hour].current
        )
        if late or changed:
            yield hour
