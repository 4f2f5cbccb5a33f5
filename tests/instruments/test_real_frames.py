"""Geometry and clocks proved on real observations, not on our own writing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
import sunpy.map
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from scipy.ndimage import gaussian_filter, map_coordinates
from sunpy.coordinates import HeliographicCarrington, Helioprojective
from sunpy.map.maputils import all_coordinates_from_map

from pipeline.core import CylindricalEqualArea, Disk, Observer, Postel, Quantity, SolarImage, earth

HMI = "jsoc.stanford.edu/data/hmi/fits/2014/01/01/*.fits"
AIA = "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000/*_{:04d}.fits"
GONG = "gong2.nso.edu/oQR/bqa/200909/bbbqa090905/*.fits.gz"
SYNOPTIC = "gong.nso.edu/data/magmap/QR/bqs/202503/*/*.fits.gz"
MDI = "extra/mdi/*.fits"
EUVI_A = "extra/euvi_171_binned/secchi_l0_a.fits"
EUVI_B = "extra/euvi_171_binned/secchi_l0_b.fits"
SEISMIC = "farside.nso.edu/oQR/fqo/201403/mrfqo140303/*.fits"
PHASE = "extra/hmi_farside/*.fits.gz"
SHARP = "extra/sharp/hmi.sharp_cea_720s.377.*.magnetogram.fits"

# Real headers carry 'nan' strings and cards that FITS does not allow.
pytestmark = [
    pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning"),
    pytest.mark.filterwarnings("ignore::astropy.io.fits.verify.VerifyWarning"),
    pytest.mark.filterwarnings("ignore::sunpy.util.exceptions.SunpyMetadataWarning"),
]

Read = Callable[[str], SolarImage]


def the_disk(image: SolarImage) -> Disk:
    assert isinstance(image.geometry, Disk)
    return image.geometry


def harmonics(angle: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Least-squares mean radius and shift of centre of a nearly circular outline."""
    matrix = np.c_[np.ones_like(angle), np.cos(angle), np.sin(angle)]
    return np.linalg.lstsq(matrix, radius, rcond=None)[0]


