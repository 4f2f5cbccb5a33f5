"""The current sheet above the source surface, against fields known in closed form."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from multipoles import Mixture, apart, harmonic, on_cells, profiles, rms, unit

from pipeline.core import BadRequest, CarringtonGrid, Corona, Observer
from pipeline.corona import Recipe, extrapolate
from pipeline.corona.current_sheet import Outflow, current_sheet, without_sheet
from pipeline.corona.field import Field
from pipeline.corona.modes import prepare_modes
from pipeline.corona.potential import operator_at, solve

GRID = CarringtonGrid(120, 60)
MODES = prepare_modes(GRID)
RSS, TOP = 2.5, 10.0


@pytest.fixture(scope="module")
def below() -> Field:
    """A tilted dipole with multipoles, up to the source surface."""
    br = Mixture.up_to(4, RSS).on(GRID) + 10 * on_cells(1, 0, GRID)
    return solve(operator_at(MODES, RSS, 20), br)


@pytest.fixture(scope="module")
def sheet(below: Field) -> Outflow:
    return current_sheet(below, MODES, TOP)


def with_top(below: Field, br: np.ndarray) -> Field:
    """The field with another source surface."""
    changed = below.br.copy()
    changed[-1] = br
    return replace(below, br=changed)


def test_all_open_flux_goes_through(below: Field, sheet: Outflow) -> None:
    through = np.abs(sheet.br, dtype=np.float64).mean() * TOP**2
    assert through == pytest.approx(np.abs(below.br_source_surface).mean() * RSS**2, rel=1e-6)


def test_it_spreads_the_field_evenly_over_latitude(below: Field, sheet: Outflow) -> None:
    """As Ulysses found it (Smith & Balogh 1995, Geophys. Res. Lett. 22, 3317)."""

    def unevenness(br: np.ndarray) -> float:
        return float(np.abs(br).std() / np.abs(br).mean())

    near = current_sheet(below, MODES, 5.0)
    uneven = [unevenness(br) for br in (below.br_source_surface, near.br, sheet.br)]
    assert uneven[0] > 2 * uneven[1] > 4 * uneven[2]


def test_a_field_of_one_strength_stays_as_it_is(below: Field) -> None:
    signs = np.where(on_cells(2, 1, GRID) >= 0, 1.0, -1.0)
    found = current_sheet(with_top(below, 0.3 * signs), MODES, TOP)
    np.testing.assert_allclose(found.br, 0.3 * signs * (RSS / TOP) ** 2, rtol=1e-6)
    places = unit(*GRID.mesh())
    assert apart(unit(found.lon, found.lat), places).max() < 1e-3


def test_a_harmonic_over_a_mean_falls_as_theory_says() -> None:
    """|B| = 1 + Y/2 keeps one sign; its mean falls as 1/r², Y as a source surface lets it."""
    errors = []
    for grid in (CarringtonGrid(60, 30), CarringtonGrid(120, 60)):
        modes = prepare_modes(grid)
        lower = solve(operator_at(modes, RSS, grid.nlat // 3), on_cells(1, 0, grid))
        y = harmonic(2, 1, grid.sin_lat, np.radians(grid.lon))[0]
        found = current_sheet(with_top(lower, 1.0 + 0.5 * y), modes, TOP).br
        ratio = TOP / RSS
        expected = ratio**-2 + 0.5 * y * profiles(2, np.array([ratio]), ratio)[0]
        errors.append(rms(found - expected) / rms(expected))
    # The nominal surface is met to first order, see potential.py.
    assert errors[1] < 0.6 * errors[0] < 0.02


def test_the_other_sign_of_everything_gives_the_other_sign(below: Field, sheet: Outflow) -> None:
    other = current_sheet(with_top(below, -below.br_source_surface), MODES, TOP)
    np.testing.assert_array_equal(other.br, -sheet.br)
    np.testing.assert_array_equal(other.lon, sheet.lon)


def test_polarity_is_that_of_the_place_where_the_line_comes_from(
    below: Field, sheet: Outflow
) -> None:
    signs = sheet.raised(np.sign(below.br_source_surface), GRID)
    np.testing.assert_array_equal(signs, np.sign(sheet.br))


def test_without_it_wind_leaves_the_source_surface(below: Field) -> None:
    top = without_sheet(below)
    assert top.radius == RSS
    np.testing.assert_array_equal(top.raised(below.br_source_surface, GRID), top.br)
    assert top.crossing(359.9, -31.7, GRID) == pytest.approx((359.9, -31.7), abs=1e-4)


def test_no_field_has_no_sheet(below: Field) -> None:
    found = current_sheet(with_top(below, np.zeros(GRID.shape)), MODES, TOP)
    assert not found.br.any()


@pytest.mark.parametrize("radius", [2.0, 2.5, 30.0])
def test_it_ends_above_the_source_surface_and_not_too_far(below: Field, radius: float) -> None:
    with pytest.raises(BadRequest, match="cannot end at"):
        current_sheet(below, MODES, radius)


def test_products_follow_the_wind_from_its_top() -> None:
    br = Mixture.up_to(4, RSS, 3).on(GRID) + 10 * on_cells(1, 0, GRID)
    time, earth = datetime(2014, 1, 1, tzinfo=UTC), Observer(100.0, 3.0, 213.0)

    def corona(radius: float | None) -> Corona:
        recipe = Recipe(RSS, 20, spread=(RSS,), current_sheet=radius)
        return extrapolate(br, GRID, time, recipe, observers={"earth": earth})

    plain, bent = corona(None), corona(TOP)
    assert (plain.wind.outflow_radius, bent.wind.outflow_radius) == (RSS, TOP)
    np.testing.assert_array_equal(plain.wind.br_outflow, plain.br_source_surface)
    np.testing.assert_array_equal(plain.open_field, bent.open_field)
    np.testing.assert_array_equal(plain.wind.speed, bent.wind.speed)
    assert (plain.wind.speed_1au != bent.wind.speed_1au).any()
    # Lines bend towards the equator on their way out: near it the wind comes from higher up.
    assert abs(bent.connections["earth"].source_lat) > abs(plain.connections["earth"].source_lat)
