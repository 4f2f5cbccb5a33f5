"""The simulated Sun obeys the laws it was given, and is the same Sun every time."""

from datetime import timedelta
from itertools import islice

import numpy as np
import pytest

from pipeline.core import CarringtonGrid, parse_utc
from pipeline.simulator.activity import cycles_at, polar_field
from pipeline.simulator.concentrations import Concentrations, paint
from pipeline.simulator.emergence import Bipole, born_on
from pipeline.simulator.network import network
from pipeline.simulator.sun import Moment, simulate, sun_flow

GRID = CarringtonGrid(180, 90)
MAXIMUM = parse_utc("2014-01-31T00:00Z")
MINIMUM = parse_utc("2008-12-15T00:00Z")
SEED = 7


def born_in(year: int, seed: int = SEED) -> list[Bipole]:
    first = parse_utc(f"{year}-01-01").toordinal()
    return [bipole for day in range(first, first + 365) for bipole in born_on(seed, day)]


@pytest.fixture(scope="module")
def active() -> Moment:
    return next(simulate(MAXIMUM, 1, SEED, CarringtonGrid(720, 360)))


@pytest.fixture(scope="module")
def hours() -> list[Moment]:
    return list(simulate(MAXIMUM, 2, SEED, GRID))


def test_one_seed_gives_one_sun(hours: list[Moment]) -> None:
    again = simulate(MAXIMUM, 2, SEED, GRID)
    assert [m.br.tobytes() for m in hours] == [m.br.tobytes() for m in again]
    assert hours[0].br.tobytes() != next(simulate(MAXIMUM, 1, SEED + 1, GRID)).br.tobytes()


def test_the_same_hour_looks_alike_from_another_start(hours: list[Moment]) -> None:
    early = list(simulate(MAXIMUM - timedelta(hours=48), 49, SEED, GRID))[-1]
    late = hours[0]
    assert early.time == late.time
    assert early.regions == pytest.approx(late.regions)
    assert np.corrcoef(early.br.ravel(), late.br.ravel())[0, 1] > 0.995


def test_there_is_no_net_flux(hours: list[Moment], active: Moment) -> None:
    for moment in (*hours, active):
        net = moment.br.mean(dtype=np.float64)
        assert abs(net) < 1e-4 * np.abs(moment.br).mean()


def test_hale_and_joy() -> None:
    bipoles = [*born_in(2013), *born_in(2014)]  # cycle 24: negative leads in the north
    assert {b.number for b in born_in(2013)}.isdisjoint(b.number for b in born_in(2014))
    lawful = [b.leading_polarity == -np.sign(b.lat) for b in bipoles]
    assert 0.9 < np.mean(lawful) < 0.99
    for bipole in bipoles:
        leads = bipole.share * bipole.leading_polarity > 0.0
        assert bipole.west[leads].mean() > bipole.west[~leads].mean() or abs(bipole.tilt) > 60.0
        assert bipole.share.sum() == pytest.approx(0.0, abs=1e-12)
    lat, tilt = np.array([(abs(b.lat), b.tilt) for b in bipoles]).T
    error = np.std(tilt) / np.std(lat) / np.sqrt(lat.size)
    assert np.polyfit(lat, tilt, 1)[0] == pytest.approx(0.5, abs=3.0 * error)


def test_the_leading_part_lies_closer_to_the_equator(active: Moment) -> None:
    bipoles = [*born_in(2013), *born_in(2014)]
    nearer = []
    for b in bipoles:
        leads = b.share * b.leading_polarity > 0.0
        along = np.abs(b.share[leads]) @ b.north[leads] - np.abs(b.share[~leads]) @ b.north[~leads]
        nearer.append(-np.sign(b.lat) * along)
    assert np.mean(nearer) > 0.0


def test_emergence_follows_the_cycle() -> None:
    counts = {year: len(born_in(year)) for year in (2008, 2010, 2011, 2014, 2017, 2019)}
    assert counts[2008] < counts[2010] < counts[2011] < counts[2014] > counts[2017] > counts[2019]
    assert counts[2014] > 6 * counts[2008]
    early, late = (np.mean([abs(b.lat) for b in born_in(year)]) for year in (2011, 2016))
    assert early - late > 5.0


