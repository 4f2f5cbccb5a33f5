"""Wind speeds and the way out to the planets."""

import numpy as np
import pytest

from pipeline.core import BadRequest, CarringtonGrid, Observer
from pipeline.corona import wind
from pipeline.corona.connectivity import departure

GRID = CarringtonGrid(360, 180)


@pytest.mark.parametrize(
    ("name", "slowest", "deep"),
    [("schonfeld2022", 285.0, 910.0), ("eswim", 285.0, 910.0), ("wide-range", 250.0, 1000.0)],
)
def test_published_speeds_at_their_limits(name: str, slowest: float, deep: float) -> None:
    law = wind.law(name)
    assert law.speed(np.array(1e12), np.array(90.0)) == pytest.approx(slowest, abs=3.0)
    assert law.speed(np.array(0.0), np.array(90.0)) == pytest.approx(deep)
    at_boundary = slowest + (deep - slowest) * 0.2**3
    assert law.speed(np.array(0.0), np.array(0.0)) == pytest.approx(at_boundary)
    assert np.isnan(law.speed(np.array(np.nan), np.array(1.0)))


def test_schonfelds_formula_at_a_point() -> None:
    expected = 285 + 625 / 6 ** (2 / 9) * (1 - 0.8 * np.exp(-1)) ** 3
    assert wind.law("schonfeld2022").speed(np.array(5.0), np.array(2.0)) == pytest.approx(expected)


def test_an_unknown_set_of_coefficients_is_refused() -> None:
    with pytest.raises(BadRequest, match="give one of schonfeld2022, eswim, wide-range"):
        wind.law("fast")


def test_the_sun_turns_under_the_wind() -> None:
    days = (wind.AU - 2.5) * wind.R_SUN_KM / 400.0 / 86400.0
    assert wind.longitude_shift(400.0, 2.5, wind.AU) == pytest.approx(days * 360 / 25.38)


def test_even_wind_stays_even_and_a_slope_is_carried_ballistically() -> None:
    even = np.full((2, 360), 400.0)
    np.testing.assert_allclose(wind.carry_outward(even, 2.5, wind.AU), even)
    wave = 400.0 + 5.0 * np.cos(np.radians(np.arange(360.0) * 2))[None]
    carried = wind.carry_outward(wave, 2.5, wind.OUTER_BOUNDARY)
    lon = np.arange(360.0) - wind.longitude_shift(wave[0], 2.5, wind.OUTER_BOUNDARY)
    expected = np.interp(np.arange(360.0), np.sort(lon), wave[0][np.argsort(lon)], period=360.0)
    assert np.abs(carried[0] - expected).max() < 0.2


def test_fast_wind_overtakes_slow_and_none_is_faster_than_the_fastest() -> None:
    speed = np.where(np.abs(np.arange(360) - 180) < 30, 700.0, 350.0)[None]
    carried = wind.carry_outward(speed, 2.5, wind.AU)
    assert 350.0 <= carried.min() < carried.max() <= 700.0
    assert carried.sum() == pytest.approx(speed.sum())
    # What is pressed together stays sharp, what is drawn out does not.
    slope = np.diff(carried[0])
    assert -slope.min() > 3 * slope.max()
    # The edge turned with the mean over the logarithm of both speeds.
    lag = wind.longitude_shift(350.0 / np.log(2.0), 2.5, wind.AU)
    assert np.argmin(slope) == pytest.approx(209 - lag, abs=2.0)


def test_the_spiral_leads_back_to_where_the_wind_left() -> None:
    speed = np.full(GRID.shape, 400.0)
    lon, found = departure(speed, GRID, 2.5, Observer(300.0, 5.0, wind.AU))
    assert found == 400.0
    assert lon == pytest.approx((300 + wind.longitude_shift(400.0, 2.5, wind.AU)) % 360, abs=0.5)
    near, _ = departure(speed, GRID, 2.5, Observer(300.0, 5.0, 2.5))
    assert near == pytest.approx(300.0, abs=0.5)


def test_where_streams_overlap_the_fastest_arrives() -> None:
    speed = np.full(GRID.shape, 350.0)
    fast_lon = 300 + float(wind.longitude_shift(700.0, 2.5, wind.AU))
    speed[:, int(fast_lon) - 5 : int(fast_lon) + 6] = 700.0
    lon, found = departure(speed, GRID, 2.5, Observer(300.0, 5.0, wind.AU))
    assert found == pytest.approx(700.0)
    assert lon == pytest.approx(fast_lon, abs=1.0)
