"""Moving whole-sphere maps between grids: no flux is made or lost, gaps are refused."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    CylindricalEqualArea,
    InputFile,
    Observation,
    PlateCarree,
    Quantity,
    SolarImage,
    earth,
)
from pipeline.surface.regrid import radial_map, regrid, regrid_seen

TIME = datetime(2014, 1, 31, tzinfo=UTC)
COARSE, FINE = CarringtonGrid(360, 180), CarringtonGrid(720, 360)
VALUES = np.random.default_rng(2).normal(3.0, 20.0, COARSE.shape).astype(np.float32)


def synoptic(data: np.ndarray, geometry: CylindricalEqualArea | PlateCarree) -> SolarImage:
    file = InputFile(Path("map.fits"), "https://example.org/map.fits", "00")
    observation = Observation("gong", Quantity.B_R, TIME, earth(TIME), file)
    return SolarImage(data, np.isfinite(data), "G", geometry, observation)


def test_the_same_grid_changes_nothing() -> None:
    assert np.array_equal(regrid(synoptic(VALUES, COARSE.geometry), COARSE), VALUES)


def test_a_map_that_begins_elsewhere_is_turned_by_whole_columns() -> None:
    begins_at_100 = replace(COARSE.geometry, lon=280.0)
    turned = regrid(synoptic(np.roll(VALUES, -100, axis=1), begins_at_100), COARSE)
    assert np.allclose(turned, VALUES, rtol=0.0, atol=1e-10)


def test_a_map_that_begins_within_a_cell_is_shared_between_neighbours() -> None:
    geometry = replace(COARSE.geometry, lon=180.25)
    expected = 0.75 * VALUES.astype(float) + 0.25 * np.roll(VALUES.astype(float), 1, axis=1)
    assert np.allclose(regrid(synoptic(VALUES, geometry), COARSE), expected, rtol=0.0, atol=1e-10)


def test_mirrored_storage_gives_the_same_map() -> None:
    mirrored = replace(COARSE.geometry, dlon=-1.0, dsin=-COARSE.geometry.dsin)
    same = regrid(synoptic(VALUES[::-1, ::-1].copy(), mirrored), COARSE)
    assert np.allclose(same, VALUES, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("lon", [180.0, 17.3, 359.99])
def test_flux_survives_refinement_and_return(lon: float) -> None:
    geometry = replace(COARSE.geometry, lon=lon)
    fine = regrid(synoptic(VALUES, geometry), FINE)
    unsigned, net = np.abs(VALUES, dtype=float).mean(), VALUES.mean(dtype=float)
    assert abs(fine.mean() - net) < 1e-12 * unsigned
    single = fine.astype(np.float32)
    back = regrid(synoptic(single, FINE.geometry), COARSE)
    assert abs(back.mean() - single.mean(dtype=float)) < 1e-12 * unsigned


def test_refinement_by_halves_is_undone_exactly() -> None:
    fine = regrid(synoptic(VALUES, COARSE.geometry), FINE).astype(np.float32)
    assert np.allclose(regrid(synoptic(fine, FINE.geometry), COARSE), VALUES, rtol=0.0, atol=1e-10)


def test_a_map_with_gaps_is_refused() -> None:
    holed = VALUES.copy()
    holed[-2:] = np.nan
    with pytest.raises(BadFile, match=r"map\.fits: 720 of 64800 pixels have no value; give"):
        regrid(synoptic(holed, COARSE.geometry), FINE)


@pytest.mark.parametrize(
    ("data", "geometry"),
    [
        (VALUES[:, :350], COARSE.geometry),
        (VALUES[20:], COARSE.geometry),
        (VALUES, replace(COARSE.geometry, lat=10.0)),
        (VALUES[:, :350], PlateCarree(179.5, 89.5, 1.0, 1.0, 180.0)),
        (VALUES[20:], PlateCarree(179.5, 79.5, 1.0, 1.0, 180.0)),
    ],
    ids=["columns", "rows", "turned", "columns by latitude", "rows by latitude"],
)
def test_what_is_no_whole_sphere_is_refused(
    data: np.ndarray, geometry: CylindricalEqualArea | PlateCarree
) -> None:
    with pytest.raises(BadFile, match=r"not a map of the whole sphere .*; give a synoptic map"):
        regrid(synoptic(data, geometry), FINE)


def test_rows_of_equal_latitude_keep_their_flux() -> None:
    steps = PlateCarree(179.5, 89.5, 1.0, 1.0, 180.0)
    area = -np.diff(np.cos(np.radians(np.linspace(0.0, 180.0, 181))))[:, np.newaxis] / 720.0
    given = synoptic(VALUES, steps)
    for grid in (COARSE, FINE):
        assert regrid(given, grid).mean() == pytest.approx((VALUES * area).sum(), rel=1e-9)
    south = regrid(synoptic(np.where(np.arange(180)[:, np.newaxis] < 90, -1.0, 1.0)
                            * np.ones((1, 360), np.float32), steps), COARSE)  # fmt: skip
    assert np.allclose(south, np.sign(COARSE.lat)[:, np.newaxis])


def test_a_gap_stays_a_gap_and_spoils_nothing() -> None:
    holed = VALUES.copy()
    holed[-2:] = np.nan
    seen = regrid_seen(synoptic(holed, COARSE.geometry), FINE)
    whole = regrid(synoptic(VALUES, COARSE.geometry), FINE)
    assert np.isnan(seen[-4:]).all()
    assert np.allclose(seen[:-4], whole[:-4])


def test_the_field_along_the_line_of_sight_is_not_taken_for_radial() -> None:
    image = synoptic(VALUES, COARSE.geometry)
    los = replace(image, observation=replace(image.observation, quantity=Quantity.B_LOS))
    with pytest.raises(BadFile, match="along the line of sight"):
        regrid(los, COARSE)


def test_a_gap_at_a_pole_takes_the_mean_of_the_nearest_row() -> None:
    holed = VALUES.copy()
    holed[-3:, :200] = np.nan
    whole = radial_map(synoptic(holed, COARSE.geometry))
    assert whole.mask.all()
    assert np.allclose(whole.data[-3:, :200], VALUES[-4].mean(), atol=1e-4)
    assert np.array_equal(whole.data[-3:, 200:], VALUES[-3:, 200:])


def test_a_gap_elsewhere_is_not_filled() -> None:
    holed = VALUES.copy()
    holed[90, 5] = np.nan
    with pytest.raises(BadFile, match="gaps that are not at a pole"):
        radial_map(synoptic(holed, COARSE.geometry))


def test_what_is_no_whole_sphere_is_not_made_radial() -> None:
    with pytest.raises(BadFile, match="not a map of the whole sphere"):
        radial_map(synoptic(VALUES[20:], COARSE.geometry))
