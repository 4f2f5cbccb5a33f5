"""What is found, from where, how often it is fetched, and what a crash leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from tiny_archive import NOON, Clock, TinyArchive, written_at

from pipeline.archives import GONG_SYNOPTIC, HMI, Fetcher, Group, Ledger
from pipeline.archives.cache import Cache
from pipeline.archives.catalog import Remote
from pipeline.archives.sources import Folder, Incoming
from pipeline.core import BadRequest, CannotWrite
from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer

T = TypeVar("T")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TREE = Group("hmi", HMI.tiers[:1])
FetcherOf = Callable[[str | Path], Fetcher]


def test_definitive_file_is_preferred_and_the_newest_slot_wins(
    tiny: TinyArchive, fetcher_of: FetcherOf
) -> None:
    tiny.hmi(NOON - 3 * HOUR)
    tiny.hmi(NOON - 3 * HOUR, "_nrt")
    tiny.hmi(NOON - 2 * HOUR, "_nrt")
    found = fetcher_of(tiny.root).between(HMI, NOON - DAY, NOON)
    names = [fetched.file.path.name for fetched in found.files]
    assert names == [
        "hmi.M_720s.20261120_090000_TAI.fits",
        "hmi.M_720s_nrt.20261120_100000_TAI.fits",
    ]
    assert found.files[0].time == datetime(2026, 11, 20, 8, 59, 23, tzinfo=UTC)
    newest = fetcher_of(tiny.root).newest(HMI, NOON, DAY)
    assert newest.files == found.files[1:]


def test_nothing_after_the_asked_time_nor_before_the_tolerance_nor_from_the_future(
    tiny: TinyArchive, fetcher_of: FetcherOf
) -> None:
    for hours in (-30, -5, 2):
        tiny.hmi(NOON + hours * HOUR, "_nrt")
    fetcher = fetcher_of(tiny.root)
    assert fetcher.newest(HMI, NOON - 6 * HOUR, 12 * HOUR).files == ()
    assert fetcher.newest(HMI, NOON - 6 * HOUR, 25 * HOUR).files[0].time < NOON - 30 * HOUR
    later = fetcher.between(HMI, NOON - DAY, NOON + DAY)  # asked beyond the clock's now
    assert [fetched.time for fetched in later.files] == [NOON - 5 * HOUR - timedelta(seconds=37)]


def test_a_dense_archive_is_thinned_from_the_newest_backwards(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: FetcherOf
) -> None:
    for hours in range(1, 9):
        tiny.hmi(NOON - hours * HOUR, "_nrt")
    found = fetcher_of(server.url).between(HMI, NOON - DAY, NOON, every=3 * HOUR)
    assert [NOON - fetched.time for fetched in found.files] == [
        hours * HOUR + timedelta(seconds=37) for hours in (7, 4, 1)
    ]
    assert sum(path.endswith(".fits") for path in server.archive.requests) == 3


def test_the_next_archive_is_asked_when_the_first_has_nothing_or_fails(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: FetcherOf
) -> None:
    swpc = "services.swpc.noaa.gov/products/gong/zqs/mrzqs261120t1014c.fits.gz"
    nso = "gong2.nso.edu/oQR/zqs/202611/mrzqs261120/mrzqs261120t1014c2314_029.fits.gz"
    tiny.gong(nso, NOON - 2 * HOUR)
    fetcher = fetcher_of(server.url)
    assert fetcher.newest(GONG_SYNOPTIC, NOON, DAY).files[0].file.url == f"https://{nso}"
    tiny.gong(swpc, NOON - 2 * HOUR)
    server.inject(Fault(Trick.FORBIDDEN, match="swpc"))
    found = fetcher.newest(GONG_SYNOPTIC, NOON, DAY)
    assert found.files[0].file.url == f"https://{nso}"
    assert len(found.problems) == 1
    assert fetcher.newest(GONG_SYNOPTIC, NOON, DAY).files[0].file.url == f"https://{swpc}"


def test_the_same_poll_twice_fetches_nothing_the_second_time(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: FetcherOf
) -> None:
    tiny.hmi(NOON - 2 * HOUR)
    fetcher = fetcher_of(server.url)
    first = fetcher.newest(HMI, NOON, DAY)
    second = fetcher_of(server.url).newest(HMI, NOON, DAY)  # as after a restart
    assert second == first
    assert sum(path.endswith(".fits") for path in server.archive.requests) == 1


def test_replaced_content_is_fetched_and_the_older_one_is_kept(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: FetcherOf
) -> None:
    tiny.hmi(NOON - 2 * HOUR, value=1)
    fetcher = fetcher_of(server.url)
    [first] = fetcher.newest(HMI, NOON, DAY).files
    older = first.file.path.read_bytes()
    written_at(tiny.hmi(NOON - 2 * HOUR, value=2), NOON - HOUR)
    [second] = fetcher.newest(HMI, NOON, DAY).files
    assert second.file.sha256 != first.file.sha256
    assert second.file.path.name == first.file.path.name
    assert first.file.path.read_bytes() == older
    assert fetcher.newest(HMI, NOON, DAY).files == (second,)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_cached_file_that_vanished_or_shrank_is_fetched_again(
    tiny: TinyArchive, fetcher_of: FetcherOf, harm: Callable[[Path], object]
) -> None:
    tiny.hmi(NOON - 2 * HOUR)
    fetcher = fetcher_of(tiny.root)
    [first] = fetcher.newest(HMI, NOON, DAY).files
    whole = first.file.path.read_bytes()
    harm(first.file.path)
    assert fetcher.newest(HMI, NOON, DAY).files == (first,)
    assert first.file.path.read_bytes() == whole


def test_newest_file_must_settle(tiny: TinyArchive, fetcher_of: FetcherOf, clock: Clock) -> None:
    written_at(tiny.hmi(NOON - 2 * HOUR, "_nrt"), NOON - HOUR)
    growing = tiny.hmi(NOON - HOUR, "_nrt")
    whole = growing.read_bytes()
    growing.write_bytes(whole[:5760])
    written_at(growing, NOON)
    fetcher = fetcher_of(tiny.root)
    found = fetcher.newest(HMI, NOON, DAY)
    assert "20261120_100000" in found.files[0].file.path.name
    assert found.problems[0].endswith("may still be being written; the next poll asks again.")

    growing.write_bytes(whole)
    written_at(growing, NOON)
    assert "20261120_100000" in fetcher.newest(HMI, NOON, DAY).files[0].file.path.name
    seen_twice = fetcher.newest(HMI, NOON, DAY)
    assert "20261120_110000" in seen_twice.files[0].file.path.name
    assert seen_twice.problems == ()

    written_at(tiny.hmi(NOON, "_nrt"), NOON + HOUR)
    clock.now = NOON + HOUR + timedelta(minutes=4)
    settled = fetcher_of(tiny.root).newest(HMI, clock.now, DAY)
    assert "20261120_120000" in settled.files[0].file.path.name


def test_corrupt_file_of_a_folder_is_quarantined_and_named(
    tiny: TinyArchive, fetcher_of: FetcherOf, ledger: Ledger, tmp_path: Path
) -> None:
    bad = tiny.hmi(NOON - 2 * HOUR)
    content, written = bad.read_bytes()[:5000], bad.stat().st_mtime
    bad.write_bytes(content)
    os.utime(bad, (written, written))
    found = fetcher_of(tiny.root).newest(HMI, NOON, DAY)
    assert found.files == ()
    [failure] = ledger.failures()
    assert (tmp_path / "cache" / failure.quarantined).read_bytes() == content
    assert str(tmp_path / "cache" / failure.quarantined) in found.problems[0]


def test_damaged_ledger_is_reported_once_and_does_not_stop_a_poll(
    tiny: TinyArchive, tmp_path: Path, clock: Clock
) -> None:
    tiny.hmi(NOON - 2 * HOUR)
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(b"no database" * 1000)
    ledger = Ledger(f"sqlite:///{path}")
    with Fetcher(tmp_path / "cache", ledger, str(tiny.root), clock=clock) as fetcher:
        found = fetcher.newest(HMI, NOON, DAY)
        assert len(found.files) == 1
        assert "the ledger was damaged" in found.problems[0]
        assert fetcher.newest(HMI, NOON, DAY).problems == ()
    ledger.close()


def test_mirror_that_does_not_exist_is_refused(tmp_path: Path, ledger: Ledger) -> None:
    with pytest.raises(BadRequest, match="is not a folder; name one that holds HOST/PATH"):
        Fetcher(tmp_path / "cache", ledger, str(tmp_path / "absent"))


def test_cache_that_cannot_be_written_is_named(
    tiny: TinyArchive, tmp_path: Path, ledger: Ledger
) -> None:
    tiny.hmi(NOON - 2 * HOUR)
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(CannotWrite, match=f"{tmp_path}/cache: "):
        Fetcher(tmp_path / "cache", ledger, str(tiny.root))


def test_a_cache_that_is_emptied_while_a_file_comes_is_named(
    tiny: TinyArchive, tmp_path: Path, ledger: Ledger, clock: Clock
) -> None:
    class Emptied(Folder):
        def receive(self, url: str, consume: Callable[[Incoming], T]) -> T:
            came = super().receive(url, consume)
            shutil.rmtree(tmp_path / "cache")
            return came

    file = tiny.hmi(NOON - 2 * HOUR)
    archive = HMI.tiers[0][0]
    url = f"http://{file.relative_to(tiny.root)}"
    cache = Cache(tmp_path / "cache", ledger, clock)
    with pytest.raises(CannotWrite, match=r"\.part: No such file or directory; free some space"):
        cache.obtain(Remote(archive, url, NOON - 2 * HOUR, file.name), Emptied(tiny.root))


def test_killed_download_leaves_nothing_visible(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: FetcherOf, tmp_path: Path, ledger: Ledger
) -> None:
    tiny.hmi(NOON - 9 * DAY)  # past by the clock of the other process, too
    cache, database = tmp_path / "cache", f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server.inject(Fault(Trick.STALLED, match=".fits"))
    program = f"""
