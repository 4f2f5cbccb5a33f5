"""Carrying by rotation: many small steps are one long step, and nothing fades."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core import CarringtonGrid
from pipeline.surface.rotation import CARRINGTON_RATE, drift_rate, rotate_field, rotate_labels

GRID = CarringtonGrid(360, 180)
NOISE = np.random.default_rng(1).normal(0.0, 20.0, GRID.shape)


def test_hourly_steps_are_one_long_step() -> None:
    hourly = NOISE
    for _ in range(24 * 7):
        hourly = rotate_field(hourly, GRID, 1 / 24)
    assert np.abs(hourly - rotate_field(NOISE, GRID, 7.0)).max() < 1e-9


def test_single_precision_between_steps_costs_less_than_a_milligauss() -> None:
    hourly = NOISE.astype(np.float32)
    for _ in range(24 * 7):
        hourly = rotate_field(hourly, GRID, 1 / 24).astype(np.float32)
    assert np.abs(hourly - rotate_field(NOISE, GRID, 7.0)).max() < 1e-3


@settings(deadline=None, max_examples=40)
@given(st.floats(-400.0, 400.0))
def test_every_row_keeps_its_sum_and_its_energy(days: float) -> None:
    carried = rotate_field(NOISE, GRID, days)
    assert np.allclose(carried.sum(axis=1), NOISE.sum(axis=1), rtol=0.0, atol=1e-9)
    assert np.allclose((carried**2).sum(axis=1), (NOISE**2).sum(axis=1), rtol=1e-12)


def test_a_row_returns_after_a_full_turn_past_the_grid() -> None:
    for row in (0, 40, 90):
        days = 360.0 / drift_rate(GRID.lat)[row]
        assert np.abs(rotate_field(NOISE, GRID, days)[row] - NOISE[row]).max() < 1e-9


def test_a_bump_moves_by_the_rate_of_its_latitude() -> None:
    """Sidereal 14.430 - 1.608 sin² - 2.678 sin⁴ deg/day: 14.43 at the equator, 12.96 at 45°."""
    lon, _ = GRID.mesh()
    bump = np.exp(-0.5 * ((lon - 180.0) / 5.0) ** 2)
    phase = np.angle(np.sum(rotate_field(bump, GRID, 10.0) * np.exp(1j * np.radians(lon)), axis=1))
    rate = (np.degrees(phase) % 360.0 - 180.0) / 10.0 + CARRINGTON_RATE
    assert np.interp([0.0, 45.0], GRID.lat, rate) == pytest.approx([14.43, 12.957], abs=0.01)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.0, 9000.0), st.floats(0.0, 40.0), st.integers(1, 100))
def test_labels_move_with_the_field_to_less_than_a_cell(
    start: float, days: float, steps: int
) -> None:
    labels = np.tile(np.arange(GRID.nlon), (GRID.nlat, 1))
    moved = rotate_labels(labels, GRID, start, start + days)
    travelled = (np.arange(GRID.nlon) - moved) * 360.0 / GRID.nlon
    error = (travelled - (drift_rate(GRID.lat) * days)[:, np.newaxis] + 180.0) % 360.0 - 180.0
    assert np.abs(error).max() < 360.0 / GRID.nlon
    stops = start + days * np.arange(steps + 1) / steps
    stops[-1] = start + days
    for before, after in itertools.pairwise(stops):
        labels = rotate_labels(labels, GRID, before, after)
    assert np.array_equal(labels, moved)
