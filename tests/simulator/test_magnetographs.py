"""Simulated magnetographs report what their parameters say, in files that real readers read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from suns import QUIET, TIME, WAVY, back, moment_of, places, waves

from pipeline.core import BadFile, CarringtonGrid, Disk, SolarImage, earth
from pipeline.simulator import optics
from pipeline.simulator.campaign import Campaign
from pipeline.simulator.emergence import Region
from pipeline.simulator.instruments import gong, gong_synoptic, hmi, mdi
from pipeline.simulator.sites import SITES, sees_the_sun, zenith_distance
from pipeline.surface import first_guess, observe

ONE = np.random.default_rng(1)
BIG_BEAR = SITES[4]
CAMPAIGN = Campaign(seed=5, end=TIME + timedelta(days=1))


def agrees(read_back: SolarImage, written: Disk) -> None:
    disk = read_back.geometry
    assert isinstance(disk, Disk)
    for name in ("x0", "y0", "radius", "north"):
        assert getattr(disk, name) == pytest.approx(getattr(written, name), abs=1e-3)
    assert disk.observer.mu(40.0, 0.0) == pytest.approx(written.observer.mu(40.0, 0.0), abs=1e-6)


def slope(image: SolarImage) -> float:
    """Reported over true field along the line of sight, within 60 deg of the disk's centre."""
    lon, lat = places(image)
    assert isinstance(image.geometry, Disk)
    mu = image.geometry.observer.mu(lon, lat)
    inner = mu > 0.5
    truth = (waves(lon, lat) * mu)[inner]
    return float(truth @ image.data[image.mask][inner] / (truth @ truth))


def test_without_noise_a_sharp_picture_holds_the_field_of_the_cell_behind_each_pixel() -> None:
    rng = np.random.default_rng(0)
    cells = moment_of(rng.normal(0.0, 100.0, (18, 36)))
    disk, step = hmi.view(TIME, 512)
    ideal = replace(hmi.HMI, noise=0.0, fwhm=1e-9)
    picture = optics.magnetogram(cells.br, cells.grid, disk, 512, step, ideal, rng)
    y, x = np.mgrid[60:450:13, 60:450:13]
    lon, lat = disk.sphere(x, y)
    on_disk = np.isfinite(lon)
    column, row = cells.grid.geometry.pixel(lon[on_disk], lat[on_disk])
    expected = cells.br[np.rint(row).astype(int), np.rint(column).astype(int) % 36]
    expected = expected * disk.observer.mu(lon[on_disk], lat[on_disk])
    inside = np.maximum(abs(row % 1 - 0.5), abs(column % 1 - 0.5)) > 0  # no pixel on an edge
    off = np.abs(picture[y, x][on_disk] - expected)[inside]
    assert np.mean(off < 1e-3) > 0.95  # the others are cut by the edge of a cell
    assert off.max() < 400.0


def test_an_hmi_frame_comes_back(tmp_path: Path) -> None:
    time = TIME + timedelta(seconds=23)
    disk = hmi.write(tmp_path / "m.fits", WAVY, time, ONE, size=512)
    image = back(tmp_path / "m.fits")
    agrees(image, disk)
    observation = image.observation
    assert abs((observation.time - time).total_seconds()) < 0.5
    assert (observation.simulated, observation.noise) == (True, 6.3)
    assert slope(image) == pytest.approx(1.0, abs=0.012)  # the orbit shifts it by one per cent
    with fits.open(tmp_path / "m.fits", disable_image_compression=True) as units:
        assert units[1].header["ZCMPTYPE"] == "RICE_1"
    assert fits.getheader(tmp_path / "m.fits", 1)["T_OBS"] == "2026.11.20_06:01:00_TAI"


@pytest.mark.parametrize(("cadence", "noise"), [(720, 6.3), (45, 10.2)])
def test_hmi_noise_is_what_was_asked_for(tmp_path: Path, cadence: int, noise: float) -> None:
    hmi.write(tmp_path / "m.fits", QUIET, TIME, ONE, size=1024, cadence=cadence)
    image = back(tmp_path / "m.fits")
    lon, lat = image.geometry.sphere(*np.meshgrid(np.arange(1024), np.arange(1024)))
    assert isinstance(image.geometry, Disk)
    mu = image.geometry.observer.mu(lon, lat)
    # Averaged over mu > .9, the increase towards the limb adds .05 * 18 %.
    assert image.data[mu > 0.9].std() == pytest.approx(noise * 1.009, rel=0.01)
    assert image.data[(mu > 0.05) & (mu < 0.15)].std() == pytest.approx(noise * 1.162, rel=0.03)
    core = image.data[400:600, 400:600]
    neighbours = np.mean(core[:, 1:] * core[:, :-1]) / core.var()
    assert neighbours == pytest.approx(0.167, abs=0.02)  # of a Gaussian kernel of .45 px
    assert image.observation.noise == noise


