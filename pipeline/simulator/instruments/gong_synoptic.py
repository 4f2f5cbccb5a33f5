"""GONG's hourly synoptic maps, merged from the network's own frames of the last rotation.

A frame counts as the fourth power of the cosine of the distance from the central
meridian, within 60 degrees of it. After one passage a longitude has collected a full
weight; the frames of its next passage replace those of the last one by one, so that

    map = past + (sum over new frames of w (B_r - past)) / (w of a full passage)

and when the passage is over, the map becomes the past. At the beginning of a simulation
there is no past: it is the truth of that moment without the regions that emerged where
the Earth could not see them, blurred by 2.5 degrees, scaled to .7 and with the noise of
a merged map, all chosen. Frames are taken without zero-point error, as zqa files nearly
are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.core import CarringtonGrid, earth, great_circle
from pipeline.simulator.campaign import HOUR, Campaign, File
from pipeline.simulator.files import ORIGIN, Header, iso, rotation, write_plain
from pipeline.simulator.instruments.gong import GONG, MIXED, SIZE, Look, looks
from pipeline.simulator.optics import radius
from pipeline.simulator.sites import zenith_distance
from pipeline.simulator.sun import Moment
from pipeline.surface.remap import cell_means, radial_field

Map = NDArray[np.float32]

GRID = CarringtonGrid(360, 180)
REACH = 60.0  # deg from the central meridian
NEAREST_LIMB = 0.2  # mu
BLUR = 2.5  # deg, of the past at the beginning
SURROUNDINGS = 8.0  # deg around a region nobody saw
NOISE = 1.0  # G, of a merged map
SYNODIC = 13.2  # deg/day
LEAD = timedelta(minutes=56)  # a map made at the full hour is named after this much earlier
LATENCY = HOUR
TREES = (
    "services.swpc.noaa.gov/products/gong/zqs",
    "gong2.nso.edu/oQR/zqs/%Y%m/mrzqs%y%m%d",
)


class Merging:
    """The map of a *campaign* as it grows from hour to hour."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._past = np.zeros(GRID.shape, np.float32)
        self._weight = np.zeros(GRID.shape)
        self._sum = np.zeros(GRID.shape)
        angle = np.radians(np.linspace(-REACH, REACH, 121))
        hours = 24.0 * 2.0 * REACH / SYNODIC
        self._full = hours / (campaign.every / HOUR) * float(np.mean(np.cos(angle) ** 4))
        self._frames = 0

    def files(self, moment: Moment) -> Iterator[File]:
        """The map of the hour, wherever it is kept."""
        for hour in self._campaign.times(moment.time, HOUR):
            self._take_in(moment)
            time = hour - LEAD
            edge, left = _left_edge(time)
            name = f"mrzqs{time:%y%m%dt%H%M}c{int(left):04d}_{edge:03d}.fits.gz"
            for tree in TREES:
                observe = partial(write, br=self.map, time=time, frames=self._frames)
                yield File(f"{time:{tree}}/{name}", time + LATENCY, observe)

    @property
    def map(self) -> Map:
        """Radial field on GONG's scale, gauss, on :data:`GRID`."""
        weight = np.maximum(self._weight, 1e-9)
        share = np.minimum(self._weight / self._full, 1.0)
        return np.asarray(self._past + share * (self._sum / weight - self._past), np.float32)

    def _take_in(self, moment: Moment) -> None:
        if not self._frames:
            self._past = _before(moment, self._campaign.rng("gong synoptic", moment.time))
        central = earth(moment.time).carrington_longitude
        distance = np.abs((GRID.lon - central + 180.0) % 360.0 - 180.0)
        gone = distance > REACH
        self._past[:, gone] = self.map[:, gone]
        self._weight[:, gone] = self._sum[:, gone] = 0.0
        seen = looks(moment, self._campaign)
        if not seen:
            return
        br, there = _mapped(min(seen, key=lambda look: zenith_distance(look.site, look.time)))
        weight = np.cos(np.radians(distance)) ** 4 * (there & ~gone)
        self._weight += weight
        self._sum += weight * br
        self._frames += 1


