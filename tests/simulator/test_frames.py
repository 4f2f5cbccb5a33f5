"""Written frames read back to the truth, through the readers of the real formats."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from pipeline.core import CarringtonGrid, Disk, InputFile, Observer, SolarImage, earth
from pipeline.instruments import read
from pipeline.simulator import frames

TIME = datetime(2026, 11, 20, 6, 0, 23, tzinfo=UTC)
STEREO_A = Observer(carrington_longitude=301.5, latitude=-4.2, distance=208.0)


def waves(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """A field without symmetry, so that no flip of it looks like itself."""
    return 80.0 * np.sin(np.radians(2 * lon + 20)) * np.cos(np.radians(lat)) + 60.0 * np.sin(
        np.radians(lat + 0.3 * lon)
    )


def light(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return 300.0 + waves(lon, lat)


def back(path: Path) -> SolarImage:
    return read(InputFile(path, "", ""))


def the_places(image: SolarImage) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.nonzero(image.mask)
    return image.geometry.sphere(x, y)


def agrees(read_back: Disk, written: Disk) -> None:
    for name in ("x0", "y0", "radius", "north"):
        assert getattr(read_back, name) == pytest.approx(getattr(written, name), abs=1e-3)
    for name in ("carrington_longitude", "latitude", "distance"):
        assert getattr(read_back.observer, name) == pytest.approx(
            getattr(written.observer, name), rel=1e-6
        )


def test_an_hmi_frame_comes_back(tmp_path: Path) -> None:
    disk = frames.write_hmi(tmp_path / "m.fits", waves, TIME, size=256)
    image = back(tmp_path / "m.fits")
    assert isinstance(image.geometry, Disk)
    agrees(image.geometry, disk)
    assert abs((image.observation.time - TIME).total_seconds()) < 0.5
    assert image.observation.simulated
    lon, lat = the_places(image)
    truth = waves(lon, lat) * disk.observer.mu(lon, lat)
    np.testing.assert_allclose(image.data[image.mask], truth, atol=0.051)  # BSCALE is .1
    assert image.mask.sum() == pytest.approx(np.pi * disk.radius**2, rel=0.01)


def test_an_hmi_frame_has_the_form_of_the_archive(tmp_path: Path) -> None:
    frames.write_hmi(tmp_path / "m.fits", waves, TIME, size=128, quick_look=True)
    with fits.open(tmp_path / "m.fits", disable_image_compression=True) as units:
        assert units[0].data is None
        assert units[1].header["ZCMPTYPE"] == "RICE_1"
    with fits.open(tmp_path / "m.fits") as units:
        header = units[1].header
        assert (header["BLANK"], header["BSCALE"]) == (-(2**31), 0.1)
        assert header["T_OBS"] == "2026.11.20_06:01:00_TAI"
        assert header["CROTA2"] == pytest.approx(180.0, abs=0.1)
    assert back(tmp_path / "m.fits").observation.quick_look


def test_noise_has_the_spread_asked_for_and_repeats_with_its_seed(tmp_path: Path) -> None:
    quiet = np.zeros_like
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        frames.write_hmi(
            tmp_path / name, lambda lon, _: quiet(lon), TIME, size=256, noise=6.3, seed=seed
        )
    a, b, c = (back(tmp_path / name).data for name in "abc")
    assert np.nanstd(a) == pytest.approx(6.3, rel=0.02)
    np.testing.assert_array_equal(a, b)
    assert abs(np.corrcoef(a[~np.isnan(a)], c[~np.isnan(c)])[0, 1]) < 0.02


def test_a_gong_frame_comes_back(tmp_path: Path) -> None:
    disk = frames.write_gong(tmp_path / "bbbqa.fits.gz", waves, TIME)
    image = back(tmp_path / "bbbqa.fits.gz")
    assert isinstance(image.geometry, Disk)
    agrees(image.geometry, disk)
    assert abs((image.observation.time - TIME).total_seconds()) < 0.5
    lon, lat = the_places(image)
    truth = waves(lon, lat) * disk.observer.mu(lon, lat)
    np.testing.assert_allclose(image.data[image.mask], truth, atol=0.04)  # 2000 G in 16 bits
    with fits.open(tmp_path / "bbbqa.fits.gz") as units:
        assert units[0].header["TIME-OBS"].startswith("06:00:41")  # GPS is 18 s ahead
        assert units[0].data.min() == pytest.approx(-2000.0, abs=0.1)


def test_a_gong_synoptic_map_comes_back(tmp_path: Path) -> None:
    frames.write_gong_synoptic(tmp_path / "mrzqs.fits.gz", waves, TIME)
    image = back(tmp_path / "mrzqs.fits.gz")
    lon, lat = the_places(image)
    assert image.data.shape == (180, 360)
    # CDELT2 is rounded as in the originals, which shifts the outermost rows by .0006 deg.
    np.testing.assert_allclose(image.data[image.mask], waves(lon, lat), atol=0.01)
    left_edge = float(image.geometry.sphere(-0.5, 90)[0])
    assert (earth(TIME).carrington_longitude - left_edge) % 360 == pytest.approx(60.0, abs=0.5)


def test_an_aia_frame_comes_back(tmp_path: Path) -> None:
    disk = frames.write_aia(tmp_path / "aia.fits", light, TIME, 193, size=256)
    image = back(tmp_path / "aia.fits")
    assert isinstance(image.geometry, Disk)
    agrees(image.geometry, disk)
    assert (image.unit, image.observation.wavelength) == ("DN/s", 193)
    assert abs((image.observation.time - TIME).total_seconds()) < 0.01
    lon, lat = the_places(image)
    on_disk = np.isfinite(lon)
    np.testing.assert_allclose(image.data[image.mask][on_disk], light(lon, lat)[on_disk], atol=0.02)


@pytest.mark.parametrize("wavelength", [171, 195, 284, 304])
def test_an_euvi_frame_comes_back_calibrated(tmp_path: Path, wavelength: int) -> None:
    disk = frames.write_euvi(tmp_path / "e.fts", light, TIME, wavelength, STEREO_A, size=256)
    image = back(tmp_path / "e.fts")
    assert isinstance(image.geometry, Disk)
    agrees(image.geometry, disk)
    assert image.observation.instrument == "euvi-a"
    assert abs((image.observation.time - TIME).total_seconds()) < 0.01
    lon, lat = the_places(image)
    on_disk = np.isfinite(lon)
    np.testing.assert_allclose(image.data[image.mask][on_disk], light(lon, lat)[on_disk], atol=0.2)


def test_a_sun_made_of_a_map_has_the_value_of_each_cell() -> None:
    grid = CarringtonGrid(36, 18)
    values = np.arange(36 * 18, dtype=float).reshape(grid.shape)
    lon, lat = grid.mesh()
    np.testing.assert_array_equal(frames.sun_of(grid, values)(lon + 4.0, lat), values)
    np.testing.assert_array_equal(
        frames.sun_of(grid, values)(np.array([359.9, 0.1]), np.array([89.9, -89.9])),
        [values[-1, -1], values[0, 0]],
    )
