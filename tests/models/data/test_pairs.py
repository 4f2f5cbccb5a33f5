"""Frames of two instruments come to lie on each other, wherever their headers put them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from scenes import TIME, SmallSeries, textured
from scipy.ndimage import fourier_shift

from models.data import degrade, disks, pairs
from pipeline.archives import local
from pipeline.core import BadFile, SolarImage
from pipeline.instruments import read


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SolarImage]:
    archive = SmallSeries(tmp_path_factory.mktemp("archive"))
    files = {
        "hmi": archive.hmi(TIME, 1024),
        "gong": archive.gong(TIME + timedelta(minutes=4)),
        "mdi": archive.mdi(TIME),
    }
    return {name: read(local(path)) for name, path in files.items()}


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.63, -1.27), (-2.4, 0.18)])
def test_shift_is_measured_to_a_tenth_of_a_pixel_under_noise(shift: tuple[float, float]) -> None:
    still = textured((128, 128)).field
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(still), shift)).real
    moved = degrade.blur(moved.astype(np.float32), 1.5) * np.float32(0.7)
    moved += degrade.noise((128, 128), 10.0, 0.5, np.random.default_rng(0))
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    weight = np.clip(1.2 - np.hypot(x, y), 0.0, 0.4)
    found = pairs.register(still, moved, weight)
    np.testing.assert_allclose(found, [-shift[0], -shift[1]], atol=0.1)


@pytest.mark.parametrize(("name", "pixel", "scale"), [("gong", 2.5, 0.7), ("mdi", 2.0, 1.31)])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.63, -1.27)])
def test_frame_whose_header_is_off_is_registered(
    images: dict[str, SolarImage],
    name: str,
    pixel: float,
    scale: float,
    shift: tuple[float, float],
) -> None:
    """What is left of a known shift is found by least squares, not by correlation again."""
    image = images[name]
    disk = disks.disk_of(image)
    off = replace(disk, x0=disk.x0 + shift[0], y0=disk.y0 + shift[1])
    pair = pairs.pair(replace(image, geometry=off), images["hmi"], pixel, 1)
    assert pair.observed is not None
    truth = np.float32(scale) * pair.field
    down, right = np.gradient(truth)
    known = np.isfinite(pair.observed) & np.isfinite(down) & np.isfinite(right)
    known &= pair.radius < 0.8
    # observed = a truth + b - shift · gradient: the blur is symmetric and moves nothing.
    columns = [truth[known], np.ones(known.sum()), right[known], down[known]]
    answer = np.linalg.lstsq(np.stack(columns, 1), pair.observed[known], rcond=None)[0]
    np.testing.assert_allclose(answer[2:] / answer[0], 0.0, atol=0.1)
    assert pair.pixel == pixel
    assert pair.region == "simulated-2014-01"


def test_fine_pixels_divide_coarse_ones(images: dict[str, SolarImage]) -> None:
    once, thrice = (pairs.pair(images["gong"], images["hmi"], 7.5, n) for n in (1, 3))
    assert once.observed is not None
    assert thrice.field.shape == tuple(3 * n for n in once.field.shape)
    radius = degrade.binned(thrice.radius, 3)
    inner = once.radius > 0.05  # the mean of distances is that of the centre but near it
    np.testing.assert_allclose(radius[inner], once.radius[inner], atol=1e-3)
    both = np.isfinite(once.observed) & np.isfinite(thrice.observed)
    np.testing.assert_allclose(once.observed[both], thrice.observed[both], atol=3.0)


def test_another_sun_is_refused(images: dict[str, SolarImage]) -> None:
    hmi = images["hmi"]
    rng = np.random.default_rng(0)
    other = replace(hmi, data=np.where(hmi.mask, rng.normal(0, 30, hmi.data.shape), np.nan))
    with pytest.raises(BadFile, match=r"off its header|does not show the Sun of hmi\.M_720s"):
        pairs.pair(images["gong"], other, 5.0, 1)


def test_patch_is_no_partner(images: dict[str, SolarImage], real_archive: Path) -> None:
    patch = next((real_archive / "extra/sharp").glob("*.377.*.magnetogram.fits"))
    with pytest.raises(BadFile, match="no full-disk line-of-sight magnetogram"):
        pairs.pair(read(local(patch)), images["hmi"], 2.5, 1)
