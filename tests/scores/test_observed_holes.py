"""Coronal holes of a picture against a corona's open field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from plain_corona import plain_corona
from small_sun import GRID, TIME, observed

from pipeline import archives, instruments, publish
from pipeline.core import (
    BadFile,
    BadRequest,
    Disk,
    InputFile,
    Observation,
    Quantity,
    SolarImage,
    earth,
    great_circle,
)
from pipeline.publish import Provenance
from pipeline.scores.observed_holes import against_picture, observed_holes

SIZE = 256
SUN = earth(TIME)
DISK = Disk(127.5, 127.5, 110.0, 0.0, SUN)


def picture(west: float, radius: float, wavelength: int = 193) -> SolarImage:
    """A disk of 100 DN/s with a hole of 20, *radius* deg wide, *west* deg off its middle."""
    lon, lat = DISK.sphere(*np.meshgrid(np.arange(SIZE), np.arange(SIZE)))
    away = great_circle(lon, lat, SUN.carrington_longitude + west, SUN.latitude)
    shines = np.where(away < radius, 20.0, 100.0)
    observation = Observation(
        instrument="aia",
        time=TIME,
        observer=SUN,
        quantity=Quantity.INTENSITY,
        file=InputFile(Path("p.fits"), "", ""),
        wavelength=wavelength,
    )
    data = np.where(np.isfinite(lon), shines, 0.0).astype(np.float32)
    return SolarImage(data, np.isfinite(lon), "DN/s", DISK, observation)


def test_a_dark_patch_is_a_hole_of_its_area() -> None:
    holes, seen = observed_holes(picture(20.0, 15.0), GRID)
    cap = (1 - np.cos(np.radians(15.0))) / 2
    # A cell counts when four fifths of it are dark: it loses a third of a cell all around.
    assert 0.85 * cap < holes.mean() < cap
    assert not (holes & ~seen).any()
    # Within 60° of disk centre: a quarter of the sphere.
    assert seen.mean() == pytest.approx(0.25, rel=0.03)


def test_what_is_small_or_near_the_limb_is_none() -> None:
    assert not observed_holes(picture(20.0, 2.0), GRID)[0].any()
    assert not observed_holes(picture(80.0, 12.0), GRID)[0].any()


@pytest.mark.parametrize("spoil", ["171", "dark"])
def test_what_shows_no_holes_is_refused(spoil: str) -> None:
    image = picture(0.0, 10.0, 171 if spoil == "171" else 193)
    if spoil == "dark":
        image = replace(image, data=np.zeros_like(image.data))
    with pytest.raises(BadFile, match="not looked for" if spoil == "171" else "no solar disk"):
        observed_holes(image, GRID)


def test_open_field_is_held_against_a_real_picture(real_archive: Path, tmp_path: Path) -> None:
    found = real_archive / "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000"
    (file,) = found.glob("*_0193.fits")
    image = instruments.read(archives.local(file))
    holes, _ = observed_holes(image, GRID)
    assert 0.002 < holes.mean() < 0.1
    # A corona that is open just there, under a field that points outward there.
    time = datetime(2014, 1, 1, tzinfo=UTC)
    br = np.where(holes, 3.0, -1.0).astype(np.float32)
    map_ = replace(observed(br), time=time)
    name = "20140101T0000Z_r00"
    right = plain_corona(time, GRID, open_field=holes.astype(np.int8))
    provenance = Provenance(time, "0" * 64)
    product = tmp_path / f"allsun_synchronic_{name}.nc"
    publish.write_synchronic(product, map_, provenance)
    publish.write_corona(tmp_path / f"allsun_corona_{name}.nc", right, map_, provenance)
    score = against_picture(product, file)
    assert score.overlap > 0.95
    assert score.unipolarity == pytest.approx(1.0, abs=0.05)
    assert score.observed_flux == pytest.approx(3.0 * holes.sum() * GRID.cell_area, rel=0.05)
    late = replace(map_, time=time + timedelta(days=2))
    publish.write_synchronic(product, late, provenance)
    with pytest.raises(BadRequest, match=r"2\.0 days from the map"):
        against_picture(product, file)
