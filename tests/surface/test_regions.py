"""Active regions of maps that were drawn by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    Disk,
    Evidence,
    GlobalMap,
    InputFile,
    Observation,
    Observer,
    Quantity,
    SolarImage,
    Source,
)
from pipeline.surface import blank
from pipeline.surface.regions import ALIKE, centres_of, find_regions, pictured_regions

TIME = datetime(2026, 11, 20, tzinfo=UTC)
GRID = CarringtonGrid(360, 180)


def bipole(
    lon: float, lat: float, strength: float = 300.0, grid: CarringtonGrid = GRID
) -> np.ndarray:
    """Two balanced poles 8° apart; *strength* is that of the western one, gauss."""
    lons, lats = grid.mesh()
    west = (lons - lon + 180.0) % 360.0 - 180.0
    poles = (np.exp(-((west - x) ** 2 + (lats - lat) ** 2) / 18.0) for x in (4.0, -4.0))
    return strength * np.subtract(*poles)


def a_map(br: np.ndarray, sigma: float = 5.0, grid: CarringtonGrid = GRID) -> GlobalMap:
    sky = blank(TIME, grid)
    return replace(
        sky, br=br.astype(np.float32), sigma=np.full(grid.shape, sigma, np.float32),
        age=np.full(grid.shape, 48.0, np.float32),
    )  # fmt: skip


def test_a_bipole_is_one_region_with_its_place_area_and_flux() -> None:
    br = bipole(100.0, 20.0)
    (region,) = find_regions(a_map(br))
    assert (region.lon, region.lat) == pytest.approx((100.0, 20.0), abs=0.3)
    total = np.abs(br).sum() * GRID.cell_area
    assert 0.9 * total < region.flux < total  # but for what lies below the threshold
    # It is no smaller than where the field itself is above the threshold.
    strong = (np.abs(br) > 35.0).sum()
    assert strong <= region.area / 1e6 * GRID.nlon * GRID.nlat / 2 < 2.0 * strong
    assert region.age == pytest.approx(48.0)


def test_the_flux_hardly_depends_on_the_grid() -> None:
    fine = CarringtonGrid(720, 360)
    (coarse,) = find_regions(a_map(bipole(100.0, 20.0)))
    (region,) = find_regions(a_map(bipole(100.0, 20.0, grid=fine), grid=fine))
    assert region.flux == pytest.approx(coarse.flux, rel=0.02)
    assert region.flux_sigma == pytest.approx(coarse.flux_sigma, rel=0.02)


def test_the_error_of_the_flux_is_that_of_errors_alike_over_four_degrees() -> None:
    (region,) = find_regions(a_map(bipole(100.0, 20.0), sigma=5.0))
    cells = region.area / 1e6 * GRID.nlon * GRID.nlat / 2
    alike = np.pi * (ALIKE / 2) ** 2 / (41252.96 / (GRID.nlon * GRID.nlat))
    expected = 5.0 * np.sqrt(cells * alike) * GRID.cell_area
    assert region.flux_sigma == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_western_polarity_leads(sign: int) -> None:
    (region,) = find_regions(a_map(bipole(359.0, -15.0, sign * 300.0)))
    assert region.leading_polarity == sign


def test_where_errors_are_large_no_polarity_leads() -> None:
    (region,) = find_regions(a_map(bipole(100.0, 20.0), sigma=1000.0))
    assert region.leading_polarity == 0


def test_a_region_across_longitude_zero_is_one() -> None:
    br = bipole(0.0, 10.0) + bipole(60.0, -15.0)
    places = centres_of(br, GRID)
    lon = np.degrees(np.arctan2(places[:, 1], places[:, 0]))
    np.testing.assert_allclose(np.sort(lon), [0, 60], atol=1)
    np.testing.assert_allclose(np.sort(np.degrees(np.arcsin(places[:, 2]))), [-15, 10], atol=1)
    regions = find_regions(a_map(br))
    assert sorted((r.lon + 180) % 360 - 180 for r in regions) == pytest.approx([0, 60], abs=1)


def test_regions_come_strongest_first() -> None:
    br = bipole(50.0, 10.0, 150.0) + bipole(150.0, 10.0, 400.0) + bipole(250.0, 10.0, 250.0)
    assert [round(r.lon, -1) for r in find_regions(a_map(br))] == [150, 250, 50]


def test_a_quiet_sun_has_no_regions() -> None:
    assert find_regions(a_map(np.full(GRID.shape, 5.0))) == ()
    assert centres_of(np.full(GRID.shape, 5.0), GRID).shape == (0, 3)


@pytest.mark.parametrize(
    ("source", "evidence"),
    [
        (Source.EUV, Evidence.EUV),
        (Source.SEISMIC, Evidence.SEISMIC),
        (Source.HMI, Evidence.TRANSPORTED),
        (Source.TRANSPORTED, Evidence.TRANSPORTED),
    ],
)
def test_the_evidence_is_what_most_of_the_flux_rests_on(source: Source, evidence: Evidence) -> None:
    lon, _ = GRID.mesh()
    flags = np.where(lon < 102.0, source, Source.GONG).astype(np.uint8)
    (region,) = find_regions(replace(a_map(bipole(100.0, 20.0)), source=flags))
    assert region.evidence is evidence


def test_flux_that_was_never_seen_has_no_age() -> None:
    never = replace(a_map(bipole(100.0, 20.0)), age=np.full(GRID.shape, np.nan, np.float32))
    (region,) = find_regions(never)
    assert np.isnan(region.age)


def answered(mean: np.ndarray, sigma: np.ndarray) -> SolarImage:
    """A network's magnetogram of the side about longitude 100, as it comes: 240 pixels."""
    disk = Disk(119.5, 119.5, 112.0, 0.0, Observer(100.0, 0.0, 214.0))
    lon, lat = disk.sphere(*np.meshgrid(np.arange(240.0), np.arange(240.0)))
    column, row = GRID.geometry.pixel(lon, lat)
    seen = np.isfinite(lon)
    at = np.rint(np.where(seen, row, 0)).astype(int), np.rint(np.where(seen, column, 0)).astype(int)
    mu = disk.observer.mu(lon, lat)
    b, s = (np.where(seen, f[at] * mu, np.nan).astype(np.float32) for f in (mean, sigma))
    file = InputFile(Path("euvi.fts"), "https://archive/euvi.fts", "ab" * 32)
    observation = Observation("euvi-a", Quantity.B_LOS, TIME, disk.observer, file)
    return SolarImage(b, seen, "G", disk, observation, s)


