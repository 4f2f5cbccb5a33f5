"""What helioseismology tells of the far side: GONG's maps, its catalogue, and HMI's list.

A map shows a phase shift of -(.061 + .031 flux/1e22 Mx) rad over each region that it
detects, among noise of .055 rad that is correlated over 6 deg, as measured on the maps of
March 2014. Whether a region shows grows with its flux; where, is wrong by some 7 deg of
great circle, half of that for good and half anew in every map; how much flux, by a factor
of two; which polarity leads, nobody hears. Catalogue and list name what was detected and,
once in two maps, what is not there. A map of 00 or 12 UT rests on the twelve hours before
and after. Chances, errors and losses are chosen, of the size that is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.core import Observer, Postel, earth, great_circle, to_tai
from pipeline.simulator.campaign import HOUR, Campaign, File
from pipeline.simulator.files import ORIGIN, whole
from pipeline.simulator.optics import grain
from pipeline.simulator.sun import Moment

CADENCE = 12 * HOUR
LATENCY = 20 * HOUR
SPAN = timedelta(seconds=85920)  # of the observations behind a map
HALF_DETECTED = 8e21  # Mx: half of the regions of this flux are found
CERTAIN = 0.95  # of the strongest
POSITION_ERROR = 5.0  # deg, in each of two directions
FLUX_SCATTER = 0.3  # dex: a map is no flux meter
FALSE_ALARMS = 0.5  # a map
REACH = 57.0  # deg from the antipode of the Earth, where maps end
ROTATION = 13.2  # deg/day, synodic: how regions come round

SIZE = 200  # px
STEP = 0.011  # rad/px
NOTHING = -0.4  # rad, beyond the reach
NOISE = 0.055  # rad
GRAIN = 5.6  # px
SIZE_OF_REGIONS = 4.0  # deg

FQO = "farside.nso.edu/oQR/fqo"
F6X = "gong2.nso.edu/oQR/f6x"
AR_LISTS = "jsoc.stanford.edu/data/farside/AR_Lists"


@dataclass(frozen=True, slots=True)
class Detection:
    """lon, lat : Carrington, deg, where it seems to be; flux : Mx; probability : 0 to 1;
    area : millionths of the hemisphere.
    """

    lon: float
    lat: float
    flux: float
    probability: float
    area: float

    @property
    def phase(self) -> float:
        """Its phase shift, rad."""
        return -(0.061 + 0.031 * self.flux / 1e22)


def gong_files(moment: Moment, campaign: Campaign) -> Iterator[File]:
    """The map and the catalogue of GONG."""
    for time in campaign.times(moment.time, CADENCE):
        if campaign.lost("gong seismic", time, CADENCE, 0.05):
            continue
        found = detections(moment, campaign, "gong")
        noise = campaign.rng("gong seismic", time)
        yield File(
            f"{FQO}/{time:%Y%m/mrfqo%y%m%d/mrfqo%y%m%dt%H%M}.fits",
            time + LATENCY,
            partial(write_map, found=found, time=time, rng=noise),
        )
        yield File(
            f"{F6X}/{time:%Y%m/mrf6x%y%m%d/mrf6x%y%m%dt%H%M}.txt",
            time + LATENCY,
            partial(write_catalogue, found=found, time=time),
        )


def hmi_files(moment: Moment, campaign: Campaign) -> Iterator[File]:
    """HMI's list of strong regions; those of the years to 2023 lie in folders of the year."""
    for time in campaign.times(moment.time, CADENCE):
        if campaign.lost("hmi seismic", time, CADENCE, 0.05):
            continue
        found = detections(moment, campaign, "hmi")
        yield File(
            f"{AR_LISTS}/AR_LIST_{time:%Y.%m.%d_%H:%M:%S}.txt",
            time + LATENCY,
            partial(write_list, found=found, time=time),
        )


def detections(moment: Moment, campaign: Campaign, network: str) -> tuple[Detection, ...]:
    """What *network* believes to see on the far side of *moment*."""
    opposite = antipode(moment.time)
    rng = campaign.rng("seismic", network, moment.time)
    found = []
    for region in moment.regions:
        probability = CERTAIN * region.flux**2 / (region.flux**2 + HALF_DETECTED**2)
        chance, *error = rng.random(), *rng.normal(0.0, POSITION_ERROR, 2)
        always = campaign.rng("seismic", network, region.number).normal(0.0, POSITION_ERROR, 2)
        west, north = (np.array(error) + always) / np.sqrt(2.0)
        lon = (region.lon + west / np.cos(np.radians(region.lat))) % 360.0
        lat = region.lat + north
        away = great_circle(lon, lat, opposite.carrington_longitude, opposite.latitude)
        if chance < probability and away < REACH:
            flux = region.flux * 10.0 ** rng.normal(0.0, FLUX_SCATTER)
            found.append(Detection(lon, lat, flux, probability, region.area))
    for _ in range(rng.poisson(FALSE_ALARMS)):
        lon = (opposite.carrington_longitude + rng.uniform(-REACH, REACH)) % 360.0
        flux = HALF_DETECTED * rng.uniform(0.3, 1.0)
        found.append(Detection(lon, rng.normal(0.0, 18.0), flux, 0.3, flux / 1e19))
    return tuple(found)


