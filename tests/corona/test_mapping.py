"""Field lines against closed forms, against streamtracer, and against the laws of flux."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from multipoles import Mixture, apart, effective_top, on_cells, profiles, rms, unit

from pipeline.core import BadRequest, CarringtonGrid
from pipeline.corona.field import Field
from pipeline.corona.holes import boundary_distance
from pipeline.corona.mapping import (
    Mapping,
    field_line,
    map_photosphere,
    map_source_surface,
    open_fraction,
)
from pipeline.corona.potential import Operator, prepare, solve

RSS = 2.5
GRID = CarringtonGrid(180, 90)


@cache
def operator() -> Operator:
    return prepare(GRID, RSS, 35)


@cache
def mixed() -> Field:
    """All multipoles up to degree 9."""
    return solve(operator(), Mixture.up_to(9, RSS).on(GRID))


@cache
def rough() -> Field:
    """The same with noise in every pixel."""
    noise = np.random.default_rng(2).normal(0.0, 10.0, GRID.shape)
    return solve(operator(), mixed().br[0] + noise)


AXES = {"polar": ((1, 0), (0.0, 90.0)), "equatorial": ((1, 1), (180.0, 0.0))}


@pytest.mark.parametrize("axis", AXES)
def test_the_lines_of_a_dipole_keep_their_flux_about_its_axis(axis: str) -> None:
    """B_r = c(r) cos(a) of the angle a from the axis, so c(r) r² sin² a is constant on a line.

    The equatorial dipole's lines cross both poles of the grid.
    """
    (degree, order), (lon, lat) = AXES[axis]
    field = solve(operator(), on_cells(degree, order, GRID))
    top = effective_top(field.shells)
    carried = float(top**2 * profiles(1, np.array(top), top)[0])
    mapping = map_source_surface(field)
    seen, grid = unit(*GRID.mesh()), unit(np.array(lon), np.array(lat))
    start, end = seen @ grid, unit(mapping.lon, mapping.lat) @ grid
    expected = np.degrees(np.arcsin(np.sqrt(carried * (1 - start**2))))
    found = np.degrees(np.arccos(np.abs(end)))
    assert np.percentile(np.abs(found - expected), 99) < 0.5 * 360 / GRID.nlon
    assert (np.sign(start) == mapping.polarity * np.sign(field.br[0].max())).mean() > 0.999
    foot = np.cos(np.radians(expected))
    factor = foot / (carried * np.abs(start))
    inner = np.abs(start) > 0.2
    assert rms((mapping.expansion / factor - 1)[inner]) < 0.05
    opened = map_photosphere(field).polarity != 0
    assert opened.mean() == pytest.approx(1 - np.sqrt(1 - carried), abs=0.01)


@pytest.mark.parametrize("upward", [1, -1])
def test_lines_end_where_those_of_the_closed_form_do(upward: int) -> None:
    shells, nowhere = operator().shells, 1e-9
    mixture = Mixture.up_to(9, effective_top(shells))
    field = solve(operator(), mixture.on(GRID))
    mapping = (map_photosphere if upward > 0 else map_source_surface)(field)
    cells = np.random.default_rng(3).choice(GRID.nlon * GRID.nlat, 400, replace=False)
    lon, lat = (a.ravel()[cells] for a in GRID.mesh())
    signs = np.sign(field.br[0 if upward > 0 else -1]).ravel()[cells] * upward
    radius = 1.0 + nowhere if upward > 0 else mixture.top - nowhere
    ends = mixture.follow(unit(lon, lat) * radius, signs)
    reached = (np.linalg.norm(ends, axis=1) > 1.5) == (upward > 0)
    assert (reached == (mapping.polarity.ravel()[cells] != 0)).mean() > 0.99
    ours = unit(*(a.ravel()[cells].astype(float) for a in (mapping.lon, mapping.lat)))
    off = apart(ours, ends / np.linalg.norm(ends, axis=1, keepdims=True))
    assert (off < 0.5 * 360 / GRID.nlon).mean() > 0.95
    assert np.median(off) < 0.05 * 360 / GRID.nlon


@pytest.mark.parametrize(("field", "side"), [(mixed, 1), (rough, 6)])
def test_open_flux_is_the_same_at_both_ends(field: object, side: int) -> None:
    """Noise of 10 G in every pixel, as strong as all else, needs 36 lines to a cell."""
    field = field()
    bottom = np.abs(field.br[0] * open_fraction(field, side=side), dtype=float).mean()
    top = np.abs(field.br[-1], dtype=float).mean() * RSS**2
    assert bottom == pytest.approx(top, rel=0.01)


@pytest.mark.filterwarnings("ignore:Could not parse unit string")  # GONG writes 'Gauss'
def test_open_flux_is_the_same_at_both_ends_of_the_real_sun(real_archive: Path) -> None:
    (path,) = real_archive.glob("gong.nso.edu/data/magmap/QR/bqs/202503/*/*.fits.gz")
    field = solve(prepare(CarringtonGrid(360, 180), RSS, 35), fits.getdata(path).astype(float))
    bottom = np.abs(field.br[0] * open_fraction(field), dtype=float).mean()
    assert bottom == pytest.approx(np.abs(field.br[-1], dtype=float).mean() * RSS**2, rel=0.01)


def test_every_cell_of_the_source_surface_is_open_and_keeps_its_sign() -> None:
    field = rough()
    mapping = map_source_surface(field)
    np.testing.assert_array_equal(mapping.polarity, np.sign(field.br[-1]))
    assert np.isfinite(mapping.lon).all()
    assert (mapping.expansion > 0).all()


def test_lines_up_and_the_neutral_line_tell_one_story() -> None:
    field = rough()
    mapping = map_photosphere(field)
    opened = mapping.polarity != 0
    np.testing.assert_array_equal(mapping.polarity[opened], np.sign(field.br[0])[opened])
    row = ((np.sin(np.radians(mapping.lat[opened])) + 1) / 2 * GRID.nlat).astype(int)
    column = (mapping.lon[opened] / 360 * GRID.nlon).astype(int) % GRID.nlon
    above = np.sign(field.br[-1])[np.minimum(row, GRID.nlat - 1), column]
    assert (above == mapping.polarity[opened]).mean() > 0.999


def test_feet_of_open_lines_lie_in_coronal_holes() -> None:
    field = mixed()
    polarity, down = map_photosphere(field).polarity, map_source_surface(field)
    row = ((np.sin(np.radians(down.lat)) + 1) / 2 * GRID.nlat).astype(int)
    column = (down.lon / 360 * GRID.nlon).astype(int) % GRID.nlon
    inside = polarity[np.minimum(row, GRID.nlat - 1), column] == down.polarity
    cell = 360 / GRID.nlon
    deep = boundary_distance(polarity, GRID, down.lon, down.lat) > cell
    assert inside[deep].mean() > 0.999


def turned(mapping: Mapping, columns: int) -> tuple[np.ndarray, ...]:
    lon = (mapping.lon.astype(float) + columns * 360 / GRID.nlon) % 360
    maps = (mapping.polarity, unit(lon, mapping.lat.astype(float)), mapping.expansion)
    return tuple(np.roll(a, columns, axis=1) for a in (*maps, mapping.length))


@pytest.mark.parametrize("follow", [map_photosphere, map_source_surface])
def test_a_turned_field_has_turned_lines_and_one_of_the_other_sign_the_same(
    follow: object,
) -> None:
    field = rough()
    straight = follow(field)
    rolled = follow(
        Field(
            field.shells, *(np.roll(b, 37, axis=2) for b in (field.br, field.b_east, field.b_north))
        )
    )
    for a, b in zip(turned(straight, 37), turned(rolled, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    opposite = follow(Field(field.shells, -field.br, -field.b_east, -field.b_north))
    np.testing.assert_array_equal(opposite.polarity, -straight.polarity)
    for name in ("lon", "lat", "expansion", "length"):
        np.testing.assert_array_equal(getattr(opposite, name), getattr(straight, name))


def test_a_turned_map_has_turned_open_field() -> None:
    br = rough().br[0]
    straight = map_photosphere(rough()).polarity
    rolled = map_photosphere(solve(operator(), np.roll(br, 37, axis=1))).polarity
    assert (np.roll(straight, 37, axis=1) == rolled).mean() > 0.9999


def test_a_line_is_the_same_from_either_end_and_steps_no_further_than_a_cell() -> None:
    field = rough()
    mapping = map_source_surface(field)
    for row, column in ((3, 5), (45, 90), (70, 140)):
        foot = mapping.lon[row, column], mapping.lat[row, column]
        down = field_line(field, GRID.lon[column], GRID.lat[row], RSS)
        ends = down[[0, -1]][np.argsort(down[[0, -1], 2])]
        assert ends[:, 2] == pytest.approx([1.0, RSS], rel=1e-9)
        assert apart(unit(*ends[0, :2]), unit(*np.array(foot))) < 1e-4
        up = field_line(field, *ends[0])
        back = up[np.argmax(up[:, 2])]
        assert apart(unit(*back[:2]), unit(GRID.lon[column], GRID.lat[row])) < 1e-3
        lon, lat, radius = down.T
        assert np.abs(np.diff(np.log(radius))).max() <= field.shells.step * 1.001
        assert np.abs(np.diff(np.sin(np.radians(lat)))).max() <= 2 / GRID.nlat * 1.001
        assert np.abs((np.diff(lon) + 180) % 360 - 180).max() <= 360 / GRID.nlon * 1.001
        length = np.linalg.norm(np.diff(unit(lon, lat) * radius[:, None], axis=0), axis=1).sum()
        assert mapping.length[row, column] == pytest.approx(length, rel=0.01)


def test_lines_from_above_the_photosphere_end_where_they_began() -> None:
    field = rough()
    low, high = (map_source_surface(field, start) for start in (1.0, 1.1))
    assert (high.length < low.length).all()
    assert high.length.max() > RSS - 1.1
    up = map_photosphere(field, 1.1)
    assert up.radius == pytest.approx(1.1)
    assert up.length[up.polarity != 0].min() > (RSS - 1.1) * 0.999
    assert (up.polarity != 0).mean() > (map_photosphere(field).polarity != 0).mean()
    for start in (0.99, RSS, np.nan):
        with pytest.raises(BadRequest, match="Field lines cannot begin at"):
            map_photosphere(field, start)
    with pytest.raises(BadRequest, match="No field line passes"):
        field_line(field, 0.0, 0.0, 3.0)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_without_a_field_there_are_no_lines(value: float) -> None:
    field = solve(operator(), np.full(GRID.shape, value))
    empty = Field(
        field.shells, *(np.zeros_like(b) for b in (field.br, field.b_east, field.b_north))
    )
    mapping = map_photosphere(empty)
    assert not mapping.polarity.any()
    assert np.isnan(mapping.lon).all()
    assert not open_fraction(empty).any()
    assert len(field_line(empty, 0.0, 0.0, 1.0)) == 1


def test_one_hot_pixel_has_every_line() -> None:
    br = np.zeros(GRID.shape)
    br[30, 100] = 5000.0
    field = solve(operator(), br)
    up, down = map_photosphere(field), map_source_surface(field)
    assert np.isfinite(down.lon).all()
    assert np.isfinite(up.lon).all()
    outward = down.polarity > 0
    lon, lat = GRID.lon[100], GRID.lat[30]
    assert apart(unit(down.lon, down.lat), unit(lon, lat))[outward].max() < 2 * 360 / GRID.nlon
