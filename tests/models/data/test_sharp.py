"""The real patches become scenes that overlap nowhere between splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.data import SHARPS, sharp, split
from pipeline.archives import local
from pipeline.core import BadFile, BadRequest, great_circle
from pipeline.instruments import read


def test_seven_patches_of_half_an_arcsecond(real_archive: Path) -> None:
    scenes = sharp.scenes(real_archive / "extra/sharp")
    assert len({scene.region for scene in scenes}) == 7
    for scene in scenes:
        # .03 degrees of a sphere whose radius is 959.6 arcsec (Allen 2000)
        assert scene.pixel == pytest.approx(np.radians(0.03) * 959.6, rel=1e-3)
        assert np.isfinite(scene.field).all()
        assert (scene.radius > 0.0).all()
        assert (scene.radius < 0.6).all()


def test_radius_is_the_sine_of_the_angle_from_disk_centre(real_archive: Path) -> None:
    path = next((real_archive / "extra/sharp").glob("*.377.*.magnetogram.fits"))
    image, scene = read(local(path)), sharp.scene(path)
    y, x = np.mgrid[: scene.field.shape[0], : scene.field.shape[1]]
    mu = image.observation.observer.mu(*image.geometry.sphere(x, y))
    # From a finite distance the two differ by the limb's own angle at most: a 200th.
    np.testing.assert_allclose(scene.radius, np.sqrt(1 - mu**2), atol=1 / 200)


def test_splits_do_not_share_a_place_on_the_sun(real_archive: Path) -> None:
    """Centres of patches of different splits within two months lie far apart."""
    folder = real_archive / "extra/sharp"
    parts = split(sharp.scenes(folder), SHARPS)
    home = {scene.region: name for name, part in parts.items() for scene in part}
    images = {f"sharp-{p.name.split('.')[2]}": read(local(p)) for p in folder.glob(sharp.PATTERN)}
    for region, image in images.items():
        for other, theirs in images.items():
            apart = abs((image.observation.time - theirs.observation.time).days)
            if home[region] != home[other] and apart < 60:
                place, their_place = image.geometry, theirs.geometry
                distance = great_circle(place.lon, place.lat, their_place.lon, their_place.lat)
                assert distance > 18.0, (region, other)


def test_folder_without_patches_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"holds no hmi\.sharp_cea_720s"):
        sharp.scenes(tmp_path)


def test_frame_is_no_patch(real_archive: Path) -> None:
    frame = real_archive / "extra/mdi/mdi.fd_M_96m_lev182.19991211_000000_TAI.data.fits"
    with pytest.raises(BadFile, match="no active-region patch"):
        sharp.scene(frame)