def write(path: Path, br: Map, time: datetime, frames: int) -> None:
    """The map *br* (180, 360) in gauss, beginning 60 deg east of the Earth at *time*."""
    edge, left = _left_edge(time)
    seen = np.roll(br, -edge, axis=1).astype(np.float32)
    write_plain(path, seen, _header(time, edge, left, frames, seen))


def _left_edge(time: datetime) -> tuple[int, float]:
    """Carrington longitude [whole deg] and rotation number at the left edge of a map."""
    central = earth(time).carrington_longitude
    edge = round(central - 60.0) % 360
    return edge, rotation(time) + (central - edge) % 360.0 / 360.0


def _mapped(look: Look) -> tuple[Map, NDArray[np.bool_]]:
    """Radial field of the cells a look covers, 0 elsewhere, and which these are."""
    inside = radius(look.disk, SIZE) < 1.0 - MIXED / look.disk.radius
    br = radial_field(look.b_los, look.disk)
    cells = cell_means(br, inside, look.disk, GRID, NEAREST_LIMB)
    return np.nan_to_num(cells.mean).astype(np.float32), cells.coverage > 0.5


def _before(moment: Moment, rng: np.random.Generator) -> Map:
    """What a network before the simulation might have left behind."""
    known = moment.br.copy()
    central = earth(moment.time).carrington_longitude
    lon, lat = moment.grid.mesh()
    for region in moment.regions:
        hidden = (region.lon - central - REACH) % 360.0  # deg since it was last within reach
        if hidden < 360.0 - 2.0 * REACH:
            left = moment.time - timedelta(days=hidden / SYNODIC)
            if region.born > left:
                known[great_circle(lon, lat, region.lon, region.lat) < SURROUNDINGS] = 0.0
    coarse = moment.grid.block_mean(known, GRID)
    blurred = gaussian_filter(coarse, (BLUR * GRID.nlat / 180.0, BLUR), mode=("nearest", "wrap"))
    return np.asarray(GONG.scale * blurred + rng.normal(0.0, NOISE, GRID.shape), np.float32)


def _header(time: datetime, edge: int, left: float, frames: int, br: Map) -> Header:
    """Keywords of the sample map; *edge* and *left* as of :func:`_left_edge`."""
    centre = left - 0.5
    longitude = {
        "PV2_1": 1.0,
        "CRPIX1": 180.5,
        "CRPIX2": 90.5,
        "CRVAL2": 0.0,
        "CDELT2": 0.0111111,
        "CTYPE2": "CRLT-CEA",
    }
    return {
        "ORIGIN": ORIGIN,
        "OBS-SITE": "NSO/GONG NETWORK",
        "TELESCOP": "NSO-GONG",
        "OBS-URL": "http://gong.nso.edu",
        "DATE": iso(time)[:19],
        "DATE-OBS": f"{time:%Y-%m-%d}",
        "TIME-OBS": f"{time:%H:%M}",
        "DATATYPE": "REAL*4",
        "WAVELNTH": 676.8,
        "CAR_ROT": int(left),
        "WCSNAME": "Carrington Cylin-equal-area",
        "CTYPE1": "CRLN-CEA",
        "CRVAL1": (edge + 180) % 360,
        "CDELT1": 1.0,
        **longitude,
        "WCSNAMEA": "Carrington-rotation Cylin-equal-area",
        "CTYPE1A": "CRN-CEA",
        "CRVAL1A": centre,
        "CDELT1A": -1.0 / 360.0,
        **{f"{key}A": value for key, value in longitude.items()},
        "IMTYPE": "MAGNETIC",
        "NFILETOT": frames,
        "LONG0": edge,
        "IMGMN01": float(br.mean()),
        "IMGRMS01": float(br.std()),
        "IMGMIN01": float(br.min()),
        "IMGMAX01": float(br.max()),
        "CARROT": int(left),
        "BUNIT": "Gauss",
        "MAPCOUNT": frames,
        "MAPL0": (edge + 60) % 360,
        "MAPEDGE": edge,
        "CREDGE": left,
        "CRNOW": rotation(time),
        "CR60": left - 60.0 / 360.0,
        "CRCENTER": centre,
        "MAPNAME": f"{int(left)}_{edge:03d}",
        "MAPDATE": f"{time:%Y-%m-%d}",
        "MAPTIME": f"{time:%H:%M}",
    }
