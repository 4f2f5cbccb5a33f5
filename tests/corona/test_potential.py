"""The potential field against closed forms, against pfsspy, and against its own laws."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from multipoles import faces, harmonic, on_cells, profiles, rms

from pipeline.core import BadRequest, CarringtonGrid
from pipeline.corona.field import Field
from pipeline.corona.potential import Operator, prepare, solve

RSS = 2.5
SMALL = CarringtonGrid(72, 36)


def rough(grid: CarringtonGrid, seed: int = 0) -> np.ndarray:
    """A map with structure at every scale and a net flux."""
    rng = np.random.default_rng(seed)
    large = sum(on_cells(d, m, grid) * rng.normal() for d in range(1, 6) for m in range(-d, d + 1))
    return large + 20.0 * rng.standard_normal(grid.shape) + 3.0


def imbalance(field: Field) -> float:
    """Net flux out of any cell over the largest flux through a face."""
    shells = field.shells
    up = field.br.astype(float) * shells.radial_area[:, None, None]
    upright = shells.upright_area[:, None, None]
    east = field.b_east.astype(float) * upright * shells.east_length[:, None]
    north = field.b_north.astype(float) * upright * shells.north_length[:, None]
    net = np.diff(up, axis=0) + np.diff(north, axis=1) + np.roll(east, -1, axis=2) - east
    return float(np.abs(net).max() / np.abs(up).max())


def circulation(field: Field) -> float:
    """Line integral around any edge between four cells over the largest along one side."""
    shells, step = field.shells, field.shells.step
    grid, r = shells.grid, np.exp(shells.log_r)
    # Between the middles of cells: along the radius as the difference of their radii.
    middle = np.exp(shells.log_r[:-1] + 0.5 * step)
    up = field.br[1:-1].astype(float) * (r[1:-1] * 2.0 * np.sinh(0.5 * step))[:, None, None]
    parallel = np.cos(np.radians(grid.lat))[:, None] * 2 * np.pi / grid.nlon
    east = field.b_east.astype(float) * middle[:, None, None] * parallel
    gaps = np.diff(np.radians(grid.lat))[:, None]
    north = field.b_north[:, 1:-1].astype(float) * middle[:, None, None] * gaps
    around_north = np.diff(east, axis=0) - (up - np.roll(up, 1, axis=2))
    around_east = np.diff(north, axis=0) - np.diff(up, axis=1)
    largest = max(np.abs(a).max() for a in (up, east, north))
    return max(float(np.abs(a).max()) for a in (around_north, around_east)) / largest


def test_no_cell_holds_a_charge_and_no_edge_a_current() -> None:
    field = solve(prepare(SMALL, RSS, 12), rough(SMALL))
    rounding = float(np.finfo(np.float32).eps)
    assert imbalance(field) < 8 * rounding
    assert circulation(field) < 8 * rounding


@cache
def operator_at(nlon: int) -> Operator:
    return prepare(CarringtonGrid(nlon, nlon // 2), RSS, nlon // 4)


def errors(degree: int, order: int, nlon: int) -> tuple[float, float]:
    """Error of the field equatorward of 53° over its size, and of B_r at the top over its own."""
    operator = operator_at(nlon)
    grid = operator.shells.grid
    y = harmonic(degree, order, grid.sin_lat, np.radians(grid.lon))[0]
    field, exact = solve(operator, y), faces(degree, order, operator.shells)
    rows, inner = np.abs(grid.sin_lat) < 0.8, np.abs(grid.sin_lat_edges[1:-1]) < 0.8
    off = (
        (field.br - exact[0])[:, rows],
        (field.b_east - exact[1])[:, rows],
        (field.b_north[:, 1:-1] - exact[2])[:, inner],
    )
    size = np.linalg.norm([rms(part) for part in exact])
    error = float(np.linalg.norm([rms(part) for part in off]) / size)
    return error, rms(field.br[-1] - exact[0][-1]) / rms(exact[0][-1])


@pytest.mark.parametrize("degree", range(1, 10))
def test_multipoles_converge_on_theory_to_second_order(degree: int) -> None:
    """Where rows are evenly spaced; at the poles the discretisation is of lower order."""
    for order in range(-degree, degree + 1):
        coarse, fine = errors(degree, order, 72), errors(degree, order, 144)
        assert fine[0] < 0.3 * coarse[0], order
        assert fine[0] < 4e-4 * degree**2, order


@pytest.mark.parametrize(("degree", "order"), [(1, 0), (1, 1), (2, 0), (2, 1), (2, -2)])
def test_the_source_surface_converges_on_theory(degree: int, order: int) -> None:
    coarse, fine = errors(degree, order, 72), errors(degree, order, 144)
    assert fine[1] < 0.5 * coarse[1]
    assert fine[1] < 0.01


@pytest.mark.parametrize(("degree", "order"), [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)])
def test_the_nominal_source_surface_is_met_to_first_order_in_the_radial_step(
    degree: int, order: int
) -> None:
    """The tangential field vanishes half a cell below it, as pfsspy has it."""
    found = []
    for nlon in (92, 184):
        grid = CarringtonGrid(nlon, nlon // 2)
        br = on_cells(degree, order, grid)
        theory = br * profiles(degree, np.array(RSS), RSS)[0]
        top = solve(prepare(grid, RSS, nlon // 5), br).br_source_surface
        found.append(rms(top - theory) / rms(theory))
    assert found[1] < 0.014 * degree
    assert 1.8 < found[0] / found[1] < 2.4


def test_a_map_of_the_other_sign_gives_the_field_of_the_other_sign() -> None:
    operator, br = prepare(SMALL, RSS, 12), rough(SMALL)
    np.testing.assert_array_equal(solve(operator, -br).br, -solve(operator, br).br)


def test_a_turned_map_gives_a_turned_field() -> None:
    operator, br = prepare(SMALL, RSS, 12), rough(SMALL)
    field, turned = solve(operator, br), solve(operator, np.roll(br, 17, axis=1))
    assert rms(turned.br - np.roll(field.br, 17, axis=2)) < 1e-6 * rms(field.br)


def test_the_net_flux_is_left_out() -> None:
    operator, br = prepare(SMALL, RSS, 12), rough(SMALL)
    np.testing.assert_allclose(solve(operator, br).br[0], br - br.mean(), atol=1e-4)
    assert np.abs(solve(operator, np.full(SMALL.shape, 7.0)).br).max() < 1e-12
    assert not solve(operator, np.zeros(SMALL.shape)).br.any()


def test_one_hot_pixel_gives_a_finite_field() -> None:
    br = np.zeros(SMALL.shape)
    br[20, 30] = 5000.0
    field = solve(prepare(SMALL, RSS, 12), br)
    assert np.isfinite(field.br).all()
    assert (field.br[-1, 20, 30], field.br[0, 20, 30]) > (0.0, 4990.0)


def test_more_shells_change_nothing_but_the_resolution() -> None:
    br = on_cells(3, 2, SMALL)
    few, many = (solve(prepare(SMALL, RSS, nr), br) for nr in (48, 192))
    assert np.isfinite(many.br).all()
    assert rms(many.br[::4] - few.br) < 0.01 * rms(few.br)


@pytest.mark.parametrize(
    ("rss", "nr", "grid", "sentence"),
    [
        (1.0, 35, SMALL, "source surface cannot lie at 1.0"),
        (np.nan, 35, SMALL, "source surface cannot lie at nan"),
        (2.5, 1, SMALL, "1 radial cells are out of range"),
        (2.5, 193, SMALL, "193 radial cells are out of range; give 2 to 192"),
        (2.5, 35, CarringtonGrid(72, 35), "no two equal hemispheres"),
    ],
)
def test_an_operator_that_makes_no_sense_is_refused(
    rss: float, nr: int, grid: CarringtonGrid, sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        prepare(grid, rss, nr)


def test_a_map_without_poles_or_with_holes_is_refused() -> None:
    operator, br = prepare(SMALL, RSS, 12), rough(SMALL)
    with pytest.raises(BadRequest, match="from pole to pole"):
        solve(operator, br[2:-2])
    br[0] = np.nan
    with pytest.raises(BadRequest, match="pixels without a value"):
        solve(operator, br)


def test_a_kept_operator_is_read_back_and_a_damaged_one_made_anew(tmp_path: Path) -> None:
    br = rough(SMALL)
    fresh = solve(prepare(SMALL, RSS, 12), br).br
    first = prepare(SMALL, RSS, 12, tmp_path)
    (kept,) = tmp_path.iterdir()
    again = prepare(SMALL, RSS, 12, tmp_path)
    assert not isinstance(first.modes.packed, np.memmap)
    assert isinstance(again.modes.packed, np.memmap)
    np.testing.assert_array_equal(solve(again, br).br, fresh)
    whole = kept.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole.replace(b"<f8", b"<i8")):
        del again
        kept.unlink()
        kept.write_bytes(damaged)
        again = prepare(SMALL, RSS, 12, tmp_path)
        np.testing.assert_array_equal(solve(again, br).br, fresh)
        assert kept.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [kept]


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert prepare(SMALL, RSS, 12, tmp_path / "file" / "cache").shells.nr == 12
