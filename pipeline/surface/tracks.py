"""Regions behind the limb, followed from list to list until they return.

What is known of a region comes from three sides: the map shows flux that was observed before
and carried here, or that a network found in extreme-ultraviolet images, and sound waves pass
faster under it. A list is made from the list before, the map and the newest seismic
detections; so the newest list is all that has to be kept.

Knows: which detections are one region, how likely it is there, when it will return.
Refuses to know: how fields and waves become detections.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.core import (
    ActiveRegion,
    Evidence,
    FarSide,
    FarSideRegion,
    GlobalMap,
    SeismicRegions,
    earth,
    great_circle,
)
from pipeline.surface.regions import REACH, find_regions
from pipeline.surface.rotation import drift_rate

DAY = timedelta(days=1)
SYNODIC = 360.0 / 27.2753  # deg/day by which the Earth's central meridian falls
LIMB = 90.0  # deg from the central meridian
LEAST = 0.1  # probability below which a region is no longer listed

# Days and power of the stretched exponential that says how many regions survive unseen. Of
# those in HMI frames of January to April 2014, carried by the map's flow to later frames, .95,
# .91, .85, .82, .83 had a region within 10° after 1 to 5 days and .61-.67 after 21 to 25, less
# what the same places turned to other longitudes or hemispheres had (.45);
# ops/farside_survival.py prints it.
SURVIVAL = (61.0, 0.7)
# Beside the 24 true regions that a network found in pictures of a simulated Sun (see regions.py)
# it found three that were not there; of random places .45 would have had a true one near.
EUV_REAL = 0.8
# Of GONG's detections in March 2014 with a phase shift of more than .12 rad ten of 15 were
# real; for lists that name no probability.
SEISMIC_REAL = 10.0 / 15.0
# A detection that nothing repeats: seismic maps come every 12 hours, images every hour.
UNCONFIRMED_DAYS = 2.0
NEVER_HOURS = 27.0 * 24.0  # flux that nobody ever saw is taken for a rotation old


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is, Carrington deg."""

    lon: float
    lat: float


def follow(
    before: FarSide | None,
    map_: GlobalMap,
    seismic: Iterable[SeismicRegions] = (),
    pictured: Iterable[ActiveRegion] = (),
) -> FarSide:
    """The regions behind the limb at the time of *map_*.

    before : the previous list, if there is one; regions keep their numbers
    seismic : the newest detections of each network
    pictured : regions that a network found in the newest extreme-ultraviolet pictures

    A region is as likely as that at least one kind of evidence is right
    (:attr:`FarSideRegion.probability`). Transported: that flux last observed so long ago has
    survived. EUV: that what a network finds is real. Seismic: what the list says, else the
    share of detections that were real in March 2014. Flux that a track brought in by EUV or
    sound goes on being carried, which is no further witness: the track keeps its kind of
    evidence, and all of it ages. What the map no longer shows fades by e in two days, and
    below one tenth it is dropped.
    """
    time, meridian = map_.time, earth(map_.time).carrington_longitude
    days = (time - before.time) / DAY if before else 0.0
    tracks = _carried(before.regions, days) if before else []
    shown = [r for r in _with_pictured(find_regions(map_), pictured) if _behind(r, meridian)]
    pairs = _pairs(tracks, shown)
    known = [_renewed(tracks[n], shown[m], time, days) for n, m in pairs.items()]
    numbered = before.numbered if before else 0
    for m in sorted(set(range(len(shown))) - set(pairs.values())):
        numbered += 1
        known.append(_new(shown[m], numbered, time))
    lost = [_faded(track, days) for n, track in enumerate(tracks) if n not in pairs]
    # Of two tracks that have become one region in the map, one goes.
    known += [track for track in lost if not _near(track, known)]
    for detections in seismic:
        known, numbered = _heard(known, detections, time, numbered)
    listed = (r for r in known if r.probability >= LEAST and _behind(r, meridian))
    dated = [replace(r, limb_return=limb_return(r.lon, r.lat, time)) for r in listed]
    return FarSide(time, tuple(sorted(dated, key=lambda r: r.limb_return)), numbered)


def survival(days: float) -> float:
    """Probability that a region seen so many *days* ago is still one."""
    scale, power = SURVIVAL
    return math.exp(-((days / scale) ** power))


def limb_return(lon: float, lat: float, time: datetime) -> datetime:
    """When a place at Carrington *lon*, *lat* deg at *time* next comes to the Earth's east limb.

    It drifts as regions do (:data:`pipeline.surface.rotation.ROTATION`) while the Earth's
    central meridian falls; the ephemeris corrects the mean rate.
    """
    drift = float(drift_rate(np.array([lat]))[0])
    days = ((-LIMB - (lon - earth(time).carrington_longitude)) % 360.0) / (SYNODIC + drift)
    for _ in range(2):
        when = time + days * DAY
        short = -LIMB - (lon + drift * days - earth(when).carrington_longitude)
        days += _wrapped(short) / (SYNODIC + drift)
    return time + days * DAY


def _with_pictured(
    regions: Iterable[ActiveRegion], pictured: Iterable[ActiveRegion]
) -> list[ActiveRegion]:
    """The *regions* of the map, those seen in pictures known as such, and what only they show."""
    known, alone = list(regions), list[ActiveRegion]()
    for seen in pictured:
        near = [
            n
            for n, region in enumerate(known)
            if great_circle(region.lon, region.lat, seen.lon, seen.lat) <= REACH
        ]
        for n in near:
            known[n] = replace(known[n], evidence=Evidence.EUV, age=seen.age)
        if not near:
            alone.append(seen)
    return known + alone