def along_rays(data: np.ndarray, disk: Disk, radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Values at radius (in disk radii) by angle (rows by columns), bilinear."""
    x = disk.x0 + disk.radius * np.outer(radius, np.cos(angle))
    y = disk.y0 + disk.radius * np.outer(radius, np.sin(angle))
    return map_coordinates(data, [y, x], order=1)


@pytest.mark.parametrize(
    ("pattern", "sky"), [(MDI, np.isnan), (GONG, lambda data: data < -1990.0)], ids=["mdi", "gong"]
)
def test_the_limb_in_the_picture_is_the_limb_of_the_header(
    real_archive: Path, observed: Read, pattern: str, sky: Callable[[np.ndarray], np.ndarray]
) -> None:
    disk = the_disk(observed(pattern))
    with fits.open(next(real_archive.glob(pattern))) as units:
        on_disk = ~sky(units[-1].data)
    angle = np.radians(np.arange(360.0))
    radius = np.arange(0.97, 1.03, 0.0002)
    edge = radius[(along_rays(on_disk.astype(float), disk, radius, angle) > 0.5).sum(axis=0)]
    mean, dx, dy = harmonics(angle, edge) * disk.radius
    assert abs(mean - disk.radius) < 1.0
    assert np.hypot(dx, dy) < 0.25


@pytest.mark.parametrize("wavelength", [94, 131, 171, 193, 211, 335])
def test_the_extreme_ultraviolet_limb_is_concentric_with_the_header_and_just_above_it(
    observed: Read, wavelength: int
) -> None:
    """The corona brightens just above the chromosphere: 4 to 11 Mm above the white-light limb."""
    image = observed(AIA.format(wavelength))
    disk = the_disk(image)
    angle, radius = np.radians(np.arange(360.0)), np.arange(0.93, 1.10, 0.001)
    log = np.log10(np.clip(np.nan_to_num(image.data), 0.25, None))
    fall = np.gradient(along_rays(log, disk, radius, angle), axis=0)
    fall = gaussian_filter(fall, (5, 3), mode=("nearest", "wrap"))
    typical = np.median(fall, axis=1)
    lags = np.arange(-15, 16)
    likeness = [
        [np.corrcoef(one[20:-20], np.roll(typical, lag)[20:-20])[0, 1] for lag in lags]
        for one in fall.T
    ]
    _, dx, dy = harmonics(angle, lags[np.argmax(likeness, axis=1)] * 0.001) * disk.radius
    assert abs(dx) < 1.0
    assert abs(dy) < 1.0
    profile = np.median(along_rays(log, disk, radius, angle), axis=1)
    height = (radius[np.argmax(profile)] - 1.0) * 695.7
    assert 4.0 < height < 11.0


TIMES = {
    HMI: datetime(2013, 12, 31, 23, 59, 25, tzinfo=UTC),  # 00:00:00 TAI, 35 s ahead
    MDI: datetime(1999, 12, 10, 23, 58, 58, tzinfo=UTC),  # 23:59:30 TAI, 32 s ahead
    GONG: datetime(2009, 9, 5, 18, 54, 1, tzinfo=UTC),  # 18:54:16 GPS, 15 s ahead
    AIA.format(193): datetime(2014, 1, 1, 0, 0, 8, tzinfo=UTC),  # 00:00:06.84 and half of 2 s
    EUVI_A: datetime(2011, 2, 15, 0, 14, 8, tzinfo=UTC),
    SYNOPTIC: datetime(2025, 3, 21, 4, 4, tzinfo=UTC),
    SEISMIC: datetime(2014, 3, 3, 11, 56, tzinfo=UTC),  # midnight and half of 85,920 s
    PHASE: datetime(2017, 1, 26, 23, 59, 23, tzinfo=UTC),  # 00:00:00 TAI, 37 s ahead
    SHARP: datetime(2011, 2, 15, 1, 59, 20, tzinfo=UTC),  # 01:59:54 TAI, 34 s ahead
}


@pytest.mark.parametrize("pattern", TIMES)
def test_the_time_is_utc_to_the_second(observed: Read, pattern: str) -> None:
    assert abs((observed(pattern).observation.time - TIMES[pattern]).total_seconds()) < 0.5


@pytest.mark.parametrize("pattern", [HMI, AIA.format(193), EUVI_A, EUVI_B], ids=str)
def test_pixels_lie_where_astropy_and_sunpy_put_them(
    real_archive: Path, observed: Read, pattern: str
) -> None:
    disk = the_disk(observed(pattern))
    with fits.open(next(real_archive.glob(pattern))) as units:
        header = units[-1].header
        wcs = WCS(header)
    # STEREO's angular radius belongs to a Sun of 695.5 Mm; its RSUN_REF was added by others.
    r_sun = (695.5e6 if "euvi" in pattern else header["RSUN_REF"]) * u.m
    frame = {"obstime": "2014-01-01", "rsun": r_sun}
    observer = SkyCoord(
        header["CRLN_OBS"] * u.deg, header["CRLT_OBS"] * u.deg, header["DSUN_OBS"] * u.m,
        frame=HeliographicCarrington(observer="self", **frame),
    )  # fmt: skip
    seen_from = disk.observer
    lon, lat = np.meshgrid(np.arange(0.0, 360.0, 7.0), np.arange(-84.0, 85.0, 7.0))
    visible = seen_from.mu(lon, lat) > 0.02
    lon, lat = lon[visible], lat[visible]
    place = SkyCoord(
        lon * u.deg, lat * u.deg, frame=HeliographicCarrington(observer=observer, **frame)
    )
    seen = place.transform_to(Helioprojective(observer=observer, **frame))
    expected = wcs.wcs_world2pix(seen.Tx.to_value(u.deg), seen.Ty.to_value(u.deg), 0)
    np.testing.assert_allclose(disk.pixel(lon, lat), expected, atol=0.01)


@pytest.mark.parametrize("pattern", [SYNOPTIC, "extra/gong_synoptic/cr2048.fits.gz"])
def test_a_synoptic_map_lies_where_sunpy_puts_it(
    real_archive: Path, observed: Read, pattern: str
) -> None:
    image = observed(pattern)
    theirs = sunpy.map.Map(next(real_archive.glob(pattern)))
    coordinates = all_coordinates_from_map(theirs)
    y, x = np.indices(image.data.shape)
    lon, lat = image.geometry.sphere(x, y)
    difference = (lon - coordinates.lon.to_value(u.deg) + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(difference, 0.0, atol=1e-6)
    np.testing.assert_allclose(lat, coordinates.lat.to_value(u.deg), atol=1e-6)
    np.testing.assert_array_equal(image.data, theirs.data)
    assert image.observation.quantity is Quantity.B_R


def test_a_patch_lies_where_fits_puts_it_less_the_known_error_in_longitude(
    real_archive: Path, observed: Read
) -> None:
    image = observed(SHARP)
    with fits.open(next(real_archive.glob(SHARP))) as units:
        wcs = WCS(units[-1].header)
    y, x = np.indices(image.data.shape)
    lon, lat = image.geometry.sphere(x, y)
    expected_lon, expected_lat = wcs.wcs_pix2world(x, y, 0)
    np.testing.assert_allclose(lon, (expected_lon - 0.081894) % 360.0, atol=1e-9)
    np.testing.assert_allclose(lat, expected_lat, atol=1e-9)


@pytest.mark.parametrize("number", [377, 13561, 13641, 13777, 13845, 13866, 14003])
def test_corrected_longitudes_of_sdo_agree_with_the_ephemeris(observed: Read, number: int) -> None:
    """SDO circles the Earth: seen from the Sun it stays within .017 deg of it."""
    observation = observed(f"extra/sharp/*.{number}.*.Br.fits").observation
    expected = earth(observation.time).carrington_longitude
    assert abs(observation.observer.carrington_longitude - expected) < 0.017


def test_coronal_brightness_lies_on_the_magnetic_field_and_on_nothing_else(observed: Read) -> None:
    """AIA 193 Å against |B| of the same moment, both in Carrington coordinates."""
    hmi, aia = observed(HMI), observed(AIA.format(193))
    centre = the_disk(hmi).observer.carrington_longitude
    lon, lat = np.meshgrid(centre + np.arange(-60.0, 60.5, 0.5), np.arange(-60.0, 60.5, 0.5))

    def sample(image: SolarImage, values: np.ndarray, smoothing: float) -> np.ndarray:
        x, y = image.geometry.pixel(lon, lat)
        return map_coordinates(gaussian_filter(np.nan_to_num(values), smoothing), [y, x], order=1)

    field = np.log10(sample(hmi, np.abs(hmi.data), 8.0) + 3.0)

    def likeness(turn: Callable[[np.ndarray], np.ndarray]) -> float:
        light = np.log10(np.clip(sample(aia, turn(aia.data), 4.0), 1.0, None))
        return float(np.corrcoef(field.ravel(), light.ravel())[0, 1])

    upright = likeness(lambda data: data)
    assert upright >= 0.5
    others = [
        likeness(lambda data, k=k, flip=flip: np.rot90(data[::flip], k))
        for k in range(4)
        for flip in (1, -1)
        if (k, flip) != (0, 1)
    ]
    assert max(others) < upright - 0.15


def from_afar(observer: Observer) -> Observer:
    """The observer so far away that mu is the cosine of the great-circle distance."""
    return replace(observer, distance=1e9)


def test_the_far_side_lies_opposite_the_earth(observed: Read) -> None:
    image = observed(SEISMIC)
    geometry, observer = image.geometry, image.observation.observer
    assert isinstance(geometry, Postel)
    assert geometry.lon == pytest.approx(observer.carrington_longitude + 180.0, abs=0.1)
    assert geometry.lat == pytest.approx(-observer.latitude, abs=0.05)
    assert image.observation.quantity is Quantity.PHASE_SHIFT
    x, y = geometry.pixel(geometry.lon, geometry.lat + 11.0)
    assert (x, y) == pytest.approx((100.0, 100.0 + np.radians(11.0) / 0.011))
    lon, lat = geometry.sphere(*np.nonzero(image.mask)[::-1])
    assert np.degrees(np.arccos(-from_afar(observer).mu(lon, lat))).max() <= 57.1


def test_the_phase_map_shows_the_hemisphere_that_the_earth_does_not_see(observed: Read) -> None:
    image = observed(PHASE)
    y, x = np.indices(image.data.shape)
    cosine = from_afar(image.observation.observer).mu(*image.geometry.sphere(x, y))
    assert image.mask[cosine < -0.1].all()
    assert not image.mask[cosine > 0.1].any()


def test_every_real_frame_is_masked_exactly_where_it_is_nan(observed: Read) -> None:
    for pattern in TIMES:
        image = observed(pattern)
        assert image.data.dtype == np.float32
        np.testing.assert_array_equal(np.isnan(image.data), ~image.mask)
        assert not image.observation.simulated


def test_what_gong_mixed_with_the_sky_is_no_measurement(observed: Read) -> None:
    image = observed(GONG)
    assert image.data[image.mask].min() > -300.0
    assert 0.97 < image.mask.sum() / (np.pi * the_disk(image).radius ** 2) < 1.0


def test_a_synoptic_map_covers_the_sphere(observed: Read) -> None:
    geometry = observed(SYNOPTIC).geometry
    assert isinstance(geometry, CylindricalEqualArea)
    assert geometry.sphere(-0.5, 0)[0] == pytest.approx(54.0)  # MAPEDGE in its header