def antipode(time: datetime) -> Observer:
    """The point of the Sun that is turned away from the Earth."""
    here = earth(time)
    return Observer((here.carrington_longitude + 180.0) % 360.0, -here.latitude, here.distance)


def write_map(
    path: Path, found: tuple[Detection, ...], time: datetime, rng: np.random.Generator
) -> Postel:
    """A Postel map of the far side in the cards of the originals; where its pixels lie."""
    # TIME0 begins the observations; reference longitude and map hold for their middle.
    middle = time - CADENCE + SPAN / 2
    here, opposite = earth(middle), antipode(middle)
    centre = SIZE / 2
    postel = Postel(centre, centre, STEP, opposite.carrington_longitude, opposite.latitude)
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    phase = NOISE * grain(rng, SIZE, GRAIN).astype(np.float64)
    width = np.radians(SIZE_OF_REGIONS) / STEP
    for detection in found:
        x0, y0 = postel.pixel(detection.lon, detection.lat)
        phase += detection.phase * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2.0 * width**2))
    phase[np.hypot(x - centre, y - centre) * STEP > np.radians(REACH)] = NOTHING
    cards = {
        "SIMPLE": "T",
        "BITPIX": "32",
        "NAXIS": "2",
        "NAXIS1": f"{SIZE}",
        "NAXIS2": f"{SIZE}",
        "BZERO": f"{0.0:.6e}",
        "BSCALE": f"{2e-10:.6e}",
        "DAXIS1": f"{STEP:.6e}",
        "DAXIS2": f"{STEP:.6e}",
        "REF_L0": f"{postel.lon:.6e}",
        "REF_B0": f"{postel.lat:.6e}",
        "X0": f"{centre:.6e}",
        "Y0": f"{centre:.6e}",
        "FRAME0": "304",
        "TIME0": f"  '{time - CADENCE:%Y %m %d %H:%M}'",
        "DTIME": f"{SPAN.total_seconds():.0f} /sec",
        "Z1": f"{2.506511e-03:.6e}",
        "OBS_L0": f"{here.carrington_longitude:.6e}",
        "OBS_B0": f"{here.latitude:.6e}",
        "ORIGIN": f"'{ORIGIN}'",
    }
    header = "".join(f"{key:<8}= {value:>20}".ljust(80) for key, value in cards.items()) + "END"
    counts = np.rint(phase / 2e-10).astype(">i4").tobytes()
    with whole(path) as part:
        part.write_bytes(_block(header.encode(), b" ") + _block(counts, b"\0"))
    return postel


def write_catalogue(path: Path, found: tuple[Detection, ...], time: datetime) -> None:
    """GONG's catalogue (f6x): one region a line, columns counted from 0.

    0 and 1 Carrington longitude and latitude, 3 phase shift, 4 probability in per cent,
    5 area, 6 flux, 7 largest field, 8 day of return. What column 2 holds and the units
    of area and flux are not known here: they get a dash, millionths of the hemisphere,
    and 1e19 Mx, with which a real median of some 500 agrees.
    """
    lines = ['"C. Long" "Lat" "-" "Strength" "Prob" "Area" "Flux" "Bmax" "Return"']
    lines += [
        f"{d.lon:7.2f} {d.lat:7.2f} - {d.phase:8.4f} {100 * d.probability:6.1f} {d.area:8.1f} "
        f"{d.flux / 1e19:8.1f} - {returns(d, time):%Y%m%d}"
        for d in found
    ]
    _write_lines(path, lines)


def write_list(path: Path, found: tuple[Detection, ...], time: datetime) -> None:
    """HMI's list of strong regions: seven lines of header, then one region a line.

    Columns: designation, Carrington longitude and latitude, strength, when it comes to the
    east limb, and in how many days. The strength is the phase shift in milliradians.
    """
    lines = [
        f"{to_tai(time):%Y.%m.%d_%H:%M:%S}_TAI",
        "Far-Side Vantage",
        f"({ORIGIN})",
        "",
        "Designation  Carrington  Latitude  Strength  ETA at     Days from",
        "             longitude                       east limb  east limb",
        "-" * 66,
    ]
    for n, d in enumerate(found, 1):
        back = returns(d, time)
        days = (back - time) / timedelta(days=1)
        lines.append(
            f"FS-{time:%Y}-{time:%j}{n:02d} {d.lon:10.1f} {d.lat:9.1f} {-1000 * d.phase:9.1f}"
            f"  {back:%Y.%m.%d} {days:9.1f}"
        )
    _write_lines(path, lines)


def returns(detection: Detection, time: datetime) -> datetime:
    """When a place comes to the east limb as the Earth sees it."""
    limb = earth(time).carrington_longitude - 90.0
    return time + timedelta(days=(limb - detection.lon) % 360.0 / ROTATION)


def _write_lines(path: Path, lines: list[str]) -> None:
    with whole(path) as part:
        part.write_text("\n".join(lines) + "\n")


def _block(content: bytes, filling: bytes) -> bytes:
    """Filled up to whole FITS blocks."""
    return content + filling * (-len(content) % 2880)
