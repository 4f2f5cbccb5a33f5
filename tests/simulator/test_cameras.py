"""Simulated cameras: photons, counts, pointing and orbit, as the readers of real files see them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from suns import TIME, back, moment_of

from pipeline.core import Disk, earth
from pipeline.instruments.disk import radius_map
from pipeline.simulator import orbits
from pipeline.simulator.campaign import Campaign
from pipeline.simulator.corona import Corona, Detector
from pipeline.simulator.instruments import aia, euvi
from pipeline.simulator.optics import Picture
from pipeline.simulator.sun import Moment


@pytest.fixture(scope="module")
def spotted() -> Moment:
    """A weak Sun with one bright place, at 40 deg north, 60 deg ahead of the Earth's meridian."""
    lon = (earth(TIME).carrington_longitude + 60.0) % 360.0
    br = np.random.default_rng(0).normal(0.0, 4.0, (180, 360))
    row = int((np.sin(np.radians(40.0)) + 1.0) * 90.0)
    br[row - 2 : row + 3, int(lon) - 3 : int(lon) + 4] = 300.0
    return moment_of(br)


@pytest.fixture(scope="module")
def corona() -> Corona:
    return Corona(seed=2)


def brightest(path: Path) -> tuple[float, float]:
    """Carrington longitude from the Earth's meridian and latitude of the brightest place."""
    image = back(path)
    assert isinstance(image.geometry, Disk)
    observer = image.geometry.observer
    y, x = np.indices(image.data.shape)
    lon, lat = image.geometry.sphere(x, y)
    seen = np.isfinite(lon) & (observer.mu(np.nan_to_num(lon), np.nan_to_num(lat)) > 0.3)
    peak = np.where(seen & image.mask, image.data, 0.0)
    peak[peak < 0.5 * peak.max()] = 0.0
    west = (lon - earth(TIME).carrington_longitude + 180.0) % 360.0 - 180.0
    total = peak[seen].sum()
    return float((west * peak)[seen].sum() / total), float((lat * peak)[seen].sum() / total)


@pytest.mark.parametrize("wavelength", [171, 195, 284, 304])
def test_euvi_puts_the_bright_place_where_it_is(
    spotted: Moment, corona: Corona, tmp_path: Path, wavelength: int
) -> None:
    path = tmp_path / "20261120_060030_n7euA.fts"
    euvi.write(path, spotted, TIME, np.random.default_rng(0), wavelength, corona)
    image = back(path)
    assert brightest(path) == pytest.approx((60.0, 40.0), abs=3.0)
    observation = image.observation
    assert (observation.instrument, observation.wavelength) == ("euvi-a", wavelength)
    assert observation.time == TIME + timedelta(seconds=8)
    assert observation.quick_look
    assert observation.simulated
    assert image.mask.any()


def test_aia_puts_the_bright_place_where_it_is(
    spotted: Moment, corona: Corona, tmp_path: Path
) -> None:
    aia.write(tmp_path / "a.fits", spotted, TIME, np.random.default_rng(0), 193, corona)
    assert brightest(tmp_path / "a.fits") == pytest.approx((60.0, 40.0), abs=3.0)
    assert back(tmp_path / "a.fits").observation.time == TIME + timedelta(seconds=1)


def test_both_see_the_same_sun_equally_bright(
    spotted: Moment, corona: Corona, tmp_path: Path
) -> None:
    """Medians of the disk differ only by what each half of the Sun shows."""
    path = tmp_path / "20261120_060030_n7euA.fts"
    euvi.write(path, spotted, TIME, np.random.default_rng(0), 195, corona)
    aia.write(tmp_path / "a.fits", spotted, TIME, np.random.default_rng(0), 193, corona)
    medians = []
    for image in (back(path), back(tmp_path / "a.fits")):
        assert isinstance(image.geometry, Disk)
        shown = image.mask & (radius_map(image.geometry, image.data.shape) < 0.98)
        medians.append(float(np.median(image.data[shown])))
    assert medians[0] / medians[1] == pytest.approx(1.0, abs=0.3)


