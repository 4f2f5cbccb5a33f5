"""What is a coronal hole on a picture, and how open field fares beside it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from plain_corona import plain_corona

from pipeline.acts.coronal_holes import beside, holes_at, newest, observed_holes
from pipeline.core import (
    BadFile,
    BadRequest,
    CarringtonGrid,
    Disk,
    InputFile,
    Observation,
    Quantity,
    SolarImage,
    earth,
    great_circle,
)
from pipeline.core.corona import ObservedHoles

TIME = datetime(2014, 1, 31, tzinfo=UTC)
GRID = CarringtonGrid(120, 60)
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


def test_of_many_images_the_first_that_shows_holes_near_the_time_is_looked_at() -> None:
    notes: list[str] = []
    dark, near = picture(0.0, 15.0, 304), picture(20.0, 15.0, 195)
    black = replace(near, data=np.zeros_like(near.data))
    found = newest((dark, black, near, picture(-20.0, 15.0)), TIME, GRID, notes)
    assert found is not None
    assert (found.picture, found.time) == ("aia 195 Å", TIME)
    np.testing.assert_array_equal(found.holes, observed_holes(near, GRID)[0])
    remedy = "give a picture of AIA at 193 or of EUVI at 195 Å"
    assert notes == [f"p.fits: it shows no solar disk; {remedy}."]
    assert newest((dark,), TIME, GRID, notes) is None
    assert newest((near,), TIME + timedelta(hours=25), GRID, notes) is None
    assert len(notes) == 1
    with pytest.raises(BadRequest, match=r"1\.5 days from the map"):
        holes_at(TIME + timedelta(hours=36), near, GRID)


def test_figures_are_those_counted_by_hand() -> None:
    """Two holes of 12 cells of which one is open, and as much open where none is."""
    holes, looked, opened = (np.zeros(GRID.shape, bool) for _ in range(3))
    looked[10:50, 20:80] = True
    holes[20:23, 30:34] = holes[30:33, 50:54] = True
    opened[20:23, 30:34] = opened[40:43, 60:64] = True
    opened[:5] = True  # where nobody looked
    br = np.where(holes, 2.0, -1.0)
    br[30:33, 50:52] = -2.0
    corona = plain_corona(TIME, GRID, open_field=opened.astype(np.int8))
    found = beside(corona, br, ObservedHoles(TIME, "euvi-a 195 Å", holes, looked))
    score, cell = found.hole_score, GRID.cell_area
    assert score.overlap == pytest.approx(1 / 3)
    assert score.observed_area == score.open_area == 24 / holes.size
    assert score.observed_flux == pytest.approx(24 * cell)
    assert score.open_flux == pytest.approx(36 * cell)
    assert score.unipolarity == pytest.approx(0.5)
    none = beside(corona, br, ObservedHoles(TIME, "euvi-a 195 Å", holes & False, looked))
    assert (none.hole_score.overlap, none.hole_score.unipolarity) == (0.0, 0.0)
