"""The map as an imager sees it: what comes back when that is observed again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from known_disks import field, positions, view

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    Disk,
    GlobalMap,
    InputFile,
    Observation,
    Quantity,
    SolarImage,
)
from pipeline.surface import blank, forecast, observe
from pipeline.surface.views import age_from, on_disk, seen_from

TIME = datetime(2026, 11, 20, tzinfo=UTC)
GRID = CarringtonGrid(360, 180)
SIZE = 512
VIEWS = {
    "centred": view(SIZE, 7.0, 0.0, 0.0),
    "rolled, across 0/360": view(SIZE, 7.0, 359.6, 33.3, (0.52, 0.47)),
    "behind the Sun, upside down": view(SIZE, -7.0, 180.0, 180.0),
}
every_view = pytest.mark.parametrize("disk", VIEWS.values(), ids=VIEWS)


def picture(disk: Disk, time: datetime = TIME) -> SolarImage:
    """A frame of a camera; only where and when it was taken counts."""
    observation = Observation(
        "euvi-a", Quantity.INTENSITY, time, disk.observer,
        InputFile(Path("euvi.fts"), "https://archive/euvi.fts", "ab" * 32), wavelength=195,
    )  # fmt: skip
    data = np.ones((SIZE, SIZE), np.float32)
    return SolarImage(data, data > 0, "DN/s", disk, observation)


def known(name: str) -> GlobalMap:
    """A map whose field and error are known everywhere, seen at a known age."""
    lon, lat = GRID.mesh()
    return replace(
        blank(TIME, GRID),
        br=field(name, lon, lat).astype(np.float32),
        sigma=(10.0 + 0.1 * lat).astype(np.float32),
        age=np.where(lon < 180.0, 5.0, np.nan).astype(np.float32),
    )


@every_view
@pytest.mark.parametrize("name", ["uniform", "dipole", "bipolar"])
def test_it_shows_the_radial_field_along_the_line_of_sight(name: str, disk: Disk) -> None:
    seen = seen_from(known(name), picture(disk))
    lon, lat, mu = positions(disk, SIZE)
    true = field(name, lon, lat)
    np.testing.assert_array_equal(seen.mask, np.isfinite(mu))
    # Between centres of cells a field that bends by 500 G in (2.5 deg)² strays by that times
    # an eighth of the cell's diagonal squared; cells grow towards the poles.
    near = seen.mask & (np.abs(lat) < 50.0)
    bend = 500.0 / 2.5**2 * (1.0 + 1.55**2) / 8.0 if name == "bipolar" else 0.01
    assert np.abs(seen.data - true * mu)[near].max() < bend
    np.testing.assert_allclose(seen.sigma[near], ((10.0 + 0.1 * lat) * mu)[near], atol=0.02)
    assert seen.observation.quantity is Quantity.B_LOS
    assert seen.observation.observer == disk.observer


@every_view
def test_observed_again_it_is_the_map_where_the_camera_sees(disk: Disk) -> None:
    state = known("bipolar")
    seen = seen_from(state, picture(disk))
    # What is observed is a magnetogram on the scale of HMI, whoever's view it is.
    magnetogram = replace(seen, observation=replace(seen.observation, instrument="hmi"), sigma=None)
    layer = observe(magnetogram, GRID)
    inside = disk.observer.mu(*GRID.mesh()) > 0.3
    assert np.isfinite(layer.br[inside]).all()
    strength = np.abs(state.br[inside]).sum()
    assert np.abs(layer.br - state.br)[inside].sum() < 0.03 * strength
    assert np.abs(layer.br[inside]).sum() == pytest.approx(strength, rel=0.02)


def test_pixels_larger_than_cells_hold_the_mean() -> None:
    disk = view(32, 0.0, 90.0, 0.0)
    stripes = np.where(np.arange(GRID.nlon) % 2, 100.0, 0.0) * np.ones(GRID.shape)
    seen = on_disk(stripes, GRID, disk, (32, 32))
    centre = disk.observer.mu(*disk.sphere(*np.meshgrid(np.arange(32), np.arange(32)))) > 0.9
    assert seen[centre].std() < 10.0
    assert seen[centre].mean() == pytest.approx(50.0, abs=2.0)


def test_ages_are_those_of_the_cells_and_never_is_never() -> None:
    disk = VIEWS["behind the Sun, upside down"]
    lon, _, _ = positions(disk, SIZE)
    age = age_from(known("uniform"), disk, (SIZE, SIZE))
    assert (age[lon < 179.0] == 5.0).all()
    assert np.isnan(age[lon > 181.0]).all()
    assert np.isnan(age[np.isnan(lon)]).all()


def test_an_older_map_is_carried_to_the_time_of_the_picture() -> None:
    state, later = known("bipolar"), TIME + timedelta(days=2)
    image = picture(VIEWS["centred"], later)
    seen, carried = seen_from(state, image), seen_from(forecast(state, later), image)
    np.testing.assert_array_equal(seen.data, carried.data)
    assert seen.observation.time == later


def test_only_a_disk_can_look() -> None:
    patch = replace(picture(VIEWS["centred"]), geometry=GRID.geometry)
    with pytest.raises(BadFile, match=r"euvi\.fts: it does not show a disk; give"):
        seen_from(known("uniform"), patch)
