"""Members: carried apart, pulled together by what is seen, and kept about the map."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import (
    CarringtonGrid,
    GlobalMap,
    InputFile,
    Observation,
    Quantity,
    Source,
    earth,
)
from pipeline.surface import Layer, analyse, balance, blank, forecast, with_members
from pipeline.surface.ensemble import COMMON, spread
from pipeline.surface.transport import blur
from pipeline.surface.uncertainty import CLIMATE_SIGMA

GRID = CarringtonGrid(180, 90)
NOON = datetime(2014, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REGION = 400.0 * blur(
    np.where(np.hypot(GRID.mesh()[0] - 90.0, GRID.mesh()[1] - 20.0) < 4.0, 1.0, 0.0)
    - np.where(np.hypot(GRID.mesh()[0] - 100.0, GRID.mesh()[1] - 18.0) < 4.0, 1.0, 0.0),
    GRID,
    4.0,
)


def an_ensemble(number: int = 6, time: datetime = NOON) -> GlobalMap:
    state = replace(blank(time, GRID), br=REGION.astype(np.float32))
    return with_members(state, number)


def layer(field: np.ndarray, sigma: float, instrument: str = "hmi", time: datetime = NOON) -> Layer:
    """*field* as seen within 60° of the point below the Earth."""
    observer = earth(time)
    seen = observer.mu(*GRID.mesh()) > 0.5
    file = InputFile(Path(f"{instrument}.fits"), "", "")
    observation = Observation(instrument, Quantity.B_LOS, time, observer, file)
    return Layer(np.where(seen, field, np.nan), np.where(seen, sigma, np.nan), observation)


def facing(time: datetime) -> np.ndarray:
    """The region in the middle of the disk."""
    shift = round((earth(time).carrington_longitude - 95.0) * GRID.nlon / 360.0)
    return np.roll(REGION, shift, axis=1)


@pytest.mark.parametrize("act", ["forecast", "analyse", "balance"])
def test_the_map_is_the_mean_of_its_members(act: str) -> None:
    before = forecast(an_ensemble(), NOON + 5 * DAY)
    seen = layer(facing(before.time), 10.0, time=before.time)
    after = {
        "forecast": lambda: forecast(before, NOON + 6 * DAY),
        "analyse": lambda: analyse(before, seen),
        "balance": lambda: balance(before),
    }[act]()
    assert after.members is not None
    assert after.members.dtype == np.float32
    np.testing.assert_allclose(after.br, after.members.mean(axis=0), atol=1e-4)
    assert (np.diff(after.members, axis=0) != 0.0).any(axis=(1, 2)).all()


def test_members_part_where_flux_is_and_an_observation_brings_them_together() -> None:
    start = an_ensemble()
    apart = forecast(start, NOON + 14 * DAY)
    strong = np.abs(apart.br) > 30.0
    assert spread(start.members).max() == 0.0
    assert spread(apart.members)[strong].mean() > 3.0 * np.median(spread(apart.members))
    assert (apart.sigma >= 0.999 * spread(apart.members)).all()
    seen = layer(facing(apart.time), 3.0, time=apart.time)
    together = analyse(apart, seen)
    known = np.isfinite(seen.br) & (np.abs(facing(apart.time)) > 30.0)
    assert spread(together.members)[known].mean() < 2.0 * 3.0
    elsewhere = ~np.isfinite(seen.br)
    assert np.array_equal(together.members[:, elsewhere], apart.members[:, elsewhere])


def test_no_step_creates_net_flux() -> None:
    start = an_ensemble()
    after = forecast(start, NOON + 30 * DAY)
    unsigned = np.abs(start.members, dtype=np.float64).sum(axis=(1, 2))
    change = after.members.sum(axis=(1, 2), dtype=np.float64)
    change -= start.members.sum(axis=(1, 2), dtype=np.float64)
    assert np.abs(change).max() < 1e-5 * unsigned.max()


def test_balance_frees_every_member_of_net_flux_and_says_what_it_took() -> None:
    start = an_ensemble()
    lopsided = replace(start, br=start.br + 1, members=start.members + np.float32(1.0))
    after = balance(forecast(lopsided, NOON + DAY))
    unsigned = np.abs(after.members, dtype=np.float64).sum(axis=(1, 2))
    assert (np.abs(after.members.sum(axis=(1, 2), dtype=np.float64)) < 1e-5 * unsigned).all()
    one_gauss = GRID.cell_area * GRID.nlon * GRID.nlat
    assert after.net_flux_removed == pytest.approx(one_gauss, rel=0.01)


def test_the_network_does_not_fade_in_the_mean() -> None:
    """Part of what emerges is common to all; what is not averages away as 1/n."""
    quiet = forecast(with_members(blank(NOON, GRID), 8), NOON + 2000 * DAY)
    low = np.abs(GRID.lat) < 50.0
    each, mean = (float(np.std(field[..., low, :])) for field in (quiet.members, quiet.br))
    assert mean / each == pytest.approx((COMMON + (1 - COMMON) / 8) ** 0.5, abs=0.07)


def test_the_same_forecast_is_the_same_ensemble() -> None:
    one, other = (forecast(an_ensemble(), NOON + DAY) for _ in range(2))
    assert np.array_equal(one.members, other.members)


@pytest.mark.parametrize("number", [1, 4, 9, 14])
def test_another_number_of_members_keeps_the_map(number: int) -> None:
    before = forecast(an_ensemble(6), NOON + 14 * DAY)
    after = with_members(before, number)
    assert len(after.members) == number
    np.testing.assert_allclose(after.members.mean(axis=0), before.br, atol=1e-3)
    later = forecast(after, NOON + 15 * DAY)
    if number > 1:
        assert len({field.tobytes() for field in later.members}) == number
    assert with_members(before, 6) is before


def test_ignorance_grows_through_forty_days_without_a_frame() -> None:
    seen = analyse(an_ensemble(), layer(facing(NOON), 5.0))
    gap = [forecast(seen, NOON + days * DAY) for days in (1, 10, 40)]
    known = np.isfinite(layer(facing(NOON), 5.0).br)
    means = [float(state.sigma[known].mean()) for state in gap]
    assert means == sorted(means)
    assert np.isfinite(gap[-1].br).all()
    assert (gap[-1].source == Source.TRANSPORTED).all()
    assert np.nanmin(gap[-1].age) >= 40 * 24 - 1


def test_contradicting_instruments_meet_between_and_say_so_nowhere_else() -> None:
    """The precise one counts more; neither is taken whole."""
    state = analyse(an_ensemble(), layer(facing(NOON) + 20.0, 5.0))
    state = analyse(state, layer(facing(NOON) - 20.0, 10.0, "gong"))
    known = np.isfinite(layer(facing(NOON), 5.0).br)
    off = (state.br - facing(NOON))[known]
    assert 5.0 < off.mean() < 20.0
    assert state.sigma[known].min() > 0.0


def test_the_turn_of_the_year_and_the_tilt_of_the_poles_are_days_like_others() -> None:
    """7.25° of tilt hide a pole: it stays as unsure as it was."""
    eve = datetime(2014, 12, 31, 18, tzinfo=UTC)
    across = forecast(an_ensemble(4, eve), eve + timedelta(hours=12))
    assert across.time.year == 2015
    assert np.isfinite(across.sigma).all()
    for month, hidden in ((3, -1), (9, 0)):
        time = datetime(2014, month, 7, tzinfo=UTC)
        before = with_members(blank(time, GRID), 4)
        state = analyse(before, layer(REGION, 5.0, time=time))
        assert np.array_equal(state.sigma[-1 - hidden], before.sigma[-1 - hidden])
        assert np.isnan(state.age[-1 - hidden]).all()


def test_layers_of_other_observers_are_combined_too() -> None:
    """Pictures of a spacecraft behind the Sun."""
    behind = layer(REGION, 30.0, "euvi-a")
    hidden = replace(
        behind,
        br=np.where(np.isnan(behind.br), REGION, np.nan),
        sigma=np.where(np.isnan(behind.br), 8.0, np.nan),
    )
    state = analyse(with_members(blank(NOON, GRID), 4), hidden)
    assert (state.source[np.isfinite(hidden.br)] == Source.EUV).all()
    assert (state.source[~np.isfinite(hidden.br)] == Source.TRANSPORTED).all()


def test_pictures_of_many_days_do_not_add_up_to_certainty() -> None:
    """A network errs on a region today as yesterday; a magnetograph within days anew."""
    sigma = {}
    for instrument in ("euvi-a", "hmi"):
        nothing = replace(blank(NOON, GRID), sigma=np.full(GRID.shape, CLIMATE_SIGMA, np.float32))
        state = forecast(with_members(nothing, 4), NOON + DAY)
        one = layer(0.0 * REGION, 20.0, instrument, state.time)
        known = np.isfinite(one.br)
        for day in range(4):
            late = replace(one.observation, time=one.observation.time + day * DAY)
            state = analyse(state, replace(one, observation=late))
        sigma[instrument] = float(state.sigma[known & (state.age == 0.0)].min())
    assert sigma["euvi-a"] > 0.8 * 20.0  # alone, each would halve the variance
    assert sigma["hmi"] < sigma["euvi-a"]