def test_every_frame_has_noise_of_its_own_and_repeats(tmp_path: Path) -> None:
    campaign = replace(CAMPAIGN, hmi_size=128)
    for name, hours in (("a", 0), ("b", 0), ("c", 1)):
        moment = replace(QUIET, time=TIME + timedelta(hours=hours))
        next(hmi.files(moment, campaign)).write(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    a, c = (fits.getdata(tmp_path / name) for name in "ac")
    there = np.isfinite(a) & np.isfinite(c)
    assert abs(np.corrcoef(a[there], c[there])[0, 1]) < 0.04


def test_a_bad_hmi_frame_says_so_and_is_noisy(tmp_path: Path) -> None:
    hmi.write(tmp_path / "bad.fits", QUIET, TIME, ONE, size=256, quality=hmi.BAD | 0x400)
    with pytest.raises(BadFile, match="few filtergrams"):
        back(tmp_path / "bad.fits")
    assert np.nanstd(fits.getdata(tmp_path / "bad.fits")) > 20.0


def test_the_definitive_frame_takes_the_place_of_the_preliminary_one() -> None:
    later = replace(CAMPAIGN, end=TIME + hmi.DEFINITIVE)
    (early,), (late,) = (list(hmi.files(QUIET, campaign)) for campaign in (CAMPAIGN, later))
    assert early.path.endswith("hmi.M_720s_nrt.20261120_060000_TAI.fits")
    assert late.path.endswith("hmi.M_720s.20261120_060000_TAI.fits")
    assert late.appears - early.appears > timedelta(days=4)


def test_a_gong_frame_comes_back_on_gongs_scale(tmp_path: Path) -> None:
    look = gong.Look(WAVY, TIME, BIG_BEAR, ONE)
    gong.write(tmp_path / "bbbqa.fits.gz", look)
    image = back(tmp_path / "bbbqa.fits.gz")
    agrees(image, look.disk)
    assert abs((image.observation.time - TIME).total_seconds()) < 0.5
    assert slope(image) == pytest.approx(0.7, abs=0.003)
    with fits.open(tmp_path / "bbbqa.fits.gz") as units:
        assert units[0].header["TIME-OBS"].startswith("06:00:18")  # GPS is 18 s ahead
        assert units[0].data[0, 0] == pytest.approx(-2000.0, abs=0.1)
    hmi.write(tmp_path / "m.fits", WAVY, TIME, ONE, size=860)
    maps = [
        observe(back(tmp_path / name), CarringtonGrid(90, 45))
        for name in ("m.fits", "bbbqa.fits.gz")
    ]
    near = (maps[0].sigma < 15.0) & (maps[1].sigma < 15.0)
    ratio = np.sum(maps[1].br[near] * maps[0].br[near]) / np.sum(maps[0].br[near] ** 2)
    assert ratio == pytest.approx(1.0, abs=0.015)  # the map divides by .7 again


def test_gong_noise_is_what_was_asked_for(tmp_path: Path) -> None:
    gong.write(tmp_path / "q.fits.gz", gong.Look(QUIET, TIME, BIG_BEAR, ONE))
    image = back(tmp_path / "q.fits.gz")
    y, x = np.ogrid[:860, :860]
    assert isinstance(image.geometry, Disk)
    centre = np.hypot(x - image.geometry.x0, y - image.geometry.y0) < 100
    assert image.data[centre].std() == pytest.approx(3.0 * 1.005, rel=0.02)


def test_zero_points_differ_by_site_and_are_a_tenth_in_corrected_frames(tmp_path: Path) -> None:
    errors = [gong.zero_point(site, TIME, CAMPAIGN) for site in SITES]
    assert 0.5 < np.std([error.constant for error in errors]) < 5.0
    mean = []
    for zero in (errors[0], errors[0].times(gong.CORRECTED)):
        gong.write(
            tmp_path / "z.fits.gz", gong.Look(QUIET, TIME, BIG_BEAR, np.random.default_rng(3)), zero
        )
        image = back(tmp_path / "z.fits.gz")
        mean.append(float(image.data[image.mask].mean()))
    assert mean[0] == pytest.approx(errors[0].constant, abs=0.05)
    assert mean[1] == pytest.approx(0.1 * errors[0].constant, abs=0.05)


@pytest.mark.parametrize(
    ("site", "time", "zenith"),  # of two real headers
    [
        ("le", datetime(2025, 1, 9, 1, 34, 58, tzinfo=UTC), 0.706744959),
        ("bb", datetime(2009, 9, 5, 18, 54, 1, tzinfo=UTC), 0.526890473),
    ],
)
def test_the_sun_stands_where_real_headers_say(site: str, time: datetime, zenith: float) -> None:
    (there,) = (s for s in SITES if s.code == site)
    assert zenith_distance(there, time) == pytest.approx(np.degrees(zenith), abs=0.3)


def test_six_sites_see_the_sun_nearly_always_and_each_for_some_forty_per_cent() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(hours=7 * n) for n in range(1200)]  # through the year and the day
    up = np.array([[sees_the_sun(site, time) for site in SITES] for time in times])
    assert ((up.mean(axis=0) > 0.38) & (up.mean(axis=0) < 0.47)).all()
    assert up.any(axis=1).mean() > 0.99
    clear = np.array([[gong.observes(site, time, CAMPAIGN) for site in SITES] for time in times])
    assert clear.sum() / up.sum() == pytest.approx(1.0 - gong.CLOUDY, abs=0.03)
    # The network's duty cycle is about .87 to .93 (Hill et al. 2003, ESA SP-517).
    assert 0.82 < clear.any(axis=1).mean() < 0.97