def test_a_region_of_unknown_sign_is_seen_by_its_error() -> None:
    """Of a mean of zero E|B| is sigma times the root of 2/pi."""
    lons, lats = GRID.mesh()
    near = np.exp(-((lons - 120.0) ** 2 + (lats - 20.0) ** 2) / 18.0)
    sigma = 10.0 + 300.0 * near
    image = answered(np.zeros(GRID.shape), sigma)
    (region,) = pictured_regions(image, GRID, TIME + timedelta(hours=2))
    assert (region.lon, region.lat) == pytest.approx((120.0, 20.0), abs=1.0)
    assert (region.age, region.evidence) == (2.0, Evidence.EUV)
    assert region.leading_polarity == 0
    whole = (sigma * np.sqrt(2 / np.pi))[near > 0.05].sum() * GRID.cell_area
    assert region.flux == pytest.approx(whole, rel=0.15)
    assert 0.0 < region.flux_sigma < region.flux


def test_where_a_network_is_sure_its_mean_counts() -> None:
    image = answered(bipole(100.0, 20.0), np.full(GRID.shape, 5.0))
    (region,) = pictured_regions(image, GRID, TIME)
    (same,) = find_regions(a_map(bipole(100.0, 20.0)))
    assert region.flux == pytest.approx(same.flux, rel=0.1)


def test_a_calm_answer_shows_nothing() -> None:
    image = answered(np.zeros(GRID.shape), np.full(GRID.shape, 20.0))
    assert pictured_regions(image, GRID, TIME) == ()
    with pytest.raises(BadFile, match="it shows no disk or no error"):
        pictured_regions(replace(image, sigma=None), GRID, TIME)
