"""The corona of a map, and what is derived from one and from many."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from multipoles import Mixture, on_cells, rms

from pipeline.core import BadRequest, CarringtonGrid, Observer
from pipeline.corona import extrapolate, wind
from pipeline.corona.connectivity import footpoint_distribution
from pipeline.corona.expansion import base_field
from pipeline.corona.mapping import map_photosphere
from pipeline.corona.potential import prepare, solve
from pipeline.corona.products import Products, Recipe, derive, gather

GRID = CarringtonGrid(120, 60)
TIME = datetime(2014, 1, 31, tzinfo=UTC)
RSS = 2.5
EARTH = Observer(100.0, -6.0, 213.0)


def test_a_dipole_opens_at_its_poles_with_their_polarity() -> None:
    corona = extrapolate(on_cells(1, 0, GRID), GRID, TIME, RSS, 20)
    assert (corona.open_field[GRID.lat > 75] == 1).all()
    assert (corona.open_field[GRID.lat < -75] == -1).all()
    assert (corona.open_field[np.abs(GRID.lat) < 30] == 0).all()
    (line,) = corona.neutral_line
    assert np.abs(line[:, 1]).max() < 0.1
    assert (line[:, 0].min(), line[:, 0].max()) == (0.0, 360.0)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_map_without_structure_has_a_closed_and_empty_corona(value: float) -> None:
    corona = extrapolate(np.full(GRID.shape, value), GRID, TIME, RSS, 20)
    assert corona.open_flux < 1e-12 * 1e22
    if not value:
        assert not corona.open_field.any()
        assert corona.neutral_line == ()


def test_the_folder_for_prepared_operators_is_used(tmp_path: Path) -> None:
    br = Mixture.up_to(5, RSS).on(GRID)
    kept = extrapolate(br, GRID, TIME, RSS, 20, cache=tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]
    fresh = extrapolate(br, GRID, TIME, RSS, 20)
    np.testing.assert_array_equal(kept.br_source_surface, fresh.br_source_surface)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rss": 1.0}, "source surface cannot lie at 1.0"),
        ({"nr": 1}, "1 radial cells"),
        ({"start_radius": 2.6}, "Field lines cannot begin at 2.6"),
    ],
)
def test_what_cannot_be_extrapolated_is_refused(change: dict[str, float], sentence: str) -> None:
    arguments = {"rss": RSS, "nr": 20} | change
    with pytest.raises(BadRequest, match=sentence):
        extrapolate(on_cells(1, 0, GRID), GRID, TIME, **arguments)


def test_a_map_with_a_hole_is_refused() -> None:
    br = on_cells(1, 0, GRID)
    br[3, 4] = np.nan
    with pytest.raises(BadRequest, match="without a value"):
        extrapolate(br, GRID, TIME, RSS, 20)


USUAL = Recipe()


def member(seed: int, recipe: Recipe = USUAL, rss: float = RSS) -> Products:
    br = Mixture.up_to(5, rss, seed).on(GRID) + 10 * on_cells(1, 0, GRID)
    field = solve(prepare(GRID, rss, 20), br)
    return derive(field, TIME, "test", recipe, {"earth": EARTH})


def test_products_of_one_corona_fit_together() -> None:
    one = member(1)
    assert one.wind_speed.shape == GRID.shape
    assert 285.0 <= one.wind_speed.min() < 320.0
    assert 500.0 < one.wind_speed.max() <= 910.0
    # Fast wind comes from deep in holes that expand little.
    deep = one.coronal_hole_distance > np.percentile(one.coronal_hole_distance, 90)
    assert one.wind_speed[deep].mean() > one.wind_speed[~deep].mean() + 50
    assert one.wind_speed_1au.min() >= one.wind_speed.min() * 0.999
    listed = sum(hole.area for hole in one.holes)
    assert listed == pytest.approx((one.corona.open_field != 0).mean(), rel=0.02)
    connection = one.connections["earth"]
    column = int(connection.source_lon / 360 * GRID.nlon)
    row = int((np.sin(np.radians(EARTH.latitude)) + 1) / 2 * GRID.nlat)
    assert connection.polarity == np.sign(one.corona.br_source_surface[row, column])
    assert connection.speed == pytest.approx(one.wind_speed[row, column], rel=0.15)
    assert one.source_surface.dipole[0] > 0
    assert one.photosphere.strength[1] > one.source_surface.strength[1] > 0


def test_expansion_from_strength_is_never_less_than_from_the_radial_field() -> None:
    radial, total = member(1), member(1, Recipe(expansion="total"))
    assert (total.expansion_factor >= radial.expansion_factor * (1 - 1e-6)).all()
    assert 1.0 < np.median(total.expansion_factor / radial.expansion_factor) < 1.5


@pytest.mark.parametrize("radius", [1.0, 1.01, 1.1])
def test_the_field_at_the_base_is_the_closed_forms(radius: float) -> None:
    grid = CarringtonGrid(180, 90)
    operator = prepare(grid, RSS, 40)
    mixture = Mixture.up_to(5, float(np.exp(39.5 * operator.shells.step)))
    radial, tangential = base_field(solve(operator, mixture.on(grid)), radius)
    lon, lat = (np.radians(a.ravel()) for a in grid.mesh())
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    exact = mixture.field(up * radius)
    along = np.einsum("ij,ij->i", exact, up)
    across = np.linalg.norm(exact - along[:, None] * up, axis=1)
    middle = np.abs(grid.lat) < 60
    assert rms((radial - along.reshape(grid.shape))[middle]) < 0.01 * rms(along)
    assert rms((tangential - across.reshape(grid.shape))[middle]) < 0.01 * rms(across)


def test_an_ensemble_counts_its_members() -> None:
    members = [member(1), member(2), member(3, rss=2.0)]
    found = gather(iter(members))
    assert found.members == 3
    opened = np.mean([m.corona.open_field != 0 for m in members], axis=0)
    np.testing.assert_allclose(found.open_probability, opened, atol=1e-6)
    speeds = np.array([m.wind_speed for m in members], float)
    np.testing.assert_allclose(found.wind_speed, speeds.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.wind_speed_spread, speeds.std(axis=0, ddof=1), atol=0.02)
    assert found.open_flux == tuple(m.corona.open_flux for m in members)
    feet = footpoint_distribution(found.connections["earth"], GRID)
    assert feet.sum() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="at least one member"):
        gather([])


def test_wind_of_a_corona_without_field_is_slow_and_unconnected() -> None:
    field = solve(prepare(GRID, RSS, 20), np.zeros(GRID.shape))
    nothing = derive(field, TIME, "test", observers={"earth": EARTH})
    assert np.isnan(nothing.wind_speed).all()
    assert (nothing.wind_speed_1au == wind.LAWS["schonfeld2022"].slow).all()
    assert nothing.connections["earth"].polarity == 0
    assert nothing.holes == ()
    assert np.isnan(nothing.tilt)
    assert not map_photosphere(field).polarity.any()
