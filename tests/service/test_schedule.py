"""What the schedule does when it is woken at an odd moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from small_archive import small_settings

from pipeline.service.schedule import Schedule
from pipeline.service.work import Work


def test_a_fetch_that_ends_after_sigterm_wakes_nothing(tmp_path: Path) -> None:
    work = Work(small_settings(tmp_path, tmp_path), lambda: None)
    schedule = Schedule(work, timedelta(minutes=45))
    schedule.start()
    schedule.stop()
    schedule.wake()
    assert schedule.next_runs() == {}
