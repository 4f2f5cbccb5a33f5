"""Far-side regions: found on a map of waves, added where the map lacks them."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline import archives, instruments
from pipeline.core import (
    BadFile,
    CarringtonGrid,
    GlobalMap,
    InputFile,
    Observation,
    Quantity,
    SeismicRegion,
    SeismicRegions,
    Source,
    earth,
    great_circle,
)
from pipeline.simulator.instruments.seismic import Detection, antipode, write_map
from pipeline.surface import Layer, analyse, blank, forecast
from pipeline.surface.seismic import (
    ANTI_HALE,
    FLUX_SCATTER,
    POSITION,
    REACH,
    Bipole,
    add_seismic,
    bipole,
    expected,
    leading_polarity,
    seismic_regions,
)

GRID = CarringtonGrid(180, 90)
TIME = datetime(2014, 3, 9, 12, tzinfo=UTC)
BEHIND = antipode(TIME)
REGION = SeismicRegion(BEHIND.carrington_longitude, 12.0, phase=-0.2)
MARCH = Path(__file__).parents[2].parent / "shared/archive/farside.nso.edu/oQR/fqo/201403"


def sighting(*regions: SeismicRegion, time: datetime = TIME) -> SeismicRegions:
    file = InputFile(Path("map.fits"), "file:///map.fits", "0")
    seen = Observation("gong-seismic", Quantity.PHASE_SHIFT, time, earth(time), file)
    return SeismicRegions(regions, seen)


def quiet(age: float = 200.0) -> GlobalMap:
    """A far side that was quiet when it was last seen."""
    state = blank(TIME, GRID)
    br = np.random.default_rng(0).normal(0.0, 4.0, GRID.shape).astype(np.float32)
    return replace(
        state,
        br=br,
        sigma=np.full(GRID.shape, 15.0, np.float32),
        age=np.full(GRID.shape, age, np.float32),
    )


def unsigned(state: GlobalMap) -> float:
    """Flux within twice the reach of the region, of a map without noise."""
    near = great_circle(*GRID.mesh(), REGION.lon, REGION.lat) < 2 * REACH
    return float(np.abs(state.br - quiet().br)[near].sum() * GRID.cell_area)


def test_regions_of_a_map_are_found_where_they_are(tmp_path: Path) -> None:
    strong = [
        Detection(BEHIND.carrington_longitude + west, lat, 4e22, 1.0, 1e3)
        for west, lat in ((-20.0, 14.0), (25.0, -12.0))
    ]
    middle = TIME - timedelta(hours=12) + timedelta(seconds=42960)
    write_map(tmp_path / "m.fits", tuple(strong), TIME, np.random.default_rng(1))
    found = seismic_regions(instruments.read(archives.local(tmp_path / "m.fits")), threshold=0.16)
    assert found.observation.time == middle
    for detection in strong:
        nearest = min(
            float(great_circle(r.lon, r.lat, detection.lon, detection.lat)) for r in found.regions
        )
        assert nearest < 4.0  # the size of the regions on the map
    lon, lat = (np.array([getattr(r, k) for r in found.regions]) for k in ("lon", "lat"))
    apart = [great_circle(lon, lat, x, y) for x, y in zip(lon, lat, strict=True)]
    assert np.min(np.array(apart) + 360.0 * np.eye(lon.size)) > REACH


def test_a_magnetogram_is_no_map_of_phase_shifts(tmp_path: Path) -> None:
    write_map(tmp_path / "m.fits", (), TIME, np.random.default_rng(1))
    image = instruments.read(archives.local(tmp_path / "m.fits"))
    other = replace(image.observation, quantity=Quantity.B_LOS)
    with pytest.raises(BadFile, match="no map of phase shifts"):
        seismic_regions(replace(image, observation=other))


@pytest.mark.parametrize(
    ("lat", "when", "sign"),
    [
        (15.0, "2014-03-09", -1),  # cycle 24 is even
        (-15.0, "2014-03-09", 1),
        (15.0, "2023-03-09", 1),  # cycle 25
        (-15.0, "2023-03-09", -1),
        (25.0, "2020-03-09", 1),  # at the minimum: the new cycle far from the equator,
        (5.0, "2020-03-09", -1),  # the old one near it
        (15.0, "2036-03-09", -1),  # cycle 26, which no table has yet
    ],
)
def test_polarity_follows_hale(lat: float, when: str, sign: int) -> None:
    assert leading_polarity(lat, datetime.fromisoformat(when).replace(tzinfo=UTC)) == sign


def test_a_bipole_is_tilted_as_joy_says_and_balanced() -> None:
    for lat in (15.0, -15.0):
        pair = bipole(replace(REGION, lat=lat), TIME)
        mean, _ = expected(pair, GRID)
        assert abs(mean.sum()) < 1e-12 * np.abs(mean).sum()
        lon, latitude = GRID.mesh()
        lead = np.clip(mean * pair.leading, 0.0, None)
        follow = np.clip(-mean * pair.leading, 0.0, None)
        offset = (lon - REGION.lon + 180.0) % 360.0 - 180.0
        assert np.average(offset, weights=lead) > np.average(offset, weights=follow)
        nearer = [np.average(np.abs(latitude), weights=part) for part in (lead, follow)]
        assert nearer[0] < nearer[1]


def test_mean_and_variance_are_those_of_drawn_bipoles() -> None:
    """Of many bipoles with random existence, place, flux and polarity."""
    rng, draws, grid = np.random.default_rng(3), 1500, CarringtonGrid(90, 45)
    pair = bipole(REGION, TIME)
    mean, variance = expected(pair, grid)
    total, squares = np.zeros(grid.shape), np.zeros(grid.shape)
    for _ in range(draws):
        west, north = rng.normal(0.0, POSITION, 2)
        lat = pair.lat + north
        drawn = replace(
            pair,
            lon=pair.lon + west / math.cos(math.radians(lat)),
            lat=lat,
            flux=pair.flux * (1.0 + FLUX_SCATTER * rng.choice([-1.0, 1.0])),
            leading=pair.leading * (-1 if rng.random() < ANTI_HALE else 1),
        )
        if rng.random() < pair.probability:
            field = certain(drawn, grid)
            total += field
            squares += field**2
    near = great_circle(*grid.mesh(), pair.lon, pair.lat) < REACH
    drawn_mean = total / draws
    drawn_variance = squares / draws - drawn_mean**2
    assert np.corrcoef(mean[near], drawn_mean[near])[0, 1] > 0.98
    assert np.std(mean[near]) == pytest.approx(np.std(drawn_mean[near]), rel=0.1)
    assert np.mean(variance[near]) == pytest.approx(np.mean(drawn_variance[near]), rel=0.1)


def certain(pair: Bipole, grid: CarringtonGrid = GRID, width: float = 3.0) -> np.ndarray:
    """A bipole as it is, drawn without any of the functions under test."""
    tilt, half = math.radians(pair.tilt), pair.separation / 2
    lon, lat = grid.mesh()
    field = np.zeros(grid.shape)
    for side in (1, -1):
        centre = pair.lat + side * half * math.sin(tilt)
        along = side * half * math.cos(tilt) / math.cos(math.radians(pair.lat))
        shape = np.exp(-0.5 * (great_circle(lon, lat, pair.lon + along, centre) / width) ** 2)
        field += side * pair.leading * 0.5 * pair.flux * shape / (shape.sum() * grid.cell_area)
    return field


def test_a_region_that_nothing_else_shows_is_added_with_its_uncertainty() -> None:
    before = quiet()
    state = add_seismic(before, [sighting(REGION)])
    marked = state.source == Source.SEISMIC
    near = great_circle(*GRID.mesh(), REGION.lon, REGION.lat)
    assert marked.any()
    assert near[marked].max() < 2.5 * REACH
    assert np.all(state.sigma[marked] > before.sigma[marked])
    assert np.max(state.sigma) > 1.5 * np.max(before.sigma)
    assert np.all(state.age[marked] == 0.0)
    assert np.array_equal(state.br[near > 60.0], before.br[near > 60.0])
    assert abs(state.net_flux - before.net_flux) < 1e-4 * unsigned(state)
    assert state.last_observed["gong-seismic"] == TIME
    assert len(state.inputs) == 1


def test_members_differ_by_as_much_as_is_unsure_and_keep_their_mean() -> None:
    number = 60
    before = replace(quiet(), members=np.repeat(quiet().br[np.newaxis], number, axis=0))
    state = add_seismic(before, [sighting(REGION)])
    assert state.members is not None
    assert np.allclose(state.members.mean(axis=0), state.br, atol=1e-3)
    marked = state.source == Source.SEISMIC
    added = np.mean(state.sigma[marked] ** 2 - before.sigma[marked] ** 2)
    # Some 30 independent places of 60 members, most of which draw a region that is far off.
    assert np.mean(state.members[:, marked].var(axis=0)) == pytest.approx(added, rel=0.35)
    net = state.members.sum(axis=(1, 2), dtype=np.float64)
    assert np.ptp(net) < 1e-4 * np.abs(state.br - before.br).sum()


def test_no_region_leaves_the_map_as_it_is_and_is_recorded() -> None:
    before = quiet()
    state = add_seismic(before, [sighting()])
    assert np.array_equal(state.br, before.br)
    assert len(state.inputs) == 1


def test_a_second_sighting_near_by_adds_nothing_twice() -> None:
    once = add_seismic(quiet(), [sighting(REGION)])
    aside = replace(REGION, lon=REGION.lon + 5.0)
    later = forecast(once, TIME + timedelta(hours=12))
    twice = add_seismic(later, [sighting(aside, time=later.time)])
    grown = np.abs(twice.br - later.br).sum() / np.abs(once.br - quiet().br).sum()
    assert grown < 0.3
    both = add_seismic(quiet(), [sighting(REGION), sighting(aside)])
    assert unsigned(both) == pytest.approx(unsigned(once), rel=0.1)


def test_nothing_is_added_where_the_map_carries_such_a_region() -> None:
    carried = quiet()
    pair = bipole(REGION, TIME)
    full = certain(replace(pair, lon=pair.lon + 4.0))
    carried = replace(carried, br=carried.br + full.astype(np.float32))
    assert np.array_equal(add_seismic(carried, [sighting(REGION)]).br, carried.br)


def test_nothing_is_added_where_a_camera_has_just_looked() -> None:
    seen = quiet(age=6.0)
    state = add_seismic(seen, [sighting(REGION)])
    assert np.array_equal(state.br, seen.br)
    assert not (state.source == Source.SEISMIC).any()


def test_a_sighting_is_carried_to_the_time_of_the_map() -> None:
    days = 2.0
    old = replace(REGION, lat=30.0)
    state = add_seismic(quiet(), [sighting(old, time=TIME - timedelta(days=days))])
    lon, _ = GRID.mesh()
    added = np.abs(state.br - quiet().br)
    drift = (14.430 - 1.608 * 0.25 - 2.678 * 0.0625 - 360.0 / 25.38) * days
    offset = (lon - REGION.lon + 180.0) % 360.0 - 180.0
    near = np.abs(offset) < 40.0
    assert np.average(offset[near], weights=added[near]) == pytest.approx(drift, abs=0.3)
    marked = state.source == Source.SEISMIC
    assert np.allclose(state.age[marked], 24.0 * days)


def test_a_sighting_from_the_future_is_left_out() -> None:
    state = add_seismic(quiet(), [sighting(REGION, time=TIME + timedelta(hours=1))])
    assert not state.inputs
    assert np.array_equal(state.br, quiet().br)


def test_a_sighting_that_the_map_has_had_is_left_out() -> None:
    state = add_seismic(quiet(), [sighting(REGION)])
    again = add_seismic(state, [sighting(REGION)])
    assert len(again.inputs) == 1
    assert np.array_equal(again.br, state.br)


def test_the_strong_regions_of_march_2014_are_found() -> None:
    if not MARCH.is_dir():
        pytest.skip(f"no real observations in {MARCH}")
    found = [
        seismic_regions(instruments.read(archives.local(path)), threshold=0.16).regions
        for path in sorted(MARCH.rglob("*.fits"))
    ]
    # By eye on the maps: Carrington longitude and latitude of the darkest places.
    strongest = [(242, 12), (245, 12), (222, -14), (11, 6), (13, 8)]
    places = [(r.lon, r.lat) for regions in found for r in regions]
    for lon, lat in strongest:
        assert min(float(great_circle(*place, lon, lat)) for place in places) < 3.0


@pytest.mark.parametrize(
    ("instrument", "sigma", "source"), [("hmi", 8.0, Source.HMI), ("euvi-a", 20.0, Source.EUV)]
)
def test_what_a_camera_then_shows_takes_its_place(
    instrument: str, sigma: float, source: Source
) -> None:
    """Nothing is there: the ghost goes, as far as the camera can be trusted."""
    haunted = add_seismic(quiet(), [sighting(REGION)])
    marked = haunted.source == Source.SEISMIC
    file = InputFile(Path("frame.fits"), "file:///frame.fits", "1")
    seen = Observation(instrument, Quantity.B_LOS, TIME, earth(TIME), file)
    empty = np.where(marked, 0.0, np.nan)
    state = analyse(haunted, Layer(empty, np.where(marked, sigma, np.nan), seen))
    ghost = (haunted.br - quiet().br)[marked]
    # By precision: of the ghost remains the camera's share of both variances.
    left = sigma**2 / (sigma**2 + haunted.sigma[marked].astype(float) ** 2)
    assert np.abs(state.br[marked]).max() < np.abs(haunted.br[marked]).max()
    assert np.allclose(state.br[marked], left * haunted.br[marked], atol=0.05 * np.ptp(ghost))
    assert np.all(state.sigma[marked] < haunted.sigma[marked])
    assert np.all(state.source[marked][haunted.sigma[marked] > sigma] == source)
