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
from pipeline.surface.views import SIDE, news, on_disk, seen_from

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
    assert isinstance(seen.geometry, Disk)
    lon, lat, mu = positions(seen.geometry, SIDE)
    true = field(name, lon, lat)
    np.testing.assert_array_equal(seen.mask, np.isfinite(mu))
    # Between centres of cells a field that bends by 500 G in (2.5 deg)² strays by that times
    # an eighth of the cell's diagonal squared; cells grow towards the poles.
    near = seen.mask & (np.abs(lat) < 50.0)
    bend = 500.0 / 2.5**2 * (1.0 + 1.55**2) / 8.0 if name == "bipolar" else 0.01
    assert np.abs(seen.data - true * mu)[near].max() < bend
    np.testing.assert_allclose(seen.sigma[near], ((10.0 + 0.1 * lat) * mu)[near], atol=0.02)
    assert seen.observation.quantity is Quantity.B_LOS
    assert seen.observation.instrument == "map"
    assert seen.observation.scale is None  # a network that scales takes nothing twice
    assert seen.observation.observer == seen.geometry.observer == disk.observer


@every_view
def test_observed_again_it_is_the_map_where_the_camera_sees(disk: Disk) -> None:
    state = known("bipolar")
    seen = seen_from(state, picture(disk))
    # As a magnetograph would have seen it, without an error of its own.
    magnetogram = replace(seen, observation=replace(seen.observation, instrument="hmi"), sigma=None)
    layer = observe(magnetogram, GRID)
    inside = disk.observer.mu(*GRID.mesh()) > 0.4
    assert np.isfinite(layer.br[inside]).all()
    strength = np.abs(state.br[inside]).sum()
    assert np.abs(layer.br - state.br)[inside].sum() < 0.1 * strength
    net = float(state.br[inside].sum())
    assert layer.br[inside].sum() == pytest.approx(net, abs=float(0.01 * strength))
    assert np.corrcoef(layer.br[inside], state.br[inside])[0, 1] > 0.99


def test_pixels_larger_than_cells_hold_the_mean() -> None:
    disk = view(32, 0.0, 90.0, 0.0)
    stripes = np.where(np.arange(GRID.nlon) % 2, 100.0, 0.0) * np.ones(GRID.shape)
    seen = on_disk(stripes, GRID, disk, (32, 32))
    centre = disk.observer.mu(*disk.sphere(*np.meshgrid(np.arange(32), np.arange(32)))) > 0.9
    assert seen[centre].std() < 10.0
    assert seen[centre].mean() == pytest.approx(50.0, abs=2.0)


def test_an_older_map_is_carried_to_the_time_of_the_picture() -> None:
    state, later = known("bipolar"), TIME + timedelta(days=2)
    image = picture(VIEWS["centred"], later)
    seen, carried = seen_from(state, image), seen_from(forecast(state, later), image)
    np.testing.assert_array_equal(seen.data, carried.data)
    assert seen.observation.time == later


def test_only_what_contradicts_a_map_that_was_too_sure_is_news() -> None:
    prior = seen_from(known("uniform"), picture(VIEWS["centred"]))
    emerged = np.arange(SIDE) < SIDE // 2
    posterior = replace(
        prior,
        data=np.where(emerged, -80.0, prior.data).astype(np.float32),
        sigma=np.where(emerged, 3.0 * prior.sigma, 0.5 * prior.sigma).astype(np.float32),
    )
    alone = news(posterior, prior)
    np.testing.assert_array_equal(alone.mask, prior.mask & emerged)
    # No weaker than the mean, no stronger than mean and error together, and of its sign.
    field, error = alone.data[alone.mask], posterior.sigma[alone.mask]
    assert (field <= -80.0 + 1e-3).all()
    assert (np.abs(field) <= np.hypot(80.0, error) + 1e-3).all()
    np.testing.assert_array_equal(alone.sigma[alone.mask], error)
    assert np.isnan(alone.data[~alone.mask]).all()


def test_a_quiet_answer_is_no_news_however_unsure() -> None:
    prior = seen_from(known("uniform"), picture(VIEWS["centred"]))
    unsure = replace(prior, sigma=2.0 * prior.sigma)  # some 20 G: E|B| is 20 G at most
    assert not news(unsure, replace(prior, data=prior.data)).mask[prior.sigma > 0].any()


def test_without_its_error_an_answer_is_no_news() -> None:
    prior = seen_from(known("uniform"), picture(VIEWS["centred"]))
    with pytest.raises(BadFile, match=r"euvi\.fts: what was made of it cannot be told from"):
        news(replace(prior, sigma=None), prior)
