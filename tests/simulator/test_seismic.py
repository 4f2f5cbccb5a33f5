"""Far-side seismology: strong regions mostly, not quite there, no polarity, and some ghosts."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from suns import QUIET, TIME, back, moment_of

from pipeline.archives.verify import Kind, defect
from pipeline.core import Postel, earth, great_circle
from pipeline.simulator.campaign import Campaign
from pipeline.simulator.emergence import Region
from pipeline.simulator.instruments import seismic
from pipeline.simulator.instruments.seismic import Detection

BEHIND = seismic.antipode(TIME)
LON, LAT = BEHIND.carrington_longitude, 15.0


def region(flux: float, number: int = 1, leading: int = 1) -> Region:
    born = TIME - timedelta(days=5)
    return Region(number, LON, LAT, flux, flux / 1e19, born, leading, 5.0)


def found(flux: float, trials: int = 200) -> list[Detection]:
    """What is detected of one region in so many independent Suns."""
    seen = []
    for seed in range(trials):
        campaign = Campaign(seed, TIME)
        moment = replace(QUIET, regions=(region(flux),))
        with_ghosts = seismic.detections(moment, campaign, "gong")
        seen += [d for d in with_ghosts if d.probability != 0.3]
    return seen


def test_detection_grows_with_flux() -> None:
    share = [len(found(flux)) / 200 for flux in (1e21, 8e21, 4e22)]
    assert share[0] < 0.06
    assert share[1] == pytest.approx(0.475, abs=0.09)
    assert share[2] == pytest.approx(0.91, abs=0.05)


def test_detections_lie_some_degrees_beside_the_region() -> None:
    error = np.array([float(great_circle(d.lon, d.lat, LON, LAT)) for d in found(4e22)])
    assert np.sqrt(np.mean(error**2)) == pytest.approx(7.07, rel=0.12)
    assert np.mean(error < 10.0) > 0.6


def test_a_region_stays_on_one_side_of_its_place_from_map_to_map() -> None:
    moments = [moment_of(QUIET.br, TIME + timedelta(hours=12 * n)) for n in range(6)]
    offsets = []
    for seed in range(60):
        lons = [
            (d.lon - LON + 180.0) % 360.0 - 180.0
            for moment in moments
            for d in seismic.detections(
                replace(moment, regions=(region(9e22),)), Campaign(seed, TIME), "gong"
            )
            if d.probability > 0.9
        ]
        offsets.append(np.mean(lons))
    # With errors of their own alone, the mean of six would scatter by 2 deg, not by 4.
    assert np.std(offsets) == pytest.approx(3.8, abs=1.0)


def test_false_alarms_come_without_regions_once_in_two_maps() -> None:
    ghosts = [len(seismic.detections(QUIET, Campaign(seed, TIME), "hmi")) for seed in range(250)]
    assert np.mean(ghosts) == pytest.approx(0.5, abs=0.1)


def test_the_near_side_is_not_heard() -> None:
    here = replace(region(9e22), lon=(LON + 180.0) % 360.0)
    moment = replace(QUIET, regions=(here,))
    for seed in range(50):
        seen = seismic.detections(moment, Campaign(seed, TIME), "gong")
        assert all(d.probability == 0.3 for d in seen)


def test_polarity_leaves_no_trace(tmp_path: Path) -> None:
    maps = []
    for leading in (1, -1):
        moment = replace(QUIET, regions=(region(4e22, leading=leading),))
        for file in seismic.gong_files(replace(moment, time=TIME - timedelta(hours=6)), CAMPAIGN):
            file.write(tmp_path / Path(file.path).name)
            maps.append((tmp_path / Path(file.path).name).read_bytes())
    assert maps[:2] == maps[2:]


CAMPAIGN = Campaign(seed=3, end=TIME + timedelta(days=2))


def test_the_map_comes_back_dark_where_the_region_is(tmp_path: Path) -> None:
    strong = Detection(LON + 10.0, 15.0, 3e22, 0.9, 900.0)
    postel = seismic.write_map(tmp_path / "m.fits", (strong,), TIME, np.random.default_rng(0))
    image = back(tmp_path / "m.fits")
    assert isinstance(image.geometry, Postel)
    for name in ("x0", "y0", "step", "lon", "lat"):
        assert getattr(image.geometry, name) == pytest.approx(getattr(postel, name), abs=1e-4)
    assert abs(image.observation.time - TIME) < timedelta(minutes=5)
    assert image.observation.simulated
    x, y = (round(float(v)) for v in image.geometry.pixel(LON + 10.0, 15.0))
    around = image.data[y - 3 : y + 4, x - 3 : x + 4].mean()
    assert around == pytest.approx(strong.phase, abs=0.11)  # two sigma of the noise
    quiet = seismic.write_map(tmp_path / "q.fits", (), TIME, np.random.default_rng(0))
    noise = back(tmp_path / "q.fits")
    assert noise.data[noise.mask].std() == pytest.approx(seismic.NOISE, rel=0.15)
    assert quiet == postel
    assert defect(tmp_path / "m.fits", Kind.FITS) is None


def test_the_noise_is_correlated_as_in_real_maps(real_archive: Path, tmp_path: Path) -> None:
    def correlation(path: Path) -> list[float]:
        core = back(path).data[60:140, 60:140]
        core = core - core.mean()
        return [float(np.mean(core[:, lag:] * core[:, :-lag]) / core.var()) for lag in (2, 4, 8)]

    real = np.mean(
        [correlation(p) for p in sorted(real_archive.glob("farside*/oQR/fqo/*/*/*"))], axis=0
    )
    ours = []
    for seed in range(6):
        seismic.write_map(tmp_path / "q.fits", (), TIME, np.random.default_rng(seed))
        ours.append(correlation(tmp_path / "q.fits"))
    np.testing.assert_allclose(np.mean(ours, axis=0), real, atol=0.15)


def test_catalogue_and_list_have_the_columns_that_are_known(tmp_path: Path) -> None:
    limb = (earth(TIME).carrington_longitude - 90.0) % 360.0
    near = Detection((limb - 13.2) % 360.0, -12.5, 1.2e22, 0.64, 800.0)
    seismic.write_catalogue(tmp_path / "c.txt", (near,), TIME)
    first, row = (tmp_path / "c.txt").read_text().splitlines()
    assert first.startswith('"C. Long"')
    columns = row.split()
    assert float(columns[0]) == pytest.approx(near.lon, abs=0.01)
    assert (float(columns[1]), float(columns[4]), float(columns[5])) == (-12.5, 64.0, 800.0)
    assert float(columns[3]) == pytest.approx(near.phase, abs=1e-4)
    assert columns[8] == f"{TIME + timedelta(days=1):%Y%m%d}"
    seismic.write_list(tmp_path / "l.txt", (near,), TIME)
    lines = (tmp_path / "l.txt").read_text().splitlines()
    assert datetime.strptime(lines[0], "%Y.%m.%d_%H:%M:%S_TAI") - TIME.replace(
        tzinfo=None
    ) == timedelta(seconds=37)
    assert len(lines) == 8
    name, lon, lat, _, eta, days = lines[7].split()
    assert name.startswith("FS-2026-324")
    assert (float(lat), eta, float(days)) == (-12.5, f"{TIME + timedelta(days=1):%Y.%m.%d}", 1.0)
    assert float(lon) == pytest.approx(near.lon, abs=0.06)
