"""Which hours wait: due, missed, out of date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.service import hours
from pipeline.service.hours import Made

NOON = datetime(2014, 5, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def at(hour: int, created: datetime, revision: int = 0) -> dict[datetime, Made]:
    return {NOON + hour * HOUR: Made(revision, created, created)}


def test_an_hour_is_due_when_its_data_have_come_and_at_the_deadline_without_them() -> None:
    deadline = 45 * MINUTE
    early, late = NOON + 10 * MINUTE, NOON + 45 * MINUTE
    assert hours.due(early, deadline, lambda _: False) == NOON - HOUR
    assert hours.due(early, deadline, lambda hour: hour == NOON) == NOON
    assert hours.due(late, deadline, lambda _: False) == NOON


def test_missed_hours_come_newest_first_and_end_with_the_horizon() -> None:
    made = at(-1, NOON)
    assert hours.missed(NOON, made, 3 * HOUR) == [NOON, NOON - 2 * HOUR, NOON - 3 * HOUR]


def test_an_observation_that_came_after_the_map_of_its_hour_puts_that_out_of_date() -> None:
    made = at(0, NOON + HOUR) | at(1, NOON + 2 * HOUR) | at(2, NOON + 3 * HOUR)
    seen = NOON + 30 * MINUTE  # belongs to the hour after noon
    came = {seen: NOON + 2 * HOUR + MINUTE}
    assert list(hours.out_of_date(made, came, NOON)) == [NOON + HOUR]
    assert list(hours.out_of_date(made, {seen: NOON + HOUR}, NOON)) == []
    assert list(hours.out_of_date(made, came, NOON + 2 * HOUR)) == []


def test_an_hour_of_full_time_takes_in_the_frame_of_its_own_minute() -> None:
    made = at(0, NOON + HOUR) | at(1, NOON + 2 * HOUR)
    assert list(hours.out_of_date(made, {NOON: NOON + 3 * HOUR}, NOON)) == [NOON]


def test_maps_carried_on_from_a_revision_follow_it_one_after_the_other() -> None:
    late = NOON + 9 * HOUR
    made = at(0, late, revision=1) | at(1, NOON + 2 * HOUR) | at(2, NOON + 3 * HOUR)
    assert list(hours.out_of_date(made, {}, NOON)) == [NOON + HOUR]
    made |= at(1, late + MINUTE, revision=1)
    assert list(hours.out_of_date(made, {}, NOON)) == [NOON + 2 * HOUR]
    made |= at(2, late + 2 * MINUTE, revision=1)
    assert list(hours.out_of_date(made, {}, NOON)) == []


def test_an_hour_made_up_for_does_not_disturb_those_after_it() -> None:
    made = at(0, NOON + 5 * HOUR) | at(1, NOON + 2 * HOUR)
    assert list(hours.out_of_date(made, {}, NOON)) == []


def test_an_hour_looked_through_without_a_change_is_not_looked_through_again() -> None:
    looked = Made(0, NOON + HOUR, NOON + 4 * HOUR)
    assert list(hours.out_of_date({NOON: looked}, {NOON: NOON + 3 * HOUR}, NOON)) == []
