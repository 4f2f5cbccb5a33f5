"""Real HMI frames carried from day to day: geometry, rotation and the error model at once."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.core import CarringtonGrid, Disk, InputFile, SolarImage
from pipeline.instruments import read
from pipeline.surface import Layer, analyse, blank, forecast, observe
from pipeline.surface.rotation import rotate_field

GRID = CarringtonGrid()
DAY = timedelta(days=1)
Block = list[SolarImage]


@pytest.fixture(scope="module")
def blocks(real_archive: Path) -> list[Block]:
    """Four stretches of seven frames, spread over January to April 2014."""
    paths = sorted(real_archive.glob("jsoc.stanford.edu/data/hmi/fits/2014/*/*/*.fits"))
    return [
        [read(InputFile(path, f"{path}", "")) for path in paths[first : first + 7]]
        for first in range(0, 96, 24)
    ]


@pytest.fixture(scope="module")
def layers(blocks: list[Block]) -> list[list[Layer]]:
    return [[observe(image, GRID) for image in block] for block in blocks]


def mu(layer: Layer) -> np.ndarray:
    return layer.observation.observer.mu(*GRID.mesh())


def smooth(br: np.ndarray, where: np.ndarray, fwhm: float) -> np.ndarray:
    """Gaussian of *fwhm* deg (as seen at the equator) over the cells *where*."""
    width = fwhm / 2.3548 * np.array([np.radians(1.0) * GRID.nlat / 2, GRID.nlon / 360])
    if fwhm == 0.0:
        return br
    weight = gaussian_filter(where.astype(float), width, mode=("nearest", "wrap"))
    return gaussian_filter(np.where(where, br, 0.0), width, mode=("nearest", "wrap")) / weight


def correlation(first: Layer, second: Layer, fwhm: float = 2.0) -> float:
    """Of the *first* layer, carried to the time of the *second*, with it; both at mu > .5."""
    days = (second.observation.time - first.observation.time) / DAY
    known = np.isfinite(first.br) & (mu(first) > 0.5)
    carried = rotate_field(np.where(known, first.br, 0.0), GRID, days)
    still_known = rotate_field(known.astype(float), GRID, days) > 0.9
    common = still_known & np.isfinite(second.br) & (mu(second) > 0.5)
    with np.errstate(invalid="ignore"):
        pair = [smooth(br, common, fwhm)[common] for br in (carried, second.br)]
    return float(np.corrcoef(pair)[0, 1])


def day_pairs(stretch: list[Layer]) -> list[tuple[Layer, Layer]]:
    neighbours = itertools.pairwise(stretch)
    return [(a, b) for a, b in neighbours if b.observation.time - a.observation.time < 1.5 * DAY]


def test_a_frame_carried_to_the_next_day_is_the_next_frame(layers: list[list[Layer]]) -> None:
    pairs = [pair for stretch in layers for pair in day_pairs(stretch)]
    assert len(pairs) > 15
    mean = {fwhm: np.mean([correlation(*pair, fwhm) for pair in pairs]) for fwhm in (0.0, 2.0, 4.0)}
    assert mean[2.0] >= 0.9
    assert mean[0.0] < mean[2.0] < mean[4.0]


def the_disk(image: SolarImage) -> Disk:
    assert isinstance(image.geometry, Disk)
    return image.geometry


def reversed_b0(image: SolarImage, disk: Disk) -> SolarImage:
    observer = replace(disk.observer, latitude=-disk.observer.latitude)
    return replace(image, geometry=replace(disk, observer=observer))


def upside_down(image: SolarImage, disk: Disk) -> SolarImage:
    return replace(image, data=image.data[::-1].copy(), mask=image.mask[::-1].copy())


def mirrored(image: SolarImage, disk: Disk) -> SolarImage:
    return replace(image, data=image.data[:, ::-1].copy(), mask=image.mask[:, ::-1].copy())


def roll_ignored(image: SolarImage, disk: Disk) -> SolarImage:
    return replace(image, geometry=replace(disk, north=0.0))


@pytest.mark.parametrize(
    ("spoil", "at_most"),
    [(reversed_b0, 0.85), (upside_down, 0.85), (mirrored, 0.2), (roll_ignored, 0.2)],
)
def test_a_wrong_geometry_does_not_carry(
    blocks: list[Block],
    layers: list[list[Layer]],
    spoil: Callable[[SolarImage, Disk], SolarImage],
    at_most: float,
) -> None:
    right, wrong = [], []
    for block, stretch in zip(blocks, layers, strict=True):
        spoiled = [spoil(image, the_disk(image)) for image in block[:2]]
        first, second = (observe(image, GRID) for image in spoiled)
        right.append(correlation(stretch[0], stretch[1]))
        wrong.append(correlation(first, second))
    assert np.mean(wrong) < at_most
    assert np.mean(wrong) < np.mean(right) - 0.08
    assert (np.array(wrong) < np.array(right)).all()


def test_the_predicted_error_of_a_carried_map_is_honest(layers: list[list[Layer]]) -> None:
    """Root mean square of forecast minus observation over its prediction, by lag and mu."""
    sums: dict[tuple[int, str], np.ndarray] = {}
    for stretch in layers:
        start = stretch[0].observation.time
        state = analyse(blank(start, GRID), stretch[0])
        for later in stretch[1:]:
            lag = round((later.observation.time - start) / DAY)
            carried = forecast(state, later.observation.time)
            known = np.isfinite(carried.age) & np.isfinite(later.br)
            error = carried.br - later.br
            predicted = carried.sigma.astype(float) ** 2 + later.sigma**2
            for name, cells in (
                ("middle", known & (mu(later) > 0.5) & (mu(later) <= 0.8)),
                ("centre", known & (mu(later) > 0.8)),
                ("weak", known & (mu(later) > 0.5) & (np.abs(carried.br) < 20.0)),
            ):
                moments = [np.sum(error[cells] ** 2), np.sum(predicted[cells]), cells.sum()]
                sums[lag, name] = sums.get((lag, name), np.zeros(3)) + moments
    for lag in range(1, 7):
        for name in ("middle", "centre", "weak"):
            error, predicted, count = sums[lag, name]
            assert count > 5_000
            assert 0.7 < np.sqrt(error / predicted) < 1.4
