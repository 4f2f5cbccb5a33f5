"""Averaging over cells: nothing is lost, doubled, cancelled or displaced."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_disks import field, pixel_areas, positions, true_means, view

from pipeline.core import CarringtonGrid, Disk, Observer
from pipeline.surface.remap import cell_means, radial_field

GRID = CarringtonGrid()
MU_MIN = 0.1
VIEWS = {
    "centred, pole on an edge": view(1024, 7.0, 0.0, 0.0),
    "upside down": view(1024, -7.0, 180.0, 180.0),
    "odd angle, across 0/360": view(1024, 7.0, 359.6, 33.3, (0.52, 0.47)),
    "off centre": view(1024, -7.0, 120.0, -171.9, (0.46, 0.51)),
    "poles on the limb": view(1024, 0.0, 251.0, 90.0),
    "pole where the remap ends": view(1024, 6.1, 4.0, 12.0),
}
every_view = pytest.mark.parametrize("disk", VIEWS.values(), ids=VIEWS)


@pytest.mark.parametrize("name", ["uniform", "dipole", "sectored", "bipolar"])
@every_view
def test_resolved_flux_is_preserved_in_its_place(disk: Disk, name: str) -> None:
    lon, lat, mu = positions(disk, 1024)
    los = (field(name, lon, lat) * mu).astype(np.float32)
    cells = cell_means(radial_field(los, disk), mu > 0.0, disk, GRID, MU_MIN)
    whole, truth = cells.coverage > 1.0 - 1e-9, true_means(name, GRID)
    assert whole.sum() > 0.4 * whole.size
    unsigned = np.abs(truth[whole]).sum()
    assert np.abs(cells.mean[whole]).sum() == pytest.approx(unsigned, rel=0.005)
    assert np.abs(cells.mean - truth)[whole].sum() < 0.01 * unsigned


def net_excess(name: str, disk: Disk, size: int, points: int) -> tuple[float, float]:
    """Relative excess of covered area, and of net flux in units of the unsigned flux.

    The field vanishes towards the rim, so its flux does not depend on where the rim runs.
    """
    lon, lat, mu = positions(disk, size)
    rng = np.random.default_rng(3)
    values = rng.normal(0.0, 100.0, mu.shape) if name == "noise" else field(name, lon, lat)
    values = np.nan_to_num(values * np.clip(3.0 * mu - 0.5, 0.0, 1.0)).astype(np.float32)
    cells = cell_means(values, mu > 0.0, disk, GRID, MU_MIN)
    used = mu > MU_MIN
    area = pixel_areas(disk, size, points)[used] / (4.0 * np.pi / cells.coverage.size)
    b = values[used].astype(float)
    net = np.nansum(cells.mean * cells.coverage) - b @ area
    return cells.coverage.sum() / area.sum() - 1.0, net / (np.abs(b) @ area)


@pytest.mark.parametrize("name", ["uniform", "dipole", "sectored", "noise"])
@every_view
def test_net_flux_is_that_of_the_pixels(disk: Disk, name: str) -> None:
    area, net = net_excess(name, disk, 1024, 4)
    assert abs(area) < 2e-5
    assert abs(net) < 1e-6


def test_net_flux_of_a_full_size_frame_is_that_of_its_pixels() -> None:
    disk = view(4096, 7.0, 1.3, 179.9, (0.498, 0.503))
    area, net = net_excess("uniform", disk, 4096, 2)
    assert abs(area) < 2e-6
    assert abs(net) < 1e-6


@every_view
def test_cells_in_full_view_are_covered_once(disk: Disk) -> None:
    ones = np.ones((1024, 1024), np.float32)
    coverage = cell_means(ones, ones > 0, disk, GRID, 0.05).coverage
    corners = disk.observer.mu(
        *np.meshgrid(GRID.lon_edges, np.degrees(np.arcsin(GRID.sin_lat_edges)))
    )
    clear = corners > 0.11  # the poles of the tilted views are, by .01
    inside = clear[:-1, :-1] & clear[1:, :-1] & clear[:-1, 1:] & clear[1:, 1:]
    assert inside.sum() > 0.4 * inside.size
    assert np.abs(coverage[inside] - 1.0).max() < 1e-9
    assert coverage.min() >= -1e-9
    assert coverage.max() <= 1.0 + 1e-9


def test_polarities_finer_than_a_cell_average_to_their_mean() -> None:
    """Against many points of each cell, looked up in the image one by one."""
    disk = view(1024, 7.0, 20.0, 33.0)
    pixels = np.random.default_rng(8).choice([-1000.0, 1030.0], (1024, 1024)).astype(np.float32)
    cells = cell_means(pixels, np.ones(pixels.shape, bool), disk, GRID, 0.6)
    fine = CarringtonGrid(GRID.nlon * 16, GRID.nlat * 16)
    rows = slice(2400, 3200)
    x, y = disk.pixel(*np.meshgrid(fine.lon, fine.lat[rows]))
    inside = np.isfinite(x)
    looked_up = np.zeros(x.shape)
    looked_up[inside] = pixels[np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)]
    expected = looked_up.reshape(50, 16, GRID.nlon, 16).mean(axis=(1, 3))
    seen = cells.coverage[150:200] > 1.0 - 1e-9
    error = (cells.mean[150:200] - expected)[seen]
    assert seen.sum() > 10_000
    assert error.std() < 20.0  # of sampling; nearest pixels would be wrong by 1000
    assert abs(error.mean()) < 0.5


@st.composite
def disks(draw: st.DrawFn) -> tuple[Disk, int]:
    """Any disk that may be cut by the frame, centres of pixels and right angles included."""
    size = draw(st.integers(24, 96))

    place = st.floats(0.3, 0.7).map(lambda part: part * size) | st.just((size - 1) / 2)
    angle = st.floats(-360.0, 360.0) | st.sampled_from([0.0, 90.0, 180.0, -90.0, 45.0])
    radius = draw(st.floats(0.2, 0.6)) * size
    observer = Observer(
        draw(st.floats(0.0, 360.0) | st.sampled_from([0.0, 180.0, 360.0])),
        draw(st.floats(-90.0, 90.0) | st.sampled_from([0.0, 7.0, -7.0])),
        draw(st.floats(20.0, 230.0)),
    )
    return Disk(draw(place), draw(place), radius, draw(angle), observer), size


@settings(deadline=None, max_examples=60)
@given(disks(), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.5]))
def test_sums_do_not_depend_on_the_grid_and_no_cell_is_filled_twice(
    seen: tuple[Disk, int], seed: int, mu_min: float
) -> None:
    disk, size = seen
    rng = np.random.default_rng(seed)
    values = rng.normal(0.0, 100.0, (size, size)).astype(np.float32)
    mask = rng.random(values.shape) > 0.1
    flux, area = [], []
    for grid in (CarringtonGrid(72, 36), CarringtonGrid(36, 18), CarringtonGrid(4, 2)):
        cells = cell_means(values, mask, disk, grid, mu_min)
        assert cells.coverage.max() <= 1.0 + 1e-9
        assert cells.coverage.min() >= -1e-9
        area.append(cells.coverage.mean())
        flux.append(np.nansum(cells.mean * cells.coverage) / cells.coverage.size)
    assert np.ptp(area) < 1e-9
    assert np.ptp(flux) < 1e-9 * 100.0
