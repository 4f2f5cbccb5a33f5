"""Which hours wait, in which order they are worked through, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small_archive import SmallArchive, small_settings

from pipeline import publish
from pipeline.archives import Ledger
from pipeline.archives.ledger import File
from pipeline.core import clock
from pipeline.service import metrics, work
from pipeline.service.hours import HOUR
from pipeline.service.work import MAGNETOGRAMS, Work

NOW = datetime(2014, 5, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Shown(clock.Clock):
    """A clock that stands until it is set."""

    time = NOW

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def hand() -> Iterator[Shown]:
    """The clock of this process, to be set by hand."""
    hand = Shown()
    clock.install(hand)
    yield hand
    clock.install(clock.Clock())


class Daemon:
    """The work of a daemon on a small archive, with nobody to start its jobs."""

    def __init__(self, folder: Path, hand: Shown) -> None:
        self.archive = SmallArchive(folder / "archive", NOW)
        self.archive.root.mkdir()
        self._hand = hand
        (folder / "data").mkdir()  # as the lock of the daemon does
        settings = small_settings(self.archive.root, folder / "data")
        few = settings.surface.model_copy(update={"members": 1})
        service = settings.service.model_copy(update={"horizon": 2 * HOUR})
        self.settings = settings.model_copy(update={"surface": few, "service": service})
        self.work = Work(self.settings, lambda: None)

    def at(self, time: datetime) -> None:
        """Let it be *time*, and the archives be asked."""
        self._hand.time = time
        for watch in MAGNETOGRAMS:
            self.work.fetch(watch)

    def worked(self) -> list[tuple[int, str, int]]:
        """What the next cycles make of which hours after noon, and in which revision."""
        before = len(self.work.cycles)
        self.work.cycle()
        new = list(self.work.cycles)[: len(self.work.cycles) - before][::-1]
        return [
            (int(one["hour"][11:13]) - 12, one["outcome"], one.get("revision", -1)) for one in new
        ]


@pytest.fixture
def daemon(tmp_path: Path, hand: Shown) -> Daemon:
    return Daemon(tmp_path, hand)


def test_an_hour_begins_early_with_the_data_of_quick_archives_and_late_without(
    daemon: Daemon,
) -> None:
    daemon.at(NOW + 20 * MINUTE)
    assert daemon.work.waiting() == [NOW - HOUR]
    daemon.archive.hmi(NOW)  # comes hours late as a rule, and is not waited for
    daemon.at(NOW + 21 * MINUTE)
    assert daemon.work.waiting() == [NOW - HOUR]
    daemon.archive.gong(NOW - 5 * MINUTE)
    daemon.at(NOW + 22 * MINUTE)
    assert daemon.work.waiting() == [NOW]
    daemon.at(NOW + HOUR + 44 * MINUTE)
    assert daemon.work.waiting() == [NOW]
    daemon.at(NOW + HOUR + 45 * MINUTE)
    assert daemon.work.waiting() == [NOW + HOUR]


def test_what_was_missed_is_made_up_for_and_what_came_late_changes_its_hours(
    daemon: Daemon,
) -> None:
    daemon.archive.hmi(NOW)
    daemon.at(NOW + 50 * MINUTE)
    assert daemon.worked() == [(0, "published", 0)]
    assert daemon.worked() == []

    # It was down for three hours: the hour that is due goes first, then the newest of the others.
    daemon.archive.hmi(NOW + 3 * HOUR)
    daemon.at(NOW + 3 * HOUR + 50 * MINUTE)
    new = [(3, "published", 0), (2, "published", 0), (1, "published", 0)]
    assert daemon.worked() == new

    # A late frame is in a revision of its hour, and in those after it, one after the other.
    daemon.archive.hmi(NOW + 2 * HOUR)
    daemon.at(NOW + 3 * HOUR + 55 * MINUTE)
    assert daemon.worked() == [(2, "published", 1), (3, "published", 1)]

    # A frame that was replaced by another content is a late one.
    daemon.archive.spoiled(NOW + 3 * HOUR, lambda data: data + 1.0)
    daemon.at(NOW + 3 * HOUR + 58 * MINUTE)
    assert daemon.worked() == [(3, "published", 2)]
    newest = publish.Store(daemon.settings.data).newest()
    assert newest is not None
    assert (newest.valid_time, newest.revision) == (NOW + 3 * HOUR, 2)

    # What comes for an hour beyond the horizon leaves it as it is.
    daemon.archive.spoiled(NOW, lambda data: data + 1.0)
    daemon.at(NOW + 3 * HOUR + 59 * MINUTE)
    assert daemon.worked() == []


def test_a_map_that_is_withheld_shows_in_the_metrics(daemon: Daemon) -> None:
    daemon.archive.synoptic(NOW - 25 * HOUR)  # a map with holes is no measure of the next
    daemon.archive.hmi(NOW)
    daemon.at(NOW + 50 * MINUTE)
    daemon.worked()
    good = metrics.NEWEST.shown
    assert good.failed["frame_flux", "critical"] == 0.0
    assert sum(good.area.values()) == pytest.approx(1.0)
    assert good.valid["synchronic"] == NOW.timestamp()
    assert good.observed["hmi"] == pytest.approx(NOW.timestamp(), abs=60)

    daemon.archive.spoiled(NOW + HOUR, lambda data: 4.0 * data)
    daemon.at(NOW + HOUR + 50 * MINUTE)
    assert daemon.worked() == [(1, "published", 0)]
    bad = metrics.NEWEST.shown
    assert bad.failed["frame_flux", "critical"] == 1.0
    assert bad.valid["synchronic"] == (NOW + HOUR).timestamp()
    assert bad.observed == good.observed


def test_an_hour_that_failed_waits_longer_every_time_and_holds_up_no_other(
    daemon: Daemon,
) -> None:
    daemon.at(NOW + 45 * MINUTE)
    assert daemon.worked() == [(0, "failed", -1)]
    assert daemon.worked() == []
    daemon.at(NOW + 46 * MINUTE)
    assert daemon.worked() == [(0, "failed", -1)]
    daemon.at(NOW + 47 * MINUTE)
    assert daemon.worked() == []
    daemon.archive.hmi(NOW)
    daemon.at(NOW + 48 * MINUTE)
    assert daemon.worked() == [(0, "published", 0)]


def test_what_was_fetched_in_the_future_makes_nothing_wait(tmp_path: Path) -> None:
    settings = small_settings(tmp_path, tmp_path)
    with closing(Ledger(settings.ledger_url)) as ledger:
        for hours, fetched in ((1, NOW - timedelta(minutes=1)), (2, NOW + HOUR)):
            ledger.add(
                File(
                    url=f"http://host/{hours}", sha256=f"{hours}", archive="hmi.M_720s_nrt (tree)",
                    slot=NOW - hours * HOUR, size=1, path=f"{hours}", changed="", modified=None,
                    etag=None, fetched_at=fetched,
                )
            )  # fmt: skip
    came = work.arrivals(settings, NOW - 9 * HOUR, NOW)
    assert came == {NOW - HOUR: NOW - timedelta(minutes=1)}
