"""Neutral line, tilt, open flux and multipole moments of fields known in closed form."""

import numpy as np
import pytest
from multipoles import harmonic, on_cells

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.corona.moments import moments
from pipeline.corona.source_surface import neutral_line, open_flux, tilt

GRID = CarringtonGrid(180, 90)


def dipole(lon: float, lat: float, gauss: float = 3.0) -> np.ndarray:
    """B_r of a dipole whose positive pole is at (lon, lat) deg."""
    there, here = np.radians([lon, lat]), np.radians(np.array(GRID.mesh()))
    return gauss * (
        np.sin(here[1]) * np.sin(there[1])
        + np.cos(here[1]) * np.cos(there[1]) * np.cos(here[0] - there[0])
    )


def test_the_neutral_line_of_a_tilted_dipole_is_a_great_circle_with_its_tilt() -> None:
    curves = neutral_line(dipole(130.0, 65.0), GRID)
    assert tilt(curves) == pytest.approx(25.0, abs=0.5)
    lon, lat = np.radians(np.concatenate(curves)).T
    on_pole = np.sin(lat) * np.sin(np.radians(65)) + np.cos(lat) * np.cos(np.radians(65)) * np.cos(
        lon - np.radians(130)
    )
    assert np.degrees(np.abs(np.arcsin(on_pole))).max() < 0.5
    assert 0.0 <= lon.min() <= lon.max() <= 2 * np.pi


def test_a_field_of_one_sign_and_no_field_have_no_neutral_line() -> None:
    for value in (0.0, 1.0):
        assert neutral_line(np.full(GRID.shape, value), GRID) == ()
    assert np.isnan(tilt(()))


def test_open_flux_of_a_dipole() -> None:
    flux = 3.0 * 0.5 * 4 * np.pi * (2.5 * R_SUN_CM) ** 2  # the mean of |cos| is a half
    assert open_flux(dipole(130.0, 65.0), 2.5) == pytest.approx(flux, rel=1e-3)


@pytest.mark.parametrize(("degree", "order"), [(1, 0), (1, -1), (2, 2), (5, -3), (9, 9), (9, 0)])
def test_each_harmonic_has_one_moment_and_that_its_size(degree: int, order: int) -> None:
    y = harmonic(degree, order, GRID.sin_lat, np.radians(GRID.lon))[0]
    y *= np.sqrt(4 * np.pi * (2 if order else 1))
    found = moments(y, GRID).coefficients
    assert abs(found[degree, 9 + order]) == pytest.approx(1.0)
    found[degree, 9 + order] = 0.0
    assert np.nanmax(np.abs(found)) < 1e-12


def test_the_dipole_is_found_with_its_strength_and_place() -> None:
    found = moments(dipole(130.0, 65.0) + on_cells(3, 2, GRID) + 4.0, GRID)
    assert found.dipole == pytest.approx((3.0, 130.0, 65.0), rel=0.01)
    assert found.strength[1] == pytest.approx(3.0 / np.sqrt(3.0), rel=0.01)
    assert found.coefficients[0, 9] == pytest.approx(4.0)
