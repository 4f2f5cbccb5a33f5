"""Real frames as networks take them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from known_images import card, channel
from running import opened

from pipeline.core import Disk, InputFile, SolarImage
from pipeline.enhance import enhance
from pipeline.enhance.prepare import prepare
from pipeline.instruments import read

HMI = "jsoc.stanford.edu/data/hmi/fits/2014/01/01/*.fits"
GONG = "gong2.nso.edu/oQR/bqa/200909/bbbqa090905/*.fits.gz"
MDI = "extra/mdi/*.fits"
SHARP = "extra/sharp/hmi.sharp_cea_720s.377.*.magnetogram.fits"
AIA = "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000/*_0193.fits"
EUVI = "extra/euvi_171_binned/secchi_l0_a.fits"  # turned by 7 deg

# Real headers carry 'nan' strings and cards that FITS does not allow.
pytestmark = pytest.mark.filterwarnings("ignore::astropy.io.fits.verify.VerifyWarning")


def observed(archive: Path, pattern: str) -> SolarImage:
    (path,) = archive.glob(pattern)
    return read(InputFile(path, "", ""))


@pytest.mark.parametrize("pattern", [HMI, GONG, MDI, SHARP])
def test_magnetograms_pass_a_network_that_changes_nothing_unchanged(
    real_archive: Path, tmp_path: Path, pattern: str
) -> None:
    seen = observed(real_archive, pattern)
    result = enhance([seen], opened(tmp_path, "identity", grid={"north_up": True}, stride=16))
    np.testing.assert_array_equal(result.mask, seen.mask)
    # The network's card clips at 3500 G.
    expected = np.clip(seen.data, -3500, 3500)
    np.testing.assert_allclose(result.data[seen.mask], expected[seen.mask], atol=1e-3)
    assert result.geometry == seen.geometry


@pytest.mark.parametrize("pattern", [HMI, MDI, SHARP])
def test_frames_show_no_more_noise_than_the_bounds_of_their_instruments(
    real_archive: Path, pattern: str
) -> None:
    """Liu et al. 2012 give upper bounds for the pixels of the camera; pixels that average
    some have less, though not less than the quiet Sun's own field, of some gauss."""
    seen = observed(real_archive, pattern)
    unknown = replace(seen, observation=replace(seen.observation, noise=float("nan")))
    network = card(channel("field"), channel("noise"), channel("mask"))
    level = float(prepare([unknown], network).x[1].max())
    assert 2.0 < level < seen.observation.noise


@pytest.mark.parametrize(("pattern", "line"), [(AIA, 193), (EUVI, 171)])
def test_coronae_come_as_far_side_networks_take_them(
    real_archive: Path, pattern: str, line: int
) -> None:
    """1024 pixels, radius 450, north up, median 100 within .98 of it, log of 1 to 200."""
    bright = {"normalise": "disk median", "clip": (1.0, 200.0), "transform": "log10"}
    network = card(
        channel("euv", "intensity", wavelength=line, **bright),
        channel("mask"),
        instruments=["aia", "euvi-a"],
        grid={"radius": 450.0, "side": 1024, "north_up": True},
    )
    prepared = prepare([observed(real_archive, pattern)], network)
    disk, values = prepared.geometry, prepared.x[0][prepared.mask]
    assert isinstance(disk, Disk)
    assert (disk.x0, disk.y0, disk.radius, disk.north) == (511.5, 511.5, 450.0, 0.0)
    assert np.median(values) == pytest.approx(2.0, abs=1e-3)
    assert values.min() >= 0.0
    assert values.max() <= np.log10(200.0) + 1e-6
    # Saturated and lost pixels apart, the whole disk within .98 of the radius.
    assert prepared.mask.mean() == pytest.approx(np.pi * (0.98 * 450 / 1024) ** 2, rel=1e-2)
