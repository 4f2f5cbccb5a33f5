"""Coronal holes worked out by hand."""

import numpy as np
import pytest

from pipeline.core import CarringtonGrid, great_circle
from pipeline.core.grid import R_SUN_CM
from pipeline.corona.holes import boundary_distance, coronal_holes

GRID = CarringtonGrid(72, 36)
LON, LAT = GRID.mesh()
NOTHING = np.zeros(GRID.shape, np.int8)


def cap(lon: float, lat: float, radius: float) -> np.ndarray:
    return great_circle(LON, LAT, lon, lat) < radius


def test_a_hole_across_the_edge_of_the_map_is_one_hole() -> None:
    open_field = NOTHING + cap(1.0, 10.0, 20.0)
    (hole,) = coronal_holes(open_field, np.full(GRID.shape, 5.0), GRID)
    assert hole.area == pytest.approx((1 - np.cos(np.radians(20))) / 2, rel=0.05)
    assert hole.flux == pytest.approx(5.0 * hole.area * 4 * np.pi * R_SUN_CM**2, rel=1e-6)
    assert great_circle(hole.lon, hole.lat, 1.0, 10.0) < 1.0
    assert hole.polarity == 1


def test_a_polar_hole_in_slices_is_one_hole_at_the_pole() -> None:
    open_field = -(NOTHING + cap(0.0, -90.0, 30.0))
    open_field[0, 7], open_field[1:3, 7] = 0, 0
    (hole,) = coronal_holes(open_field, np.full(GRID.shape, -2.0), GRID)
    assert hole.lat < -88.0
    assert (hole.polarity, np.sign(hole.flux)) == (-1, -1)


def test_holes_of_both_signs_are_listed_apart_and_by_size() -> None:
    open_field = NOTHING + cap(100.0, 0.0, 20.0) - cap(250.0, 30.0, 15.0)
    open_field[18, 36] = 1
    holes = coronal_holes(open_field, np.ones(GRID.shape), GRID)
    assert [hole.polarity for hole in holes] == [1, -1, 1]
    assert holes[0].area > holes[1].area > holes[2].area == 1 / NOTHING.size
    assert len(coronal_holes(open_field, np.ones(GRID.shape), GRID, smallest=1e-3)) == 2
    assert coronal_holes(NOTHING, np.ones(GRID.shape), GRID) == ()


def test_the_distance_from_the_boundary_of_a_round_hole() -> None:
    open_field = NOTHING + cap(180.0, 0.0, 40.0)
    lon, lat = np.array([180.0, 180.0, 195.0, np.nan]), np.array([0.0, 20.0, 0.0, 0.0])
    found = boundary_distance(open_field, GRID, lon, lat)
    assert found[:3] == pytest.approx([40.0, 20.0, 25.0], abs=4.0)  # to a cell
    assert np.isnan(found[3])
    edge = GRID.lon_edges[np.flatnonzero(open_field[18])[0]]
    # Boundaries are points .2° apart.
    assert boundary_distance(open_field, GRID, np.array([edge]), np.array([0.5]))[0] <= 0.1


def test_between_cells_of_opposite_sign_runs_a_boundary_and_without_any_none() -> None:
    halves = np.where(LON < 180, 1, -1).astype(np.int8)
    found = boundary_distance(halves, GRID, np.array([90.0, 179.0]), np.zeros(2))
    assert found == pytest.approx([90.0, 1.0], abs=0.1)
    assert (boundary_distance(NOTHING, GRID, np.zeros(2), np.zeros(2)) == 180.0).all()
