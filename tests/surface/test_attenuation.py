"""Strong field moves slower than the flow, and nothing is lost on the way."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline.core import CarringtonGrid
from pipeline.surface.flows import FLOWS, Flow
from pipeline.surface.rotation import CARRINGTON_RATE
from pipeline.surface.transport import blur, renew, transport

GRID = CarringtonGrid(360, 180)
LON, LAT = GRID.mesh()
NOISE = np.random.default_rng(3).normal(0.0, 300.0, GRID.shape)


def spot(field: float, lat: float = 20.0) -> np.ndarray:
    """A disk of 8° radius with *field* gauss and a soft rim."""
    inside = np.hypot((LON - 180.0) * np.cos(np.radians(lat)), LAT - lat) < 8.0
    return field * blur(inside.astype(np.float64), GRID, 3.0)


def middle(field: np.ndarray) -> tuple[float, float]:
    """Longitude and latitude of the centre of gravity, deg."""
    return float(np.average(LON, weights=field)), float(np.average(LAT, weights=field))


@pytest.mark.parametrize("hours", [1.0, 24.0])
@pytest.mark.parametrize("flow", [(1.0, 0.0), (-2.0, 0.0), (0.0, 15.0), (0.0, -15.0)])
def test_strong_field_goes_as_far_as_published(flow: tuple[float, float], hours: float) -> None:
    """1 - tanh(B / B0) of the way, for every part of the spot."""
    rotation, poleward = flow
    free = Flow((CARRINGTON_RATE + rotation, 0.0, 0.0), (poleward, 0.0, 0.0), 0.0)
    resisted = replace(free, attenuation=500.0)
    way = []
    for law in (free, resisted):
        field = spot(700.0)
        for _ in range(round(24.0 / hours)):
            field = transport(field, GRID, hours / 24.0, law)
        way.append(np.subtract(middle(field), middle(spot(700.0))))
    along = 0 if rotation else 1
    part = way[1][along] / way[0][along]
    expected = np.average(1.0 - np.tanh(spot(700.0) / 500.0), weights=spot(700.0))
    assert part == pytest.approx(expected, abs=0.02)


def test_weak_field_goes_with_the_flow() -> None:
    free, resisted = (
        transport(spot(5.0), GRID, 1.0, replace(FLOWS["hipft"], attenuation=limit))
        for limit in (math.inf, 500.0)
    )
    assert np.abs(free - resisted).max() < 0.02 * 5.0


@pytest.mark.parametrize("days", [1 / 24, 1.0, 27.0])
def test_flux_is_only_moved(days: float) -> None:
    law = FLOWS["hipft"]
    assert law.attenuation == 500.0
    after = transport(NOISE + 5.0, GRID, days, law)
    unsigned = np.abs(NOISE).sum()
    assert abs(after.sum() - (NOISE + 5.0).sum()) < 1e-12 * unsigned
    assert transport(spot(2000.0), GRID, days, law).min() > -1e-3 * 2000.0


def test_members_resist_alike_whether_carried_together_or_alone() -> None:
    law, both = FLOWS["hipft"], np.stack([NOISE, spot(900.0)])
    together = transport(both, GRID, 1.0, law)
    for one, after in zip(both, together, strict=True):
        np.testing.assert_allclose(transport(one, GRID, 1.0, law), after, atol=1e-6)
    silent = np.zeros((2, GRID.nlat, GRID.nlon + 2), np.float32)
    moved = renew(both[1].astype(np.float32), GRID, 1.0, law, silent)
    np.testing.assert_allclose(moved, together[1], atol=0.1)
