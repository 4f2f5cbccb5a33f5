"""Lines for a picture: whole, between the two surfaces, and where the field is."""

import numpy as np
from multipoles import Mixture, on_cells

from pipeline.core import CarringtonGrid
from pipeline.corona.pictured import evenly, pictured_lines
from pipeline.corona.potential import prepare, solve

RSS = 2.5
GRID = CarringtonGrid(72, 36)
OPERATOR = prepare(GRID, RSS, 20)


def test_lines_run_from_surface_to_surface_and_stay_between_them() -> None:
    field = solve(OPERATOR, Mixture.up_to(5, RSS).on(GRID))
    lines = pictured_lines(field, 150)
    assert len(lines) == 150
    for line in lines:
        lon, lat, radius = line.T
        assert radius.min() > 1 - 1e-9
        assert radius.max() < RSS + 1e-9
        assert min(radius[0], radius[-1]) < 1 + 1e-9
        assert max(radius[0], radius[-1]) > RSS - 1e-9 or max(radius[0], radius[-1]) < 1 + 1e-9
        assert ((lon >= 0) & (lon <= 360) & (np.abs(lat) <= 90)).all()


def test_open_lines_of_a_dipole_go_out_in_the_north_and_in_in_the_south() -> None:
    lines = pictured_lines(solve(OPERATOR, on_cells(1, 0, GRID)), 90)
    rises = np.array([line[-1, 2] - line[0, 2] for line in lines])
    top = np.array([line[line[:, 2].argmax(), 1] for line in lines])
    opened = np.abs(rises) > 1
    assert opened.sum() >= 30, "every line at the source surface is open"
    np.testing.assert_array_equal(np.sign(rises[opened]), np.sign(top[opened]))


def test_no_field_has_no_lines() -> None:
    assert pictured_lines(solve(OPERATOR, np.zeros(GRID.shape))) == ()


def test_places_are_spread_evenly() -> None:
    """Each octant has its share, and the nearest neighbours are as far as on a packed sphere."""
    lon, lat = evenly(80)
    counts = np.histogram2d(lon, lat, bins=((0, 90, 180, 270, 360), (-90, 0, 90)))[0]
    assert (np.abs(counts - 10) <= 2).all()
    place = np.stack(
        [np.cos(np.radians(lat)) * f(np.radians(lon)) for f in (np.cos, np.sin)]
        + [np.sin(np.radians(lat))]
    )
    cosine = place.T @ place
    np.fill_diagonal(cosine, -1)
    # Hexagonal packing puts 80 places sqrt(8 pi / (sqrt(3) 80)) = 0.426 rad apart.
    assert np.arccos(cosine.max()) > 0.6 * 0.426