def test_photons_and_electronics_make_the_noise_that_was_asked_for() -> None:
    detector = Detector(
        fwhm=1.0, exposure=2.0, gain=17.7, read_noise=1.2, summed=16, largest=16000.0
    )
    per_photon = 12398.4 / 171 / 3.65 / 17.7  # about 1.1 DN, as AIA's 171 Å has
    assert 1.0 < per_photon < 1.25
    for rate in (0.0, 50.0, 5000.0):
        flat = np.full((300, 300), rate, np.float32)
        counts = detector.counts(flat, 2.4, 171, np.random.default_rng(4))
        assert counts.mean() == pytest.approx(2.0 * rate, abs=0.05 + 1e-3 * rate)
        expected = np.sqrt((2.0 * rate * per_photon + 1.2**2) / 16)
        assert counts.std() == pytest.approx(expected, rel=0.02)


class Flare(Corona):
    """A corona whose brightest place is brighter than any detector bears."""

    def rate(self, moment: Moment, disk: Disk, size: int, wavelength: int) -> Picture:
        usual = Corona.rate(self, moment, disk, size, wavelength)
        return np.where(usual > 0.8 * usual.max(), np.float32(1e5), usual)


def test_a_full_detector_stays_full_and_the_reader_masks_it(
    spotted: Moment, tmp_path: Path
) -> None:
    path = tmp_path / "20261120_060030_n7euA.fts"
    euvi.write(path, spotted, TIME, np.random.default_rng(0), 195, Flare(seed=2))
    assert fits.getdata(path).max() == euvi.LARGEST
    image = back(path)
    assert 3 < (~image.mask).sum() < 500
    assert np.nanmax(image.data) < euvi.SATURATED


def test_what_was_looked_at_before_leaves_no_trace(spotted: Moment) -> None:
    """A Moment has the same holes and the same brightness wherever a run began."""
    lat = spotted.grid.mesh()[1]
    holes = moment_of(20.0 * np.sin(np.radians(lat)), TIME - timedelta(hours=1))
    disk, _ = euvi.view(orbits.stereo_a(TIME), 128)
    kept = Corona(seed=2)
    before = kept.rate(holes, disk, 128, 195)
    after = kept.rate(spotted, disk, 128, 195)
    assert (after != before).any()
    fresh = Corona(seed=2).rate(moment_of(spotted.br), disk, 128, 195)
    np.testing.assert_array_equal(after, fresh)


def test_stereo_a_is_where_the_archive_notes_put_it() -> None:
    there = datetime(2026, 11, 20, tzinfo=UTC)
    assert orbits.separation(there) == pytest.approx(72.7)
    year = orbits.separation(there + timedelta(days=365.25)) - orbits.separation(there)
    assert year == pytest.approx(22.0)
    observer = orbits.stereo_a(there)
    ahead = observer.carrington_longitude - earth(there).carrington_longitude
    assert ahead % 360.0 == pytest.approx(72.7)


@pytest.mark.parametrize(
    ("time", "ahead", "latitude"),  # of two real headers
    [
        (datetime(2009, 6, 15, tzinfo=UTC), 51.80, 6.405),
        (datetime(2011, 2, 15, tzinfo=UTC), 87.06, -2.813),
    ],
)
def test_the_latitude_follows_from_the_longitude(
    time: datetime, ahead: float, latitude: float
) -> None:
    assert orbits.latitude(time, ahead) == pytest.approx(latitude, abs=0.3)


def test_the_beacon_comes_in_hours_and_science_in_days(spotted: Moment, corona: Corona) -> None:
    campaign = Campaign(seed=1, end=TIME, every=timedelta(minutes=1))
    files = list(euvi.files(spotted, campaign, corona))
    beacon = [file for file in files if "beacon" in file.path]
    science = [file for file in files if "beacon" not in file.path]
    assert len(beacon) == 6 + 2  # 195 and 304 Å
    assert len(science) == 6 + 1 + 1 + 2  # and 171 and 284 Å
    assert all(file.appears < TIME + timedelta(hours=3) for file in beacon)
    assert all(file.appears >= TIME + timedelta(days=3) for file in science)
    slots = {Path(file.path).name[:15] for file in science}
    assert {Path(file.path).name[:15] for file in beacon} < slots
