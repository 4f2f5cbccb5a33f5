"""Each geometry against itself (there and back) and against astropy's and sunpy's coordinates."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st
from sunpy.coordinates import HeliographicCarrington, Helioprojective

from pipeline.core import CylindricalEqualArea, Disk, Geometry, Observer, PlateCarree, Postel

longitudes = st.floats(0.0, 359.999)
latitudes = st.floats(-89.0, 89.0)

OBSERVER = Observer(123.4, 7.25, 212.0)
DISK = Disk(x0=417.9, y0=427.6, radius=371.7, north=179.93, observer=OBSERVER)


def same_place(lon: float, lat: float, back: tuple[float, float], within: float = 1e-6) -> bool:
    """Whether two places lie within so many degrees of great circle."""
    a, b = np.radians([lon, lat]), np.radians(back)
    chord = 2 * np.sin((a[1] - b[1]) / 2) ** 2 + 2 * np.cos(a[1]) * np.cos(b[1]) * (
        np.sin((a[0] - b[0]) / 2) ** 2
    )
    return bool(np.degrees(np.sqrt(2 * chord)) < within)


@pytest.mark.parametrize(
    "geometry",
    [
        CylindricalEqualArea(x0=359.5, y0=179.5, dlon=0.5, dsin=1 / 180, lon=180.0),
        CylindricalEqualArea(x0=359.5, y0=179.5, dlon=-0.5, dsin=1 / 180, lon=200.0),
        CylindricalEqualArea(x0=371.5, y0=188.0, dlon=0.03, dsin=5e-4, lon=34.9, lat=-21.1),
        PlateCarree(x0=0.0, y0=90.0, dlon=1.0, dlat=1.0, lon=0.0),
        Postel(x0=100.0, y0=100.0, step=0.011, lon=279.6, lat=7.2),
    ],
    ids=["synoptic", "leftward", "patch", "plate carrée", "postel"],
)
@given(lon=longitudes, lat=latitudes)
def test_every_place_on_the_sphere_comes_back(geometry: Geometry, lon: float, lat: float) -> None:
    assert same_place(lon, lat, geometry.sphere(*geometry.pixel(lon, lat)))


@given(
    lon=longitudes,
    lat=latitudes,
    north=st.floats(-180.0, 180.0),
    b0=st.floats(-8.0, 8.0),
    distance=st.floats(60.0, 230.0),
)
def test_a_visible_place_comes_back_from_the_disk_and_a_hidden_one_is_nowhere(
    lon: float, lat: float, north: float, b0: float, distance: float
) -> None:
    observer = Observer(200.0, b0, distance)
    disk = Disk(500.3, 498.8, 450.0, north, observer)
    x, y = disk.pixel(lon, lat)
    mu = observer.mu(lon, lat)
    if mu < 0:
        assert np.isnan(x)
        assert np.isnan(y)
    elif mu > 1e-3:
        assert same_place(lon, lat, disk.sphere(x, y))
        assert np.hypot(x - 500.3, y - 498.8) < 450.0


def test_the_limb_is_one_radius_from_the_centre_and_seen_edge_on() -> None:
    angle = np.radians(np.arange(0.0, 360.0, 5.0))
    inside, outside = 1 - 1e-9, 1 + 1e-9
    x, y = DISK.radius * np.cos(angle), DISK.radius * np.sin(angle)
    lon, lat = DISK.sphere(DISK.x0 + inside * x, DISK.y0 + inside * y)
    np.testing.assert_allclose(OBSERVER.mu(lon, lat), 0.0, atol=1e-4)
    assert np.isnan(DISK.sphere(DISK.x0 + outside * x, DISK.y0 + outside * y)).all()


def test_the_sub_observer_point_is_the_disk_centre() -> None:
    np.testing.assert_allclose(DISK.pixel(123.4, 7.25), (417.9, 427.6))
    assert OBSERVER.mu(123.4, 7.25) == pytest.approx(1.0)


def test_roll_turns_north_from_up_towards_the_right() -> None:
    for north, direction in ((0.0, (0, 1)), (90.0, (1, 0)), (180.0, (0, -1))):
        disk = Disk(0.0, 0.0, 100.0, north, Observer(0.0, 0.0, 215.0))
        x, y = disk.pixel(0.0, 30.0)
        np.testing.assert_allclose((x, y) / np.hypot(x, y), direction, atol=1e-12)


@pytest.mark.parametrize("lat0", [-21.0769, 0.0, 19.1])
def test_equal_area_patches_are_those_of_fits(lat0: float) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "CRLN-CEA", "CRLT-CEA"
    wcs.wcs.crpix = 372.5, 189.0
    wcs.wcs.crval = 34.879105, lat0
    wcs.wcs.cdelt = 0.03, 0.03
    patch = CylindricalEqualArea(371.5, 188.0, 0.03, np.radians(0.03), 34.879105, lat0)
    x, y = np.meshgrid(np.arange(0.0, 744.0, 31.0), np.arange(0.0, 377.0, 29.0))
    lon, lat = patch.sphere(x, y)
    expected_lon, expected_lat = wcs.wcs_pix2world(x, y, 0)
    np.testing.assert_allclose(lon, expected_lon % 360, atol=1e-9)
    np.testing.assert_allclose(lat, expected_lat, atol=1e-9)


@pytest.mark.parametrize("north", [0.0, 6.8, 179.93])
def test_the_disk_is_where_sunpy_sees_it(north: float) -> None:
    r_sun = 6.957e8 * u.m
    observer = SkyCoord(
        HeliographicCarrington(
            OBSERVER.carrington_longitude * u.deg,
            OBSERVER.latitude * u.deg,
            OBSERVER.distance * r_sun,
            obstime="2014-01-31",
            observer="self",
            rsun=r_sun,
        )
    )
    lon, lat = np.meshgrid(np.arange(40.0, 210.0, 8.0), np.arange(-80.0, 81.0, 8.0))
    keep = OBSERVER.mu(lon, lat) > 0.0
    lon, lat = lon[keep], lat[keep]
    place = SkyCoord(
        lon * u.deg, lat * u.deg, frame=HeliographicCarrington, observer=observer,
        obstime="2014-01-31", rsun=r_sun,
    )  # fmt: skip
    seen = place.transform_to(Helioprojective(observer=observer, obstime="2014-01-31", rsun=r_sun))
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "HPLN-TAN", "HPLT-TAN"
    wcs.wcs.cunit = "arcsec", "arcsec"
    wcs.wcs.crpix = DISK.x0 + 1, DISK.y0 + 1
    wcs.wcs.cdelt = 0.5, 0.5
    wcs.wcs.pc = [
        [np.cos(np.radians(north)), -np.sin(np.radians(north))],
        [np.sin(np.radians(north)), np.cos(np.radians(north))],
    ]
    expected = wcs.wcs_world2pix(seen.Tx.to_value(u.deg), seen.Ty.to_value(u.deg), 0)
    radius = 1 / np.sqrt(OBSERVER.distance**2 - 1) / np.radians(0.5 / 3600)
    x, y = Disk(DISK.x0, DISK.y0, radius, north, OBSERVER).pixel(lon, lat)
    np.testing.assert_allclose((x, y), expected, atol=1e-3)
