"""Real pairs come through the archives' own doors, and keep a rotation's distance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from scenes import SmallSeries, sun

from models import recipe as recipes
from models.batches import drawing
from models.data import aia, build, stream
from models.data.split import MONTHS
from pipeline.simulator.corona import Corona
from pipeline.simulator.instruments import aia as camera
from pipeline.simulator.server import ArchiveServer

DAY = timedelta(days=1)
TIME = datetime(2014, 7, 15, tzinfo=UTC)


def observe(archive: SmallSeries, time: datetime) -> None:
    """HMI and two channels of AIA at *time*."""
    archive.hmi(time, size=256)
    for line in (193, 304):
        path = archive.root / camera.TREE / f"{time:%Y/%m/%d/H%H00/AIA%Y%m%d_%H%M}_{line:04d}.fits"
        rng = np.random.default_rng(line)
        camera.write(path, sun(time), time, rng, line, Corona(1), size=256)


def test_pairs_and_their_rotation_before_become_batches(tmp_path: Path) -> None:
    """Fetched from a web server, read, brought into one frame, written, and drawn from."""
    archive = SmallSeries(tmp_path / "archive")
    observe(archive, TIME)
    observe(archive, TIME - aia.ROTATION)
    out = tmp_path / "out"
    with ArchiveServer(archive.root) as server:
        built = build("aia-to-hmi", out, mirror=server.url, period=(TIME, TIME))
    assert built.problems == {}
    [scene] = stream(out, "train")
    assert scene.region == "disk-2014-07"
    assert {"euv 193", "euv 304", "before", "prior", "prior sigma", "leading"} <= set(scene.planes)
    near = (scene.radius < 0.7) & np.isfinite(scene.planes["euv 304"])
    bright = np.log10(np.maximum(scene.planes["euv 304"][near], 1.0))
    # 304 Å traces the network: what is off by a pixel does not.
    assert np.corrcoef(bright, np.log10(np.abs(scene.field[near]) + 3.0))[0, 1] > 0.3
    batch = drawing(recipes.read(recipes.find("euv-to-mag-aia")), [scene])(2, 0, 0)
    assert np.isfinite(batch.x).all()
    assert batch.weight.any()


def test_nothing_is_learnt_within_a_rotation_of_what_is_held_out() -> None:
    times = [datetime(2015, 1, 1, tzinfo=UTC) + n * DAY / 2 for n in range(730)]
    kept = aia.apart(times, MONTHS)
    held = [t for t in kept if f"--{t:%m}" in MONTHS.validation | MONTHS.test]
    learnt = [t for t in kept if t not in held]
    assert len(held) == 2 * (31 + 30)
    assert min(abs(t - h) for t in learnt for h in held) >= aia.ROTATION
    assert len(learnt) > 365 * 2 / 3
