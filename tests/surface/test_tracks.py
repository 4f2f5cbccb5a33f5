"""Regions behind the limb, followed over days whose course is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from test_regions import GRID, a_map, bipole

from pipeline.core import (
    ActiveRegion,
    Evidence,
    GlobalMap,
    InputFile,
    Observation,
    Quantity,
    SeismicRegion,
    SeismicRegions,
    Source,
    earth,
)
from pipeline.surface.rotation import drift_rate
from pipeline.surface.tracks import (
    SEISMIC_REAL,
    SYNODIC,
    UNCONFIRMED_DAYS,
    follow,
    limb_return,
    survival,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MERIDIAN = earth(NOON).carrington_longitude
LAT = 20.0
DRIFT = float(drift_rate(np.array([LAT]))[0])


def sky(
    *west: float, time: datetime = NOON, source: Source = Source.TRANSPORTED, age: float = 48.0
) -> GlobalMap:
    """A map with a bipole at each of *west*, deg of the central meridian of NOON, at noon.

    Until *time* the bipoles have drifted as their latitude does.
    """
    drifted = DRIFT * ((time - NOON) / DAY)
    br = sum((bipole(MERIDIAN + w + drifted, LAT) for w in west), np.zeros(GRID.shape))
    return replace(
        a_map(br),
        time=time,
        source=np.full(GRID.shape, source, np.uint8),
        age=np.full(GRID.shape, age, np.float32),
    )


def heard(*places: tuple[float, float], time: datetime = NOON, **told: float) -> SeismicRegions:
    """A list with regions *west*, *lat*."""
    file = InputFile(Path("list.txt"), "https://archive/list.txt", "ab" * 32)
    observation = Observation("gong-seismic", Quantity.PHASE_SHIFT, time, earth(time), file)
    regions = (SeismicRegion((MERIDIAN + west) % 360, lat, **told) for west, lat in places)
    return SeismicRegions(tuple(regions), observation)


def test_only_what_the_limb_hides_is_listed_in_order_of_return() -> None:
    listed = follow(None, sky(-100.0, 10.0, 80.0, 120.0, 200.0))
    west = [(r.lon - MERIDIAN) % 360 for r in listed.regions]
    assert west == pytest.approx([260, 200, 120], abs=0.5)
    assert [r.evidence for r in listed.regions] == [Evidence.TRANSPORTED] * 3
    assert {r.number for r in listed.regions} == {1, 2, 3}
    assert listed.numbered == 3


def test_what_was_seen_longer_ago_is_less_likely_still_there() -> None:
    (young,) = follow(None, sky(120.0, age=24.0)).regions
    (old,) = follow(None, sky(120.0, age=240.0)).regions
    assert young.probability == pytest.approx(survival(1.0))
    assert old.probability == pytest.approx(survival(10.0))
    assert old.first_seen == old.last_seen == NOON - 10 * DAY


def test_survival_is_what_real_regions_had() -> None:
    """Beyond chance, in HMI frames of January to April 2014; few regions came back."""
    days = {1: 0.95, 2: 0.91, 3: 0.85, 4: 0.82, 5: 0.83}
    weeks = {21: 0.65, 22: 0.61, 23: 0.61, 24: 0.63, 25: 0.67}
    for measured, error in ((days, 0.05), (weeks, 0.1)):
        for gap, share in measured.items():
            assert survival(float(gap)) == pytest.approx(share, abs=error)
    assert survival(0.0) == 1.0


def test_a_region_keeps_its_number_while_it_is_carried() -> None:
    listed = follow(None, sky(110.0, 150.0))
    numbers = [r.number for r in listed.regions]
    for days in (0.5, 3.0, 6.0):
        listed = follow(listed, sky(110.0, 150.0, time=NOON + days * DAY, age=48 + 24 * days))
        assert [r.number for r in listed.regions] == numbers
    assert listed.numbered == 2
    # Its flux was seen once, two days before noon, and has aged since.
    assert {r.first_seen for r in listed.regions} == {NOON - 2 * DAY}
    assert listed.regions[0].probability == pytest.approx(survival(8.0))


def test_what_comes_over_the_limb_gets_a_number_and_what_returns_is_dropped() -> None:
    listed = follow(None, sky(80.0, 255.0))
    (before,) = listed.regions
    listed = follow(listed, sky(80.0, 255.0, time=NOON + 2 * DAY))
    (after,) = listed.regions
    assert (before.number, after.number) == (1, 2)
    assert after.lon == pytest.approx((MERIDIAN + 80.0 + 2 * DRIFT) % 360, abs=0.5)


def test_a_region_that_flickers_about_the_threshold_keeps_its_number() -> None:
    listed = follow(None, sky(150.0))
    listed = follow(listed, sky(time=NOON + 6 * HOUR))
    (faint,) = listed.regions
    assert faint.number == 1
    first = survival(2.0)
    assert faint.probability == pytest.approx(first * np.exp(-0.25 / UNCONFIRMED_DAYS))
    listed = follow(listed, sky(150.0, time=NOON + 12 * HOUR))
    assert [r.number for r in listed.regions] == [1]


def test_what_nothing_confirms_is_dropped_in_days() -> None:
    listed = follow(None, sky(150.0))
    for days in range(1, 5):
        listed = follow(listed, sky(time=NOON + days * DAY))
    assert [r.number for r in listed.regions] == [1]  # exp(-2) of what it was
    assert follow(listed, sky(time=NOON + 5 * DAY)).regions == ()


def test_two_suspicions_that_turn_out_one_region_leave_one_track() -> None:
    listed = follow(None, sky(), [heard((141.0, LAT), (158.0, LAT))])
    assert len(listed.regions) == 2
    assert len(follow(listed, sky(150.0, time=NOON + HOUR)).regions) == 1


def test_sound_confirms_what_the_map_shows() -> None:
    (alone,) = follow(None, sky(150.0)).regions
    (both,) = follow(None, sky(150.0), [heard((156.0, LAT), probability=0.6)]).regions
    assert both.evidence == Evidence.TRANSPORTED | Evidence.SEISMIC
    assert 1 - both.probability == pytest.approx((1 - alone.probability) * (1 - 0.6))
    assert both.lon == alone.lon  # sound places it worse
    assert both.last_seen == NOON


def test_sound_alone_makes_a_track_of_unknown_flux() -> None:
    (region,) = follow(None, sky(), [heard((180.0, -12.0))]).regions
    assert region.evidence is Evidence.SEISMIC
    assert region.probability == SEISMIC_REAL
    assert np.isnan([region.flux, region.flux_sigma, region.area]).all()
    assert region.leading_polarity == 0
    assert (region.lon - MERIDIAN) % 360 == pytest.approx(180.0)


def test_the_same_list_again_is_no_further_evidence() -> None:
    detections = [heard((180.0, LAT), probability=0.5)]
    listed = follow(None, sky(), detections)
    for hours in (1, 2, 6, 11):
        listed = follow(listed, sky(time=NOON + hours * HOUR), detections)
    assert [r.probability for r in listed.regions] == [0.5]
    assert listed.numbered == 1


def test_a_detection_is_carried_to_the_time_of_the_map() -> None:
    early = heard((180.0, LAT), time=NOON - 3 * DAY)
    (region,) = follow(None, sky(), [early]).regions
    assert region.lon == pytest.approx((MERIDIAN + 180.0 + 3 * DRIFT) % 360)


def test_flux_that_euv_brought_in_is_no_second_witness_when_carried_on() -> None:
    listed = follow(None, sky(150.0, source=Source.EUV, age=0.0))
    (seen,) = listed.regions
    assert seen.evidence is Evidence.EUV
    (carried,) = follow(listed, sky(150.0, time=NOON + 3 * DAY, age=72.0)).regions
    assert carried.evidence is Evidence.EUV
    assert carried.probability == pytest.approx(seen.probability * survival(3.0))
    assert carried.last_seen == NOON


def test_euv_confirms_what_was_carried() -> None:
    listed = follow(None, sky(150.0))
    (both,) = follow(listed, sky(150.0, source=Source.EUV, age=0.0, time=NOON + HOUR)).regions
    assert both.evidence == Evidence.EUV | Evidence.TRANSPORTED
    assert both.probability > max(both.probabilities.values())


@pytest.mark.parametrize("west", [95.0, 180.0, 265.0])
@pytest.mark.parametrize("lat", [-30.0, 0.0, 12.0])
def test_a_region_returns_when_the_ephemeris_brings_its_longitude_to_the_limb(
    west: float, lat: float
) -> None:
    lon = (MERIDIAN + west) % 360
    when = limb_return(lon, lat, NOON)
    drift = float(drift_rate(np.array([lat]))[0])
    there = lon + drift * ((when - NOON) / DAY)
    off = (there - earth(when).carrington_longitude + 90.0 + 180.0) % 360.0 - 180.0
    assert abs(off) < 0.01
    assert (when - NOON) / DAY == pytest.approx((270.0 - west) / SYNODIC, rel=0.06)


def test_a_region_that_left_the_limb_today_returns_in_half_a_rotation() -> None:
    when = limb_return((MERIDIAN + 90.1) % 360, 15.0, NOON)
    assert 13.0 < (when - NOON) / DAY < 14.0


def pictured(west: float, lat: float) -> ActiveRegion:
    """What a network found in pictures an hour before noon."""
    return ActiveRegion(
        (MERIDIAN + west) % 360, lat, 900.0, 5e21, 1e21, 0, age=1.0, evidence=Evidence.EUV
    )


def test_a_region_that_pictures_show_rests_on_them_whatever_its_cells_do() -> None:
    (seen,) = follow(None, sky(150.0), pictured=[pictured(152.0, LAT)]).regions
    (carried,) = follow(None, sky(150.0)).regions
    assert seen.evidence is Evidence.EUV
    assert seen.last_seen == NOON - HOUR
    assert (seen.lon, seen.flux) == (carried.lon, carried.flux)  # the map places it better


def test_what_only_pictures_show_is_listed_with_their_flux() -> None:
    listed = follow(None, sky(150.0), pictured=[pictured(220.0, -10.0)])
    new, carried = listed.regions
    assert (new.evidence, carried.evidence) == (Evidence.EUV, Evidence.TRANSPORTED)
    assert (new.flux, new.flux_sigma, new.leading_polarity) == (5e21, 1e21, 0)
    later = follow(listed, sky(150.0, time=NOON + HOUR), pictured=[pictured(220.0, -10.0)])
    assert [r.number for r in later.regions] == [r.number for r in listed.regions]