def test_cycles_are_known_for_any_date() -> None:
    assert [c.number for c in cycles_at(2014.0)] == [23, 24]
    assert [c.number for c in cycles_at(2026.9)] == [24, 25]
    assert [c.number for c in cycles_at(2045.0)] == [26, 27]
    assert [c.number for c in cycles_at(1900.0)] == [13, 14]
    assert polar_field(2008.9) < -0.9  # negative north at the minimum before cycle 24
    assert polar_field(2019.9) > 0.9


def test_the_network_neither_fades_nor_grows() -> None:
    def flux(hour: float) -> float:
        return float(np.abs(network(SEED, hour, flow).flux).sum())

    flow, hour = sun_flow(SEED), MINIMUM.toordinal() * 24.0
    week = [flux(hour + step) for step in range(0, 168, 6)]
    assert np.std(week) < 0.01 * np.mean(week)


def test_the_network_is_replaced_in_a_few_days() -> None:
    first = paint(network(SEED, hour := MINIMUM.toordinal() * 24.0, sun_flow(SEED)), GRID)

    def likeness(hours: float) -> float:
        later = paint(network(SEED, hour + hours, sun_flow(SEED)), GRID)
        return float(np.corrcoef(first.ravel(), later.ravel())[0, 1])

    assert likeness(1.0) > 0.95
    assert 0.1 < likeness(18.0) < 0.8
    assert abs(likeness(60.0)) < 0.03


def test_quiet_sun_stays_as_it_is_for_a_week() -> None:
    moments = islice(simulate(MINIMUM, 168, SEED, GRID), 0, None, 24)
    flux = [np.abs(m.br[np.abs(GRID.lat) > 30.0]).mean() for m in moments]
    assert np.ptp(flux) < 0.1 * np.mean(flux)


def test_the_list_of_regions_is_what_the_map_shows(active: Moment) -> None:
    """Lone strong regions hold the listed flux in the map; weaker field is what they lost."""
    grid = active.grid
    lon, lat = grid.mesh()

    ratios = []
    for region in active.regions:
        others = [r for r in active.regions if r is not region]
        if region.flux < 3e21 or any(
            distance(r.lon, r.lat, region.lon, region.lat) < 14.0 for r in others
        ):
            continue
        near = distance(lon, lat, region.lon, region.lat) < 8.0
        strong = near & (np.abs(active.br) > 150.0)
        ratios.append(np.abs(active.br[strong]).sum() * grid.cell_area / region.flux)
    assert len(ratios) >= 3
    assert np.median(ratios) == pytest.approx(1.0, abs=0.15)
    assert min(ratios) > 0.6
    assert max(ratios) < 1.6


def distance(lon: np.ndarray, lat: np.ndarray, lon0: float, lat0: float) -> np.ndarray:
    """Great-circle distance, deg."""
    lon, lat, lon0, lat0 = map(np.radians, (lon, lat, lon0, lat0))
    cosine = np.sin(lat) * np.sin(lat0) + np.cos(lat) * np.cos(lat0) * np.cos(lon - lon0)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def test_regions_grow_and_decay() -> None:
    bipole = max(born_in(2014), key=lambda b: b.flux)
    days = bipole.born + np.linspace(0.0, 40.0, 400)
    held = np.array([bipole.held(day) for day in days])
    lost = np.array([bipole.lost(day) for day in days])
    peak = days[held.argmax()] - bipole.born
    assert peak == pytest.approx(bipole.rise, abs=0.2)
    assert held.max() > 0.8 * bipole.flux
    assert held[-1] < 0.2 * bipole.flux
    assert (np.diff(lost) > -1e-9 * bipole.flux).all()
    assert held[-1] + lost[-1] == pytest.approx(bipole.flux)
    end = bipole.born + bipole.rise + 3.0 * bipole.decay
    assert bipole.lost(end) == pytest.approx(bipole.flux)


@pytest.mark.parametrize("lat", [0.0, 37.0, -89.9, 90.0])
@pytest.mark.parametrize("width", [0.01, 0.5, 5.0])
def test_painting_keeps_flux_and_place(lat: float, width: float) -> None:
    spot = Concentrations(*(np.array([v]) for v in (359.9, lat, 1e22, width)))
    field = paint(spot, GRID)
    assert field.sum() * GRID.cell_area == pytest.approx(1e22)
    centre = np.average(GRID.sin_lat, weights=field.sum(axis=1))
    assert centre == pytest.approx(np.sin(np.radians(lat)), abs=1.1 / GRID.nlat + width / 100.0)
