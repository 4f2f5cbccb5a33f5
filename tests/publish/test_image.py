"""Enhanced images as files: other software finds every pixel where it lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
import sunpy.map
from astropy.io import fits

from pipeline.archives import local
from pipeline.core import (
    BadFile,
    BadRequest,
    CylindricalEqualArea,
    Disk,
    Geometry,
    Inference,
    InputFile,
    Observation,
    Observer,
    PlateCarree,
    Quantity,
    SolarImage,
    earth,
)
from pipeline.instruments import read
from pipeline.publish import write_image, write_sigma

TIME = datetime(2014, 1, 31, 0, 10, 12, 345000, tzinfo=UTC)
RUN = Inference("gong-to-hmi/2", "cd" * 32, "cpu fp32", 1e-5, 0.0125, 3.0, ("µ was slow",))


def observer() -> Observer:
    return replace(earth(TIME), carrington_longitude=earth(TIME).carrington_longitude + 10.0)


def image(geometry: Geometry, sigma: bool = True) -> SolarImage:
    rng = np.random.default_rng(0)
    data = rng.normal(0.0, 100.0, (60, 80)).astype(np.float32)
    mask = np.ones(data.shape, bool)
    if isinstance(geometry, Disk):
        lon, _ = geometry.sphere(*np.meshgrid(np.arange(80), np.arange(60)))
        mask = np.isfinite(lon)
    data[~mask] = np.nan
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            instrument="gong",
            quantity=Quantity.B_LOS,
            time=TIME,
            observer=observer(),
            file=InputFile(Path("a.fits"), "http://gong.nso.edu/a.fits", "ab" * 32),
            noise=2.5,
            noise_length=3.0,
            scale="hmi",
            inferences=(RUN,),
        ),
        sigma=np.abs(data) / 10 if sigma else None,
    )


def disk() -> Disk:
    return Disk(41.3, 28.7, 25.4, 33.0, observer())


def patch() -> CylindricalEqualArea:
    return CylindricalEqualArea(39.5, 29.5, 0.12, np.radians(0.12), 77.0, -18.0)


def test_sunpy_finds_every_pixel_of_a_disk(tmp_path: Path) -> None:
    write_image(tmp_path / "out.fits", image(disk()))
    seen = sunpy.map.Map(tmp_path / "out.fits")
    x, y = np.array([41.3, 30.0, 55.0, 48.0]), np.array([28.7, 20.0, 35.0, 12.0])
    lon, lat = disk().sphere(x, y)
    there = seen.wcs.pixel_to_world(x, y)
    assert there.observer.lon.to_value("deg") == pytest.approx(10.0, abs=1e-6)
    carrington = there.transform_to(
        sunpy.coordinates.HeliographicCarrington(observer=there.observer, obstime=TIME)
    )
    assert carrington.lon.to_value("deg") == pytest.approx(lon, abs=2e-3)
    assert carrington.lat.to_value("deg") == pytest.approx(lat, abs=2e-3)
    assert seen.unit == u.G
    assert abs(seen.date.to_datetime(UTC) - TIME).total_seconds() < 1e-3


@pytest.mark.parametrize("geometry", [disk(), patch()])
def test_an_image_is_read_back_as_it_was_written(geometry: Geometry, tmp_path: Path) -> None:
    before = image(geometry)
    write_image(tmp_path / "out.fits", before)
    after = read(local(tmp_path / "out.fits"))
    np.testing.assert_array_equal(after.data, before.data)
    lon, lat = geometry.sphere([30.0, 44.4], [20.0, 31.2])
    np.testing.assert_allclose(after.geometry.sphere([30.0, 44.4], [20.0, 31.2]), (lon, lat), 1e-7)
    (run,) = after.observation.inferences
    assert (run.network, run.sha256, run.provider) == (RUN.network, RUN.sha256, RUN.provider)
    assert (run.parity, run.outside) == (RUN.parity, RUN.outside)
    same = ("instrument", "quantity", "time", "noise", "noise_length", "scale", "simulated")
    for name in same:
        assert getattr(after.observation, name) == getattr(before.observation, name)


def test_the_history_names_network_hash_and_provider(tmp_path: Path) -> None:
    write_image(tmp_path / "out.fits", image(disk()))
    history = "\n".join(fits.getheader(tmp_path / "out.fits")["HISTORY"])
    for part in ("gong-to-hmi/2 on cpu fp32", "cd" * 32, "1.25% of the pixels", "? was slow"):
        assert part in history


def test_sigma_is_a_file_alike_and_no_field(tmp_path: Path) -> None:
    write_sigma(tmp_path / "sigma.fits", image(disk()))
    values, header = fits.getdata(tmp_path / "sigma.fits", header=True)
    np.testing.assert_array_equal(values, image(disk()).sigma)
    assert header["CONTENT"] == "standard error of the line-of-sight magnetic field"
    with pytest.raises(BadFile, match="it holds the error of a field; give the file of the field"):
        read(local(tmp_path / "sigma.fits"))


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="the network says nothing of its error"):
        write_sigma(tmp_path / "sigma.fits", image(disk(), sigma=False))
    with pytest.raises(BadRequest, match="only disks and equal-area patches"):
        write_image(tmp_path / "out.fits", image(PlateCarree(0, 0, 1, 1, 0)))
    assert list(tmp_path.iterdir()) == []
