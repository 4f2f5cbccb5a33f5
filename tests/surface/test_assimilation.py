"""Combining observations with a carried map."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from known_disks import field, positions, view
from numpy.typing import NDArray

from pipeline.core import (
    BadFile,
    BadRequest,
    CarringtonGrid,
    Disk,
    GlobalMap,
    InputFile,
    Observation,
    Quantity,
    SolarImage,
    Source,
    earth,
)
from pipeline.surface import Layer, analyse, balance, blank, first_guess, forecast, observe
from pipeline.surface.assimilation import FRESH_HOURS
from pipeline.surface.transport import blur
from pipeline.surface.uncertainty import CLIMATE_SIGMA, POLAR_SIGMA, VIEW, strength, view_variance

GRID = CarringtonGrid(360, 180)
NOON = datetime(2014, 1, 31, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def seen_by(instrument: str, time: datetime = NOON, noise: float = 6.3) -> Observation:
    file = InputFile(Path(f"{instrument}.fits"), f"https://example.org/{instrument}.fits", "00")
    return Observation(instrument, Quantity.B_LOS, time, earth(time), file, noise=noise)


def layer(instrument: str, br: float, sigma: float, time: datetime = NOON) -> Layer:
    """A field all over the western half; nothing seen in the east."""
    west = GRID.mesh()[0] < 180.0
    return Layer(
        np.where(west, br, np.nan), np.where(west, sigma, np.nan), seen_by(instrument, time)
    )


def magnetogram(instrument: str) -> tuple[SolarImage, Disk]:
    """A dipole of 10 G as a camera on Earth sees it."""
    here = earth(NOON)
    disk = view(512, here.latitude, here.carrington_longitude, 180.0)
    lon, lat, mu = positions(disk, 512)
    data = (field("dipole", lon, lat) * mu).astype(np.float32)
    return SolarImage(data, np.isfinite(data), "G", disk, seen_by(instrument)), disk


def a_map() -> GlobalMap:
    """A textured map with both polarities and a sigma that varies from cell to cell."""
    rng = np.random.default_rng(4)
    return replace(
        blank(NOON, GRID),
        br=rng.normal(1.0, 20.0, GRID.shape).astype(np.float32),
        sigma=rng.uniform(5.0, 40.0, GRID.shape).astype(np.float32),
    )


def test_simultaneous_layers_combine_in_any_order() -> None:
    hmi, gong = layer("hmi", 8.0, 6.0), layer("gong", 8.5, 9.0)
    one = analyse(analyse(a_map(), hmi), gong)
    other = analyse(analyse(a_map(), gong), hmi)
    assert np.allclose(one.br, other.br, rtol=1e-5, atol=1e-5)
    assert np.allclose(one.sigma, other.sigma, rtol=1e-5)


def test_the_better_of_two_simultaneous_layers_is_the_source_in_any_order() -> None:
    hmi, gong = layer("hmi", 30.0, 6.0), layer("gong", 42.0, 9.0)
    one = analyse(analyse(blank(NOON, GRID), hmi), gong)
    other = analyse(analyse(blank(NOON, GRID), gong), hmi)
    assert (one.source == Source.HMI).mean() == 0.5
    assert np.array_equal(one.source, other.source)
    assert np.array_equal(one.age, other.age, equal_nan=True)


def test_the_combination_is_the_mean_weighted_by_precision() -> None:
    state = analyse(analyse(a_map(), layer("hmi", 8.0, 6.0)), layer("gong", 8.5, 9.0))
    west = GRID.lon < 180.0
    prior = a_map().sigma[:, west].astype(float)
    precision = prior**-2 + 6.0**-2 + 9.0**-2
    mean = (a_map().br[:, west] / prior**2 + 8.0 / 6.0**2 + 8.5 / 9.0**2) / precision
    assert np.allclose(state.br[:, west], mean, rtol=1e-5, atol=1e-4)
    assert np.allclose(state.sigma[:, west], precision**-0.5, rtol=1e-5)


def test_sigma_never_grows_through_an_analysis_and_the_unseen_stays_as_it_was() -> None:
    before, east = a_map(), GRID.lon > 180.0
    after = analyse(before, layer("hmi", 12.0, 25.0))
    assert (after.sigma <= before.sigma).all()
    assert (after.sigma < before.sigma)[:, ~east].all()
    for name in ("br", "sigma", "source", "age"):
        assert np.array_equal(
            getattr(after, name)[:, east], getattr(before, name)[:, east], equal_nan=True
        )


def test_hourly_frames_keep_the_disk_observed_and_its_error_honest() -> None:
    """The view repeats its error: a hundred frames are no better than one."""
    image, disk = magnetogram("hmi")
    one = observe(image, GRID)
    state = blank(NOON, GRID)
    for hour in range(96):
        seen = replace(one.observation, time=NOON + hour * timedelta(hours=1))
        state = analyse(state, replace(one, observation=seen))
    mu = disk.observer.mu(*GRID.mesh())
    centre = mu > 0.75
    assert (state.source[centre] == Source.HMI).all()
    assert state.age[centre].max() == 0.0
    assert (state.sigma[centre] >= 0.99 * one.sigma[centre]).all()


def test_a_layer_in_which_nothing_was_seen_leaves_the_map_unchanged() -> None:
    empty = layer("hmi", np.nan, np.nan)
    after = analyse(a_map(), empty)
    for name in ("br", "sigma", "source", "age"):
        assert np.array_equal(getattr(after, name), getattr(a_map(), name), equal_nan=True)
    assert after.inputs == (empty.observation,)


def test_sigma_grows_with_age_and_with_the_strength_of_the_surroundings() -> None:
    sigmas = []
    for strong in (5.0, 50.0, 200.0):
        seen = analyse(blank(NOON, GRID), layer("hmi", strong, 5.0))
        inland = np.abs(GRID.mesh()[0] - 90.0) < 60.0
        carried = [forecast(seen, NOON + days * DAY) for days in (0, 1, 3, 10)]
        sigmas.append([float(map_.sigma[inland].mean()) for map_ in carried])
    assert (np.diff(sigmas, axis=0)[:, 1:] > 0.0).all()
    assert (np.diff(sigmas, axis=1) > 0.0).all()


def test_where_nothing_is_known_the_error_stays_that_of_the_climate() -> None:
    carried = forecast(blank(NOON, GRID), NOON + 100 * DAY)
    far, near = np.abs(GRID.lat) < 50.0, np.abs(GRID.lat) > 65.0
    assert np.allclose(carried.sigma[far], CLIMATE_SIGMA, rtol=1e-3)
    assert np.allclose(carried.sigma[near], POLAR_SIGMA, rtol=1e-3)
    assert carried.sigma[~far & ~near].min() > POLAR_SIGMA
    assert carried.sigma.max() < 1.001 * CLIMATE_SIGMA


def test_no_region_is_feared_in_the_polar_caps() -> None:
    """There a cell errs as the network does, however long nobody has looked."""
    seen = analyse(blank(NOON, GRID), layer("hmi", 8.0, 5.0))
    later = forecast(replace(seen, age=np.zeros_like(seen.age)), NOON + 60 * DAY)
    low, high = (later.sigma[rows].mean() for rows in (np.abs(GRID.lat) < 50, GRID.lat > 70))
    assert high < 0.75 * low


def test_a_map_is_not_carried_back() -> None:
    with pytest.raises(BadRequest, match=r"^A map valid at 2014-01-31T12:00:00Z cannot be carried"):
        forecast(a_map(), NOON - HOUR)


def test_hourly_forecasts_are_one_forecast() -> None:
    state = analyse(a_map(), layer("hmi", 30.0, 6.0))
    hourly = state
    for n in range(1, 49):
        hourly = forecast(hourly, NOON + n * HOUR)
    once = forecast(state, NOON + 2 * DAY)
    assert hourly.unsigned_flux == pytest.approx(once.unsigned_flux, rel=0.02)
    assert hourly.net_flux == pytest.approx(state.net_flux, rel=1e-4)
    assert np.median(np.abs(hourly.sigma / once.sigma - 1.0)) < 0.1
    assert np.array_equal(hourly.source, once.source)
    assert np.allclose(hourly.age, once.age, atol=1e-3, equal_nan=True)
    assert forecast(state, NOON) is state


def test_the_same_forecast_is_the_same_map() -> None:
    first, again = (forecast(a_map(), NOON + HOUR) for _ in range(2))
    assert np.array_equal(first.br, again.br)


def test_a_region_that_has_emerged_is_believed_at_once() -> None:
    """A map of quiet Sun is surer of itself than a frame is of a region, and yet wrong."""
    lon, lat = GRID.mesh()
    region = 300.0 * np.exp(-((lon - 90.0) ** 2 + (lat - 15.0) ** 2) / 18.0)
    quiet = forecast(analyse(blank(NOON, GRID), layer("hmi", 4.0, 4.0)), NOON + 5 * DAY)
    seen = Layer(4.0 + region, 10.0 + region / 4.0, seen_by("gong", NOON + 5 * DAY))
    after = analyse(quiet, seen)
    assert (after.source[region > 100.0] == Source.GONG).all()
    assert np.abs(after.br - seen.br)[region > 100.0].max() < 0.2 * 300.0


def test_a_late_frame_does_not_undo_a_newer_one() -> None:
    state = analyse(blank(NOON - 6 * HOUR, GRID), layer("hmi", 10.0, 6.0))
    late = analyse(state, layer("hmi", 12.0, 6.0, NOON - 6 * HOUR))
    known = state.age == 0.0
    assert np.abs(late.br - state.br)[known].max() < 0.25 * 2.0  # alone it would have half a say
    assert np.array_equal(late.age[known], state.age[known])
    assert late.time == state.time


def test_a_late_layer_is_carried_to_the_time_of_the_map() -> None:
    """It lands where it would be had it come in time, and counts less for its age."""
    early = NOON - 6 * HOUR
    nothing = replace(blank(early, GRID), sigma=np.full(GRID.shape, CLIMATE_SIGMA, np.float32))
    late = analyse(forecast(nothing, NOON), layer("hmi", 10.0, 6.0, early))
    punctual = forecast(analyse(nothing, layer("hmi", 10.0, 6.0, early)), NOON)
    assert late.time == NOON
    seen = late.age == 6.0
    assert np.array_equal(seen, punctual.age == 6.0)
    assert seen.mean() == 0.5
    assert late.sigma[seen].min() > 6.0
    inland = seen & np.roll(seen, 5, axis=1) & np.roll(seen, -5, axis=1)
    gap = np.abs(blur(late.br - punctual.br, GRID, 8.0))[inland]  # small flux emerges anew
    assert gap.max() < 0.1 * 10.0


def test_a_newer_layer_brings_the_map_to_its_own_time() -> None:
    after = analyse(a_map(), layer("hmi", 30.0, 6.0, NOON + HOUR))
    assert after.time == NOON + HOUR
    assert after.last_observed == {"hmi": NOON + HOUR}


def test_last_observed_keeps_the_newest_of_each_instrument() -> None:
    state = analyse(a_map(), layer("hmi", 30.0, 6.0))
    state = analyse(state, layer("hmi", 30.0, 6.0, NOON - HOUR))
    state = analyse(state, layer("gong", 30.0, 6.0, NOON - 2 * HOUR))
    assert state.last_observed == {"hmi": NOON, "gong": NOON - 2 * HOUR}


def test_a_cell_rests_on_its_instrument_while_fresh() -> None:
    state = analyse(blank(NOON, GRID), layer("gong", 30.0, 6.0))
    west = GRID.lon < 180.0
    assert (state.source[:, west] == Source.GONG).all()
    assert (state.age[:, west] == 0.0).all()
    assert (state.source[:, ~west] == Source.TRANSPORTED).all()
    assert np.isnan(state.age[:, ~west]).all()
    later = forecast(state, NOON + (FRESH_HOURS - 1.0) * HOUR)
    assert (later.source == Source.GONG).mean() == 0.5
    assert np.nanmax(later.age) == pytest.approx(FRESH_HOURS - 1.0)
    stale = forecast(later, NOON + (FRESH_HOURS + 1.0) * HOUR)
    assert (stale.source == Source.TRANSPORTED).all()


def test_a_cell_that_hardly_heeds_an_observation_does_not_rest_on_it() -> None:
    state = analyse(blank(NOON, GRID), layer("hmi", 30.0, 6.0))
    after = analyse(state, layer("gong", 0.0, 60.0))
    assert np.array_equal(after.source, state.source)


def test_balance_leaves_no_net_flux_and_says_what_it_took() -> None:
    before = a_map()
    after = balance(before)
    assert abs(after.net_flux) < 1e-6 * after.unsigned_flux
    assert after.net_flux_removed == pytest.approx(before.net_flux, rel=1e-6)
    assert np.array_equal(np.sign(after.br), np.sign(before.br))
    assert after.unsigned_flux == pytest.approx(before.unsigned_flux, rel=0.01)


def test_a_map_of_one_polarity_is_not_balanced_away() -> None:
    lone = replace(blank(NOON, GRID), br=np.full(GRID.shape, 5.0, np.float32))
    assert np.array_equal(balance(lone).br, lone.br)


def test_observe_gives_radial_field_and_an_error_that_grows_to_the_limb() -> None:
    image, disk = magnetogram("hmi")
    seen = observe(image, GRID)
    lon, lat = GRID.mesh()
    mu = disk.observer.mu(lon, lat)
    inside = mu > 0.2
    assert np.isfinite(seen.br[inside]).all()
    assert np.isnan(seen.br[mu < 0.0]).all()
    assert np.abs(seen.br - field("dipole", lon, lat))[inside].max() < 0.2
    slant = VIEW * strength(seen.br, GRID, seen.noise) * np.tan(np.arccos(mu.clip(min=0.1)))
    claimed = []
    for place in (mu > 0.99, np.abs(mu - 0.7) < 0.01, np.abs(mu - 0.25) < 0.01):
        cells = place & np.isfinite(seen.sigma)
        expected = np.hypot(slant, seen.noise)[cells].mean()
        claimed.append(seen.sigma[cells].mean())
        assert claimed[-1] == pytest.approx(expected, rel=0.05)
    assert claimed == sorted(claimed)


def test_noise_towards_the_limb_is_not_taken_for_strong_field() -> None:
    """Of nothing but noise, most cells say that nothing is there, and no region has emerged."""
    image, disk = magnetogram("hmi")
    rng = np.random.default_rng(4)
    noisy = replace(
        image,
        data=np.where(image.mask, rng.normal(0.0, 10.0, image.data.shape), np.nan),
        observation=replace(image.observation, noise=10.0),
    )
    seen = observe(noisy, GRID)
    mu = disk.observer.mu(*GRID.mesh())
    limb = np.isfinite(seen.br) & (mu < 0.3)
    raw, net = strength(seen.br, GRID), strength(seen.br, GRID, seen.noise)
    assert np.median(net[limb]) < 0.3 * np.median(raw[limb])
    quiet = forecast(analyse(blank(NOON, GRID), layer("gong", 4.0, 4.0)), NOON + DAY)
    limb &= np.isfinite(seen.sigma)
    expected = (quiet.sigma**-2.0 + seen.sigma**-2.0) ** -0.5
    after = analyse(quiet, replace(seen, br=np.where(limb, seen.br, np.nan)))
    assert np.median(after.sigma[limb] / expected[limb]) == pytest.approx(1.0, abs=0.05)


def test_a_slanted_look_is_believed_only_where_no_better_one_came() -> None:
    """At the west limb of the equator days before showed the place; at the east limb, or a pole,
    none did for weeks.
    """
    image, disk = magnetogram("hmi")
    seen = observe(image, GRID)
    lon, lat = GRID.mesh()
    mu = disk.observer.mu(lon, lat)
    west = np.sin(np.radians(lon - disk.observer.carrington_longitude)) > 0.0
    low, high = (np.abs(lat) < 20.0) & np.isfinite(seen.br), (np.abs(lat) > 70.0) & (mu > 0.15)
    assert np.isinf(seen.sigma[low & west & (mu < 0.35)]).all()
    assert np.isfinite(seen.sigma[low & ~west]).all()
    assert np.isfinite(seen.sigma[low & (mu > 0.45)]).all()
    assert np.isfinite(seen.sigma[high & (mu > 0.25)]).all()
    before = a_map()
    after = analyse(before, seen)
    slanted = np.isinf(seen.sigma)
    assert np.array_equal(after.br[slanted], before.br[slanted])
    assert np.array_equal(after.sigma[slanted], before.sigma[slanted])


@pytest.mark.parametrize(("known", "taken"), [(True, (0.0, 0.1)), (False, (0.2, 1.0))])
def test_a_slanted_look_shows_what_is_new_and_spoils_nothing_seen_better(
    known: bool, taken: tuple[float, float]
) -> None:
    """A region at the limb: seen at disk centre the day before, or not there two months ago."""
    lon, lat = GRID.mesh()
    region = 200.0 * np.exp(-((lon - 90.0) ** 2 + (lat - 15.0) ** 2) / 18.0)
    quiet = Layer(4.0 + 0.0 * region, 4.0 + 0.0 * region, seen_by("gong", NOON - 60 * DAY))
    better = Layer(4.0 + region, 1.0 + 0.0 * region, seen_by("hmi", NOON - DAY))
    before = forecast(analyse(blank(NOON - 60 * DAY, GRID), quiet), NOON - DAY)
    state = forecast(analyse(before, better) if known else before, NOON)
    around = strength(4.0 + region, GRID)
    error = np.sqrt(view_variance(0.35, around))
    after = analyse(state, Layer(4.0 + 1.25 * region, error, seen_by("hmi", NOON)))
    core = region > 100.0
    step = (after.br - state.br)[core].mean() / 1.25 / region[core].mean()
    assert taken[0] <= step <= taken[1]


def test_the_map_shows_what_is_near_disk_centre_now() -> None:
    """A region that has moved since yesterday by more than its size, seen 18° from the centre."""
    lon, lat = GRID.mesh()

    def region(where: float) -> NDArray[np.float64]:
        return 4.0 + 200.0 * np.exp(-((lon - where) ** 2 + (lat - 15.0) ** 2) / 18.0)

    def look(where: float, time: datetime) -> Layer:
        view = view_variance(0.95, strength(region(where), GRID))
        return Layer(region(where), np.sqrt(4.0**2 + view), seen_by("hmi", time))

    before = analyse(blank(NOON - DAY, GRID), look(60.0, NOON - DAY))
    after = analyse(before, look(90.0, NOON))
    for place, kept in ((90.0, 0.9), (60.0, -0.1)):
        core = region(place) > 100.0
        shown = after.br[core].mean() / region(place)[core].mean()
        assert kept <= shown <= kept + 0.2


def test_gong_and_mdi_are_brought_to_the_scale_of_hmi() -> None:
    hmi = observe(magnetogram("hmi")[0], GRID)
    for instrument, divisor in (("gong", 0.7), ("mdi", 1.31)):
        other = observe(magnetogram(instrument)[0], GRID)
        assert np.allclose(other.br * divisor, hmi.br, equal_nan=True)
        assert np.allclose(other.sigma * divisor, hmi.sigma, equal_nan=True)


def test_what_is_no_magnetogram_is_not_observed() -> None:
    image, _ = magnetogram("hmi")
    bright = replace(image, observation=replace(image.observation, quantity=Quantity.INTENSITY))
    with pytest.raises(BadFile, match=r"hmi\.fits: it is not a full-disk magnetogram; give"):
        observe(bright, GRID)


def test_a_first_guess_is_as_old_as_the_last_passage_of_each_longitude() -> None:
    observation = replace(seen_by("gong"), quantity=Quantity.B_R)
    data = np.full(GRID.shape, 7.0, np.float32)
    guess = first_guess(
        SolarImage(data, np.ones(GRID.shape, bool), "G", GRID.geometry, observation), GRID
    )
    assert np.allclose(guess.br, 7.0 / 0.7)
    west = (GRID.lon - earth(NOON).carrington_longitude + 180.0) % 360.0 - 180.0
    age = guess.age[90]
    assert (age[np.abs(west) < 60.0] == 0.0).all()
    # Half a day after leaving the zone in the west; 18 days just before coming back in the east.
    days = 27.2753 / 360.0
    assert age[np.argmin(np.abs(west - 66.0))] == pytest.approx(24 * 6.0 * days, abs=2.0)
    assert age[np.argmin(np.abs(west + 61.0))] == pytest.approx(24 * 239.0 * days, abs=2.0)
    assert (np.diff(guess.sigma[90][np.argsort(age)]) >= 0.0).all()
    assert (guess.source[90][age < FRESH_HOURS] == Source.GONG).all()
    assert (guess.source[90][age > FRESH_HOURS] == Source.TRANSPORTED).all()