def test_an_mdi_frame_comes_back_on_mdis_scale_and_with_its_noise(tmp_path: Path) -> None:
    disk = mdi.write(tmp_path / "w.fits", WAVY, TIME, ONE)
    image = back(tmp_path / "w.fits")
    agrees(image, disk)
    assert slope(image) == pytest.approx(1.31, abs=0.005)
    mdi.write(tmp_path / "q.fits", QUIET, TIME, ONE, interval=300)
    quiet = back(tmp_path / "q.fits")
    assert quiet.observation.noise == 16.2
    assert quiet.data[400:600, 400:600].std() == pytest.approx(16.2, rel=0.02)


def test_a_synoptic_map_begins_60_deg_east_of_the_earth_and_holds_the_past(tmp_path: Path) -> None:
    merging = gong_synoptic.Merging(CAMPAIGN)
    (file, _) = merging.files(WAVY)
    file.write(tmp_path / "mrzqs.fits.gz")
    image = back(tmp_path / "mrzqs.fits.gz")
    assert image.observation.time == TIME - timedelta(minutes=56)
    left_edge = float(image.geometry.sphere(-0.5, 90)[0])
    central = earth(image.observation.time).carrington_longitude
    assert (central - left_edge) % 360 == pytest.approx(60.0, abs=0.5)
    assert f"_{left_edge:03.0f}." in file.path
    lon, lat = places(image)
    truth = waves(lon, lat)
    inner = np.abs(lat) < 60
    values = image.data[image.mask]
    assert truth[inner] @ values[inner] / (truth[inner] @ truth[inner]) == pytest.approx(
        0.7, abs=0.01
    )
    assert first_guess(image, CarringtonGrid(180, 90)).br.std() == pytest.approx(
        truth.std(), rel=0.1
    )


def test_new_frames_replace_the_past_as_a_longitude_passes() -> None:
    """A Sun that turns from nothing to 20 G: after its passage a longitude has .7 of it."""
    campaign = Campaign(seed=5, end=TIME, every=timedelta(hours=12))
    merging = gong_synoptic.Merging(campaign)
    midday = TIME + timedelta(hours=6)
    list(merging.files(replace(QUIET, time=midday)))
    central = earth(midday).carrington_longitude
    one = np.full((180, 360), 20.0)
    for n in range(1, 22):
        list(merging.files(moment_of(one, midday + n * timedelta(hours=12))))
    column = int((central - 62.0) % 360)  # came over the eastern reach just after the beginning
    passed = merging.map[60:120, column].mean() / (20.0 * 0.7)
    behind = merging.map[60:120, int((central + 120.0) % 360)].mean()
    assert 0.75 < passed <= 1.01  # less by the nights and clouds on the way
    assert abs(behind) < 0.5


def test_what_emerged_unseen_is_not_in_the_first_map() -> None:
    central = earth(TIME).carrington_longitude
    br = np.zeros((180, 360), np.float32)
    lon = (central + 150.0) % 360.0
    br[85:95, int(lon) : int(lon) + 2] = 500.0
    moment = moment_of(br)
    after = {}
    for days in (1, 30):
        born = TIME - timedelta(days=days)
        region = Region(1, lon, 0.0, 1e22, 500.0, born, 1, 0.0)
        merging = gong_synoptic.Merging(CAMPAIGN)
        list(merging.files(replace(moment, regions=(region,))))
        after[days] = merging.map[85:95, int(lon)].mean()
    assert after[1] == pytest.approx(0.0, abs=1.0)
    assert after[30] > 20.0
