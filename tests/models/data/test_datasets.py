"""Data sets are built by name: from archives on loopback, from folders, from a simulated Sun."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scenes import TIME, SmallSeries, sun

from models.data import Scene, archives, build, degrade, shards, stream
from models.data.datasets import EPOCH
from models.data.shards import Item
from pipeline.archives import Fetcher, Group, Ledger
from pipeline.core import BadRequest
from pipeline.instruments import read
from pipeline.simulator.server import ArchiveServer
from pipeline.simulator.truth import write_day

MONTH = timedelta(days=30)
FIRST = EPOCH + 173 * MONTH  # 2014-03-18
PERIOD = FIRST - timedelta(days=1), FIRST + MONTH + timedelta(days=1)


def scenes_of(folder: Path) -> dict[str, list[Scene]]:
    return {part: list(stream(folder, part)) for part in ("train", "validation", "test")}


def correlation(scenes: Iterable[Scene]) -> float:
    """Of what was observed with the truth in all of *scenes*; near 0 if they are misplaced."""
    pictures = []
    for scene in scenes:
        assert scene.observed is not None
        factor = scene.field.shape[0] // scene.observed.shape[0]
        both = np.stack([degrade.binned(scene.field, factor), scene.observed])
        pictures.append(both[:, np.isfinite(both).all(axis=0)])
    return float(np.corrcoef(np.concatenate(pictures, axis=1))[0, 1])


def test_gong_meets_hmi_through_the_archives(tmp_path: Path) -> None:
    """Fetched from a web server, read, turned to solar north, registered, cut, split, written."""
    archive = SmallSeries(tmp_path / "archive")
    for time in (FIRST, FIRST + MONTH):
        archive.hmi(time)
        archive.gong(time + timedelta(minutes=4))
    out, shown = tmp_path / "out", []

    def track(items: Iterable[Item], total: int) -> Iterable[Item]:
        for item in items:
            shown.append((item.key, total))
            yield item

    with ArchiveServer(archive.root) as server:
        built = build("gong-to-hmi", out, mirror=server.url, period=PERIOD, every=MONTH,
                      progress=track)  # fmt: skip
    assert built.problems == {}
    assert shown == [
        ("gong full disk 2014-03-18T00:00Z", 2),
        ("gong full disk 2014-04-17T00:00Z", 2),
    ]
    there = scenes_of(out)
    assert built.counts == {"test": 12, "train": 12}  # March is held out in every year
    for scene in there["test"] + there["train"]:
        assert scene.field.shape == (512, 512)
        assert scene.observed is not None
        assert scene.observed.shape == (128, 128)
        assert scene.pixel == 0.625
    assert correlation(there["test"] + there["train"]) > 0.5
    # Built already: nothing is asked of anybody, not even of the mirror that is gone.
    again = build("gong-to-hmi", out, mirror=server.url, period=PERIOD, every=MONTH)
    assert again == built


def test_what_the_archives_do_not_hold_is_a_problem(tmp_path: Path) -> None:
    archive = SmallSeries(tmp_path / "archive")
    archive.gong(FIRST + timedelta(minutes=4))
    built = build("gong-to-hmi", tmp_path / "out", mirror=str(archive.root), period=PERIOD,
                  every=MONTH)  # fmt: skip
    assert built.counts == {}
    assert not built.complete
    first, second = built.problems.values()
    assert first.startswith("There is not hmi at 2014-03-18T00:0")
    assert second.startswith("There is not gong full disk at 2014-04-17T00:00Z")


def test_mdi_meets_hmi_from_a_folder(tmp_path: Path) -> None:
    archive = SmallSeries(tmp_path / "archive")
    archive.hmi(FIRST, 512)
    archive.mdi(FIRST)
    with (
        closing(Ledger("sqlite://")) as ledger,
        Fetcher(tmp_path / "cache", ledger, str(archive.root)) as fetcher,
    ):
        [item] = archives.paired(fetcher, archives.MDI, [FIRST], factor=1, side=256, count=5)
        scenes = item.scenes()
    assert len(scenes) == 5
    assert {scene.pixel for scene in scenes} == {2.0}
    assert correlation(scenes) > 0.5


def test_series_meets_its_stacks(tmp_path: Path) -> None:
    time = EPOCH + 173 * MONTH
    archive, moment = SmallSeries(tmp_path / "archive"), sun(time)
    for n in range(-10, 11):
        archive.hmi_45s(time + n * timedelta(seconds=45), moment, size=512)
    built = build("hmi-denoise", tmp_path / "out", mirror=str(archive.root), every=MONTH,
                  period=(time, time))  # fmt: skip
    assert built.problems == {}
    [scene] = stream(tmp_path / "out", "test")
    assert scene.observed is not None
    near = scene.radius < 0.5
    noise = np.std((scene.observed - scene.field)[near])
    assert noise == pytest.approx(10.2 * np.sqrt(1 + 1 / 20), rel=0.1)


def test_series_comes_through_drms(tmp_path: Path) -> None:
    archive, moment = SmallSeries(tmp_path / "archive"), sun(FIRST)
    slots = [FIRST + n * timedelta(seconds=45) for n in range(3)]
    names = [archive.hmi_45s(slot, moment, size=128).name for slot in slots]
    drms = Group("hmi 45 s", archives.HMI_45S.tiers[1:])
    with (
        ArchiveServer(archive.root) as server,
        closing(Ledger("sqlite://")) as ledger,
        Fetcher(tmp_path / "cache", ledger, server.url) as fetcher,
    ):
        found = fetcher.between(drms, FIRST - timedelta(minutes=1), FIRST + timedelta(minutes=9))
    assert [fetched.file.path.name for fetched in found.files] == names
    assert {read(fetched.file).observation.noise for fetched in found.files} == {10.2}


def test_stack_of_too_few_frames_is_a_problem(tmp_path: Path) -> None:
    archive, moment = SmallSeries(tmp_path / "archive"), sun(FIRST)
    archive.hmi_45s(FIRST, moment)
    built = build("hmi-denoise", tmp_path / "out", mirror=str(archive.root), every=MONTH,
                  period=(FIRST, FIRST))  # fmt: skip
    [problem] = built.problems.values()
    assert problem.startswith("There is not a stack of 21 frames of 45 s at 2014-03-18T00:00Z")


def test_patches_at_hand(real_archive: Path, tmp_path: Path) -> None:
    (tmp_path / "archive/extra").mkdir(parents=True)
    (tmp_path / "archive/extra/sharp").symlink_to(real_archive / "extra/sharp")
    for day in ("2014/01/15", "2014/03/15", "2014/04/15"):
        folder = f"jsoc.stanford.edu/data/hmi/fits/{day}"
        (tmp_path / "archive" / folder).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "archive" / folder).symlink_to(real_archive / folder)
    built = build("hmi-denoise-patches", tmp_path / "out", mirror=str(tmp_path / "archive"))
    assert built.counts == {"train": 5, "validation": 2, "test": 3}
    there = scenes_of(tmp_path / "out")
    regions = {part: {scene.region for scene in scenes} for part, scenes in there.items()}
    assert regions["test"] == {"sharp-377", "sharp-13777", "disk-2014-04"}
    assert regions["validation"] == {"sharp-13866", "disk-2014-03"}


@pytest.mark.parametrize(("partner", "scale"), [("gong", 0.7), ("mdi", 1.31)])
def test_patches_through_cameras(
    real_archive: Path, tmp_path: Path, partner: str, scale: float
) -> None:
    built = build(f"{partner}-to-hmi-patches", tmp_path, mirror=str(real_archive))
    assert built.counts == {"train": 4, "validation": 1, "test": 2}
    for scenes in scenes_of(tmp_path).values():
        for scene in scenes:
            assert scene.observed is not None
            ratio = np.abs(scene.observed).sum() / np.abs(degrade.binned(scene.field, 4)).sum()
            # Blur cancels what noise adds, but neither by half in an active region.
            assert 0.5 < ratio / scale < 1.5


def test_simulated_sun(tmp_path: Path) -> None:
    time = TIME.replace(hour=0)
    write_day(tmp_path / "sun", [sun(time)])
    built = build("simulated-gong-to-hmi", tmp_path / "out", mirror=str(tmp_path / "sun"),
                  period=(time, time), every=time - EPOCH)  # fmt: skip
    assert built.problems == {}
    assert built.counts == {"train": 12}
    assert correlation(stream(tmp_path / "out", "train")) > 0.5


def test_bad_requests_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        BadRequest, match=r"There is no data set 'gong'\. There are .*gong-to-hmi: "
    ):
        build("gong", tmp_path)
    with pytest.raises(BadRequest, match="give --start and --end"):
        build("gong-to-hmi", tmp_path, mirror=str(tmp_path))
    backwards = datetime(2014, 2, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)
    with pytest.raises(BadRequest, match="before it begins"):
        build("gong-to-hmi", tmp_path, mirror=str(tmp_path), period=backwards)
    with pytest.raises(BadRequest, match="name their folder by --archive"):
        build("hmi-denoise-patches", tmp_path)
    with pytest.raises(BadRequest, match="holds no extra/sharp"):
        build("gong-to-hmi-patches", tmp_path, mirror=str(tmp_path))


def test_times_do_not_depend_on_where_a_period_begins(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    for name, days in (("long", 20), ("short", 10)):
        period = TIME - timedelta(days=days), TIME
        build("hmi-denoise", tmp_path / name, mirror=str(folder), period=period)
    long, short = (set(shards.read_index(tmp_path / n).problems) for n in ("long", "short"))
    assert short < long
