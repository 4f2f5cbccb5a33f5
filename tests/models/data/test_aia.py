"""Real pairs come through the archives' own doors, and keep a rotation's distance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scenes import SmallSeries, sun

from models import recipe as recipes
from models import stores
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


def test_the_recipe_learns_from_an_archive_that_judges_it_in_other_months(tmp_path: Path) -> None:
    """Months apart, and without the rotation around what is held out; a step with its network."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from models.training import train

    torch.set_num_threads(1)
    archive, out = SmallSeries(tmp_path / "archive"), tmp_path / "pairs"
    days = [TIME.replace(month=month, day=day) for month, day in ((5, 9), (7, 15), (11, 4))]
    near = TIME.replace(month=10, day=9)  # 23 days before the test's month
    with ArchiveServer(archive.root) as server:
        for day in (*days, near):
            observe(archive, day)
            built = build("aia-to-hmi", out, mirror=server.url, period=(day, day))
    assert built.counts == {"validation": 1, "train": 1, "test": 1}
    recipe = recipes.read(recipes.find("euv-to-mag-aia"))
    once = {"steps": 1, "warm_up": 1, "validation_batches": 1}
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update=once)})
    learnt, chosen = (stores.streaming(recipe, [out], part) for part in ("train", "validation"))
    best = train(recipe, learnt, chosen, tmp_path / "training", workers=0)
    assert best.exists()


def test_nothing_is_learnt_within_a_rotation_of_what_is_held_out() -> None:
    times = [datetime(2015, 1, 1, tzinfo=UTC) + n * DAY / 2 for n in range(730)]
    kept = aia.apart(times, MONTHS)
    held = [t for t in kept if f"--{t:%m}" in MONTHS.validation | MONTHS.test]
    learnt = [t for t in kept if t not in held]
    assert len(held) == 2 * (31 + 30)
    assert min(abs(t - h) for t in learnt for h in held) >= aia.ROTATION
    assert len(learnt) > 365 * 2 / 3
