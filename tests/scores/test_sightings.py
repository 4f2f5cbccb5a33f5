"""Sightings of the far side, judged by what rotates on."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_sun import GRID, MERIDIAN, TIME, bipole

from pipeline.core import InputFile, Observation, Quantity, SeismicRegion, SeismicRegions, earth
from pipeline.scores.sightings import WithSightings, returned, verdicts
from pipeline.surface import Layer
from pipeline.surface.rotation import drift_rate

DAYS = 9
LAT = 12.0


def observation(time: datetime, quantity: Quantity = Quantity.B_LOS) -> Observation:
    name = "hmi" if quantity is Quantity.B_LOS else "gong-seismic"
    return Observation(name, quantity, time, earth(time), InputFile(Path("f"), "file:///f", "0"))


def frame(*centres: tuple[float, float]) -> Layer:
    """Bipoles at (deg west, latitude) on a quiet Sun, as a frame of TIME."""
    br = np.zeros(GRID.shape)
    for west, lat in centres:
        br = br + bipole(west, lat)
    return Layer(br, np.full(GRID.shape, 5.0), observation(TIME))


def behind(west: float, lat: float, days: float = DAYS) -> SeismicRegions:
    """A sighting *days* before TIME of what is then at (west, lat)."""
    drift = float(drift_rate(np.array(lat))) * days
    region = SeismicRegion((MERIDIAN + west - drift) % 360.0, lat, phase=-0.2)
    then = TIME - timedelta(days=days)
    return SeismicRegions((region,), observation(then, Quantity.PHASE_SHIFT))


def test_a_region_that_rotates_on_at_its_place_is_a_hit() -> None:
    (verdict,) = verdicts([behind(-45.0, LAT)], [frame((-42.0, LAT))], GRID)
    assert verdict.hit
    assert verdict.distance == pytest.approx(3.0 * np.cos(np.radians(LAT)), abs=0.5)
    # 10° to either side of it, of the 120° that are looked at.
    assert verdict.chance == pytest.approx(20.0 / np.cos(np.radians(LAT)) / 120.0, abs=0.03)


def test_an_empty_place_is_a_false_alarm() -> None:
    (verdict,) = verdicts([behind(-45.0, LAT)], [frame((-10.0, LAT))], GRID)
    assert not verdict.hit
    (verdict,) = verdicts([behind(-45.0, LAT)], [frame()], GRID)
    assert (verdict.hit, verdict.chance) == (False, 0.0)


def test_frames_of_other_weeks_do_not_judge() -> None:
    assert not verdicts([behind(-45.0, LAT, days=6.5)], [frame((-45.0, LAT))], GRID)
    assert not verdicts([behind(-45.0, LAT, days=14.5)], [frame((-45.0, LAT))], GRID)


def test_what_rotated_on_was_heard_of_or_missed() -> None:
    shown = [frame((-45.0, LAT), (-46.0, -20.0), (10.0, LAT))]
    found = returned([behind(-45.0, LAT)], shown, GRID)
    assert sorted((round(one.lat), one.heard) for one in found) == [(-20, False), (12, True)]


def test_a_rival_adds_what_was_sighted_once() -> None:
    sighting = behind(-45.0, LAT)
    then = sighting.observation.time
    before = WithSightings((sighting,)).at(then - timedelta(hours=1), GRID)
    after = before.at(then + timedelta(hours=1), GRID)
    near = np.abs(GRID.lat - LAT) < 8.0
    assert np.abs(after.br[near]).sum() > 1.3 * np.abs(before.br[near]).sum()
    assert after.state is not None
    again = after.at(then + timedelta(hours=2), GRID)
    assert again.state is not None
    assert len(again.state.inputs) == len(after.state.inputs) == 1