from datetime import datetime, timedelta
from pathlib import Path
from pipeline.archives import HMI, Fetcher, Ledger
fetcher = Fetcher(Path({str(cache)!r}), Ledger({database!r}), {server.url!r})
fetcher.newest(HMI, datetime.fromisoformat({(NOON - 8 * DAY).isoformat()!r}), timedelta(days=2))
"""
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    while not any(cache.glob("incoming/*.part")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()

    [part] = [path for path in cache.rglob("*") if path.is_file()]
    assert part.parent == cache / "incoming"
    assert ledger.known("hmi.M_720s (tree)", NOON - 10 * DAY, NOON) == ()
    os.utime(part, (0, 0))  # as when found on a later day
    found = fetcher_of(server.url).newest(HMI, NOON - 8 * DAY, 2 * DAY)
    assert [path for path in cache.rglob("*") if path.is_file()] == [found.files[0].file.path]


def test_real_archive_gives_its_102_frames_and_names_the_missing_days(
    real_archive: Path, fetcher_of: FetcherOf, clock: Clock
) -> None:
    start = datetime(2013, 12, 31, 12, tzinfo=UTC)
    found = fetcher_of(real_archive).between(HMI, start, datetime(2014, 4, 30, 12, tzinfo=UTC))
    assert len(found.files) == 102
    assert found.problems == ()
    times = [fetched.time for fetched in found.files]
    assert times == sorted(times)
    assert {time.strftime("%H:%M:%S") for time in times} == {"23:59:25"}
    assert len(found.missing) == 120 - 102
    january = [day for day in found.missing if day.year == 2014 and day.month == 1]
    assert january == [date(2014, 1, day) for day in (8, 13, 29, 31)]


def test_folder_and_web_give_the_same_bytes(
    real_archive: Path, tmp_path: Path, clock: Clock
) -> None:
    start, end = datetime(2014, 1, 3, 23, 59, tzinfo=UTC), datetime(2014, 1, 14, tzinfo=UTC)
    answers = []
    with ArchiveServer(real_archive) as server:
        for name, mirror in (("folder", str(real_archive)), ("web", server.url)):
            ledger = Ledger(f"sqlite:///{tmp_path / name}.sqlite")
            with Fetcher(tmp_path / name, ledger, mirror, clock=clock) as fetcher:
                found = fetcher.between(TREE, start, end)
            ledger.close()
            files = found.files
            assert all(f.file.path.is_relative_to(tmp_path / name) for f in files)
            answers.append(
                [(f.file.url, f.file.sha256, f.time, f.file.path.read_bytes()) for f in files]
            )
            assert found.missing == (date(2014, 1, 8), date(2014, 1, 13))
            assert found.problems == ()
    assert answers[0] == answers[1]
    assert len(answers[0]) == 9
