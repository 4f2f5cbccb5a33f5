"""Frames become scenes, and a clipped frame is known for one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scenes import textured

from models.data import disks, tiles
from pipeline.core import BadFile


def test_clipped_frames_of_hmi_are_known_for_what_they_are(real_archive: Path) -> None:
    frames = sorted(real_archive.glob("jsoc.stanford.edu/data/hmi/fits/2014/0[13]/15/*.fits"))
    for scene in map(disks.read_scene, frames):
        assert 240.0 < scene.limit < 260.0  # "clipped near ±250 G", says the archive
        clipped = np.abs(scene.field) >= scene.limit
        assert 0.001 < clipped.sum() / scene.valid.sum() < 0.02
        assert scene.region == f"disk-{scene.time:%Y-%m}"


def test_frames_of_mdi_and_gong_are_not_clipped(real_archive: Path) -> None:
    mdi = disks.read_scene(next((real_archive / "extra/mdi").glob("*.fits")))
    gong = disks.read_scene(next(real_archive.glob("gong2.nso.edu/oQR/bqa/*/*/*.fits.gz")))
    for scene, pixel in ((mdi, 2.0), (gong, 2.5)):
        assert scene.limit == math.inf
        # SOHO is 1 % nearer than 1 AU, the Earth in September .7 % farther.
        assert scene.pixel == pytest.approx(pixel, rel=0.04)
        assert np.nanmax(scene.radius[np.isfinite(scene.field)]) < 1.0


def test_patch_is_no_disk(real_archive: Path) -> None:
    patch = next((real_archive / "extra/sharp").glob("*.magnetogram.fits"))
    with pytest.raises(BadFile, match="no full-disk line-of-sight magnetogram"):
        disks.read_scene(patch)


def test_windows_are_measured_different_and_the_same_every_time() -> None:
    field = textured((128, 128)).field
    field[:, :64] = np.nan
    field[:32, 64:] = np.nan
    for count, expected in ((3, 3), (50, 6)):
        chosen = tiles.windows(field, 32, count, np.random.default_rng(0))
        assert chosen == tiles.windows(field, 32, count, np.random.default_rng(0))
        assert len(chosen) == len({(r.start, c.start) for r, c in chosen}) == expected
        assert all(np.isfinite(field[window]).all() for window in chosen)


def test_active_windows_are_drawn_more_often() -> None:
    field = np.zeros((64, 256), np.float32)
    field[:, :64] = 30.0
    draws = [tiles.windows(field, 64, 1, np.random.default_rng(n))[0] for n in range(400)]
    share = sum(columns.start == 0 for _, columns in draws) / 400
    expected = 40.0 / (40.0 + 3 * 10.0)
    assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 400))


def test_empty_disk_has_no_windows() -> None:
    field = np.full((64, 64), np.nan, np.float32)
    assert tiles.windows(field, 32, 4, np.random.default_rng(0)) == []
