"""The corona of a map, and what is derived from one and from many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from multipoles import Mixture, on_cells, rms

from pipeline.core import BadRequest, CarringtonGrid, Corona, Observer
from pipeline.corona import LAWS, Recipe, extrapolate
from pipeline.corona.ensemble import gather
from pipeline.corona.expansion import base_field
from pipeline.corona.potential import prepare, solve

GRID = CarringtonGrid(120, 60)
TIME = datetime(2014, 1, 31, tzinfo=UTC)
RSS = 2.5
FEW = Recipe(RSS, 20, spread=(RSS,))
EARTH = Observer(100.0, -6.0, 213.0)
PATH = tuple(
    (TIME + timedelta(days=n), Observer((100 - 13.2 * n) % 360, -6.0, 213.0)) for n in range(8)
)


def above(br: np.ndarray, recipe: Recipe = FEW, members: tuple[np.ndarray, ...] = ()) -> Corona:
    return extrapolate(
        br, GRID, TIME, recipe, members=members, observers={"earth": EARTH}, path=PATH
    )


def mixed(seed: int) -> np.ndarray:
    """Multipoles over a strong axial dipole."""
    return Mixture.up_to(5, RSS, seed).on(GRID) + 10 * on_cells(1, 0, GRID)


def test_a_dipole_opens_at_its_poles_with_their_polarity() -> None:
    corona = above(on_cells(1, 0, GRID))
    assert (corona.open_field[GRID.lat > 75] == 1).all()
    assert (corona.open_field[GRID.lat < -75] == -1).all()
    assert (corona.open_field[np.abs(GRID.lat) < 30] == 0).all()
    (line,) = corona.neutral_line
    assert np.abs(line[:, 1]).max() < 0.1
    assert (line[:, 0].min(), line[:, 0].max()) == (0.0, 360.0)
    assert corona.tilt < 0.1
    assert [hole.polarity for hole in corona.holes] == [1, -1] or [
        hole.polarity for hole in corona.holes
    ] == [-1, 1]
    assert corona.photosphere.dipole[2] == pytest.approx(90.0, abs=0.1)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_map_without_structure_has_an_empty_corona_and_slow_wind(value: float) -> None:
    """A monopole has no potential field below a source surface either."""
    corona = above(np.full(GRID.shape, value))
    assert corona.open_flux == 0.0
    assert not corona.open_field.any()
    assert not corona.ensemble.open_probability.any()
    assert corona.neutral_line == corona.holes == ()
    assert np.isnan(corona.tilt)
    assert np.isnan(corona.wind.expansion_factor).all()
    assert (corona.wind.speed_1au == LAWS[FEW.law].slow).all()
    assert corona.connections["earth"].polarity == 0
    assert np.isnan(corona.connections["earth"].lon)
    assert {sector.polarity for sector in corona.sectors} == {0}


def test_one_hot_pixel_has_a_corona_of_its_own() -> None:
    br = np.zeros(GRID.shape)
    br[20, 30] = 5000.0
    corona = above(br)
    assert corona.open_field[20, 30] == 1
    assert np.isfinite(corona.wind.speed).all()
    assert np.isfinite(corona.wind.foot_lon).all()
    assert corona.open_flux > 0


def test_the_other_sign_is_the_same_corona_turned_inside_out() -> None:
    one, other = above(mixed(1)), above(-mixed(1))
    np.testing.assert_array_equal(other.open_field, -one.open_field)
    np.testing.assert_array_equal(other.br_source_surface, -one.br_source_surface)
    np.testing.assert_array_equal(other.wind.speed, one.wind.speed)
    np.testing.assert_array_equal(other.ensemble.open_probability, one.ensemble.open_probability)
    assert [s.polarity for s in other.sectors] == [-s.polarity for s in one.sectors]
    assert other.tilt == pytest.approx(one.tilt)


def test_the_folder_for_prepared_operators_is_used(tmp_path: Path) -> None:
    br = mixed(1)
    kept = extrapolate(br, GRID, TIME, FEW, cache=tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]
    again = extrapolate(br, GRID, TIME, FEW, cache=tmp_path)
    fresh = extrapolate(br, GRID, TIME, FEW)
    for corona in (kept, again):
        np.testing.assert_array_equal(corona.br_source_surface, fresh.br_source_surface)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"source_surface_radius": 1.0}, "source surface cannot lie at 1.0"),
        ({"spread": (2.5, 0.9)}, "source surface cannot lie at 0.9"),
        ({"radial_cells": 1}, "1 radial cells"),
        ({"start_radius": 2.6}, "Field lines cannot begin at 2.6"),
        ({"law": "fast"}, "No wind speeds are known as 'fast'"),
        ({"solver": "pfsspy", "radial_cells": 193}, "193 radial cells are out of range"),
        ({"radial_cells": 193}, "193 radial cells are out of range"),
    ],
)
def test_what_cannot_be_extrapolated_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        above(on_cells(1, 0, GRID), replace(FEW, **change))


def test_a_map_with_a_hole_or_without_its_poles_is_refused() -> None:
    br = on_cells(1, 0, GRID)
    with pytest.raises(BadRequest, match="from pole to pole"):
        above(br[3:-3])
    br[3, 4] = np.nan
    with pytest.raises(BadRequest, match="without a value"):
        above(br)


def through_photosphere(br: np.ndarray, corona: Corona) -> float:
    """Open flux, Mx, of the field *br* below by the open part of every cell."""
    field = br - br.mean()
    return float(np.abs(field * corona.open_fraction).sum() * corona.grid.cell_area)


@pytest.mark.parametrize("nr", [20, 50])
def test_as_much_flux_is_open_at_the_photosphere_as_at_the_source_surface(nr: int) -> None:
    br = mixed(1)
    corona = above(br, replace(FEW, radial_cells=nr))
    assert through_photosphere(br, corona) == pytest.approx(corona.open_flux, rel=0.01)
    assert ((corona.open_fraction >= 0) & (corona.open_fraction <= 1)).all()
    whole = np.isin(corona.open_fraction, (0, 1))
    np.testing.assert_array_equal(
        corona.open_field[whole], (np.sign(br - br.mean()) * corona.open_fraction)[whole]
    )


@pytest.mark.filterwarnings("ignore:Could not parse unit string")  # GONG writes 'Gauss'
def test_so_it_is_on_the_real_sun(real_archive: Path, tmp_path: Path) -> None:
    grid = CarringtonGrid(360, 180)
    paths = sorted(real_archive.glob("gong.nso.edu/data/magmap/QR/bqs/*/*/*.fits.gz"))
    assert paths
    for path in paths:
        br = fits.getdata(path).astype(float)
        corona = extrapolate(br, grid, TIME, Recipe(RSS, 35, (RSS,)), cache=tmp_path)
        assert through_photosphere(br, corona) == pytest.approx(corona.open_flux, rel=0.01)


def test_products_of_one_corona_fit_together() -> None:
    one = above(mixed(1))
    wind = one.wind
    assert wind.speed.shape == GRID.shape
    assert 285.0 <= wind.speed.min() < 320.0
    assert 500.0 < wind.speed.max() <= 910.0
    # Fast wind comes from deep in holes that expand little.
    deep = wind.coronal_hole_distance > np.percentile(wind.coronal_hole_distance, 90)
    assert wind.speed[deep].mean() > wind.speed[~deep].mean() + 50
    for carried in (wind.speed_21_5, wind.speed_1au):
        assert wind.speed.min() * 0.999 <= carried.min() <= carried.max() <= wind.speed.max()
    listed = sum(hole.area for hole in one.holes)
    assert listed == pytest.approx((one.open_field != 0).mean(), rel=0.02)
    connection = one.connections["earth"]
    column = int(connection.source_lon / 360 * GRID.nlon)
    row = int((np.sin(np.radians(EARTH.latitude)) + 1) / 2 * GRID.nlat)
    assert connection.polarity == np.sign(one.br_source_surface[row, column])
    assert connection.speed == pytest.approx(wind.speed[row, column], rel=0.15)
    assert (one.sectors[0].polarity, one.sectors[0].time) == (connection.polarity, TIME)
    assert len(one.sectors) == len(PATH)
    assert one.photosphere.strength[1] > one.source_surface.strength[1] > 0
    # One member, which is the corona itself: nothing is in doubt.
    np.testing.assert_array_equal(one.ensemble.open_probability, one.open_field != 0)
    assert not one.ensemble.wind_speed_spread.any()


def test_expansion_from_strength_is_never_less_than_from_the_radial_field() -> None:
    radial, total = (above(mixed(1), replace(FEW, expansion=e)).wind for e in ("radial", "total"))
    assert (total.expansion_factor >= radial.expansion_factor * (1 - 1e-6)).all()
    assert 1.0 < np.median(total.expansion_factor / radial.expansion_factor) < 1.5
    assert (radial.expansion, total.expansion) == ("radial", "total")


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


@pytest.mark.parametrize(
    ("maps", "spread", "radii"),
    [
        (0, (2.0, RSS, 3.0), [2.0, RSS, 3.0]),
        (4, (2.0, RSS), [2.0, RSS, 2.0, RSS]),
        (2, (2.0, RSS, 3.0), [2.0, RSS, 3.0]),
    ],
)
def test_members_take_the_source_surfaces_in_turn(
    maps: int, spread: tuple[float, ...], radii: list[float]
) -> None:
    recipe = replace(FEW, spread=spread)
    members = tuple(mixed(2 + n) for n in range(maps))
    found = above(mixed(1), recipe, members)
    assert [m.source_surface_radius for m in found.ensemble.members] == radii
    alone = [
        above(members[n % maps] if maps else mixed(1), replace(FEW, source_surface_radius=rss))
        for n, rss in enumerate(radii)
    ]
    opened = np.mean([one.open_field != 0 for one in alone], axis=0)
    np.testing.assert_allclose(found.ensemble.open_probability, opened, atol=1e-6)
    positive = np.mean([one.br_source_surface > 0 for one in alone], axis=0)
    np.testing.assert_allclose(found.ensemble.outward_probability, positive, atol=1e-6)
    speeds = np.array([one.wind.speed for one in alone], float)
    spread_found = found.ensemble.wind_speed_spread
    np.testing.assert_allclose(spread_found, speeds.std(axis=0, ddof=1), atol=0.02)
    assert [m.open_flux for m in found.ensemble.members] == [one.open_flux for one in alone]
    feet = found.ensemble.footpoint_probability["earth"]
    assert feet.sum() == pytest.approx(1.0)
    assert found.ensemble.members[0].connections == alone[0].connections
    outward = np.mean([[s.polarity > 0 for s in one.sectors] for one in alone], axis=0)
    assert [s.outward for s in found.sectors] == pytest.approx(list(outward))
    # The corona itself is the recipe's, whatever its members are.
    np.testing.assert_array_equal(found.open_field, above(mixed(1)).open_field)


def test_an_ensemble_has_members() -> None:
    with pytest.raises(ValueError, match="at least one member"):
        gather([], GRID)