def _carried(regions: Iterable[FarSideRegion], days: float) -> list[FarSideRegion]:
    """The regions of an earlier list where rotation has taken them since."""
    return [replace(region, lon=_drifted(region.lon, region.lat, days)) for region in regions]


def _near(track: FarSideRegion, others: Iterable[FarSideRegion]) -> bool:
    """Whether one of *others* lies where *track* does."""
    return any(great_circle(r.lon, r.lat, track.lon, track.lat) <= REACH for r in others)


def _pairs(
    tracks: Sequence[FarSideRegion], places: Sequence[Place] | Sequence[ActiveRegion]
) -> dict[int, int]:
    """Which of *places* is which track, at most 10° away, by the least sum of distances."""
    if not tracks or not places:
        return {}
    lon, lat = np.array([(place.lon, place.lat) for place in places]).T
    apart = np.array([great_circle(lon, lat, t.lon, t.lat) for t in tracks])
    rows, columns = linear_sum_assignment(np.minimum(apart, 2.0 * REACH))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {row: column for row, column in pairs if apart[row, column] <= REACH}


def _new(region: ActiveRegion, number: int, time: datetime) -> FarSideRegion:
    """A track that begins with what a map shows."""
    seen = _seen(region, time)
    return FarSideRegion(
        number=number,
        lon=region.lon,
        lat=region.lat,
        area=region.area,
        flux=region.flux,
        flux_sigma=region.flux_sigma,
        leading_polarity=region.leading_polarity,
        first_seen=seen,
        last_seen=seen,
        probabilities={region.evidence: _probability(region)},
        limb_return=time,
    )


def _renewed(
    track: FarSideRegion, region: ActiveRegion, time: datetime, days: float
) -> FarSideRegion:
    """A track that the map still shows as *region*."""
    age = (time - track.last_seen) / DAY
    held = survival(age) / survival(max(age - days, 0.0))
    known = {kind: held * probability for kind, probability in track.probabilities.items()}
    if region.evidence is Evidence.EUV:
        known[Evidence.EUV] = _probability(region)
    return replace(
        track,
        lon=region.lon,
        lat=region.lat,
        area=region.area,
        flux=region.flux,
        flux_sigma=region.flux_sigma,
        leading_polarity=region.leading_polarity,
        last_seen=max(track.last_seen, _seen(region, time)),
        probabilities=known,
    )


def _faded(track: FarSideRegion, days: float) -> FarSideRegion:
    """A track that the map no longer shows."""
    left = math.exp(-days / UNCONFIRMED_DAYS)
    return replace(track, probabilities={k: left * p for k, p in track.probabilities.items()})


def _heard(
    tracks: list[FarSideRegion], detections: SeismicRegions, time: datetime, numbered: int
) -> tuple[list[FarSideRegion], int]:
    """The tracks with what seismology adds, and the highest number given."""
    heard = detections.observation.time
    days = (time - heard) / DAY
    places = [Place(_drifted(r.lon, r.lat, days), r.lat) for r in detections.regions]
    chances = [
        SEISMIC_REAL if math.isnan(r.probability) else r.probability for r in detections.regions
    ]
    pairs = _pairs(tracks, places)
    known = list(tracks)
    for n, m in pairs.items():
        track = known[n]
        chance = max(chances[m], track.probabilities.get(Evidence.SEISMIC, 0.0))
        known[n] = replace(
            track,
            last_seen=max(track.last_seen, heard),
            probabilities={**track.probabilities, Evidence.SEISMIC: chance},
        )
    for m in sorted(set(range(len(places))) - set(pairs.values())):
        numbered += 1
        known.append(_suspected(places[m], chances[m], numbered, heard))
    return known, numbered


def _suspected(place: Place, chance: float, number: int, heard: datetime) -> FarSideRegion:
    """A track that begins with what nobody has seen; a phase shift tells no flux."""
    return FarSideRegion(
        number=number,
        lon=place.lon,
        lat=place.lat,
        area=math.nan,
        flux=math.nan,
        flux_sigma=math.nan,
        leading_polarity=0,
        first_seen=heard,
        last_seen=heard,
        probabilities={Evidence.SEISMIC: chance},
        limb_return=heard,
    )


def _probability(region: ActiveRegion) -> float:
    """That a region which the map shows is there, by what it rests on."""
    if region.evidence is Evidence.EUV:
        return EUV_REAL
    if region.evidence is Evidence.SEISMIC:
        return SEISMIC_REAL
    return survival(float(np.nan_to_num(region.age, nan=NEVER_HOURS)) / 24.0)


def _seen(region: ActiveRegion, time: datetime) -> datetime:
    """When what the map shows was observed, as far as anybody knows."""
    return time - timedelta(hours=float(np.nan_to_num(region.age)))


def _drifted(lon: float, lat: float, days: float) -> float:
    return (lon + float(drift_rate(np.array([lat]))[0]) * days) % 360.0


def _behind(place: Place | ActiveRegion | FarSideRegion, meridian: float) -> bool:
    """Whether the Earth's limb hides it."""
    return abs(_wrapped(place.lon - meridian)) > LIMB


def _wrapped(angle: float) -> float:
    return (angle + 180.0) % 360.0 - 180.0
