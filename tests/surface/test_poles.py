"""Caps that nobody sees are held to the latitudes around them."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.core import CarringtonGrid, GlobalMap, Source
from pipeline.surface import blank, constrain_poles, with_members

GRID = CarringtonGrid(180, 90)
LAT = GRID.mesh()[1]
FIELD = 10.0 * np.sin(np.radians(LAT)) ** 9 / np.abs(np.sin(np.radians(LAT)))  # odd, eighth power


def a_sun(hidden: np.ndarray, error: float = 0.0) -> GlobalMap:
    """Polar fields as measured, off by *error* gauss in the *hidden* cells, never seen there."""
    rng = np.random.default_rng(3)
    br = FIELD + rng.normal(0.0, 1.0, GRID.shape) + np.where(hidden, error, 0.0)
    state = replace(
        blank(datetime(2014, 3, 7, tzinfo=UTC), GRID),
        br=br.astype(np.float32),
        age=np.where(hidden, np.nan, 12.0).astype(np.float32),
    )
    return with_members(state, 3)


@pytest.mark.parametrize("days", [1 / 24, 27.0, 2000.0])
def test_a_wrong_cap_is_forgotten_within_a_rotation(days: float) -> None:
    north = LAT > 70.0
    after = constrain_poles(a_sun(north, error=-8.0), days)
    off = float((after.br - FIELD)[north].mean())
    assert off == pytest.approx(-8.0 * np.exp(-days / 27.0), abs=0.4)
    assert (after.source[north] == Source.POLAR).all()
    assert (after.source[~north] != Source.POLAR).all()
    np.testing.assert_allclose(after.br, after.members.mean(axis=0), atol=1e-4)


def test_a_cap_that_is_about_to_turn_is_not_taken_for_one_that_is_strong() -> None:
    """Near maximum the other polarity has come up to the rim: the sign changes at 70°."""
    profile = np.abs(np.sin(np.radians(LAT))) ** 8
    field = np.where(LAT > 0.0, 6.0 - 9.0 * profile, 0.0)
    hidden = LAT > 76.0
    state = replace(a_sun(hidden), br=np.where(hidden, 0.0, field).astype(np.float32))
    after = constrain_poles(with_members(replace(state, members=None), 3), 2000.0)
    assert after.br[hidden].mean() == pytest.approx(field[hidden].mean(), abs=0.1)
    assert after.br[hidden].mean() < -1.0


def test_hours_add_up_to_days() -> None:
    hourly = a_sun(LAT < -70.0, error=5.0)
    for _ in range(24):
        hourly = constrain_poles(hourly, 1 / 24)
    daily = constrain_poles(a_sun(LAT < -70.0, error=5.0), 1.0)
    np.testing.assert_allclose(hourly.br, daily.br, atol=1e-3)


def test_what_is_seen_and_the_pattern_of_what_is_not_stay() -> None:
    north = LAT > 70.0
    before = a_sun(north, error=-8.0)
    after = constrain_poles(before, 10.0)
    assert np.array_equal(after.br[~north], before.br[~north])
    assert np.std((after.br - before.br)[north]) < 1e-4
    high = np.abs(after.br[np.abs(LAT) > 60.0])
    assert high.max() < 10.0 + 6.0  # no spike: the field there is 10 G with a noise of 1 G


def test_a_pole_that_is_seen_or_a_ring_that_is_not_leaves_all_as_it_is() -> None:
    for hidden in (np.zeros(GRID.shape, bool), np.ones(GRID.shape, bool)):
        before = a_sun(hidden, error=-8.0)
        after = constrain_poles(before, 27.0)
        assert np.array_equal(after.br, before.br)
        assert (after.source != Source.POLAR).all()
