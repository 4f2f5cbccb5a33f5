"""The far-side network on the real Sun's field: HMI's frames, lit by the simulator's relations.

    python ops/farside_real.py ARCHIVE

The truth is a frame of HMI; its brightness follows relations drawn as in training, without
coronal holes; what the map knew is the frame of 27 days before, carried by the map's flow, with
the error that the map would state. The network learnt from simulated fields alone. Relations
being given, this tells of the fields and how they change, not of the Sun's corona. Two minutes.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.data import disks, farside
from models.data.aia import ERROR, ROTATION
from models.data.scene import SEMIDIAMETER, Scene
from models.evaluation import farside as evaluation
from pipeline import archives, instruments, surface
from pipeline.core import Observer
from pipeline.enhance import WEIGHTS, find
from pipeline.enhance.polarity import leading_polarity
from pipeline.simulator import euv
from pipeline.simulator.sun import Moment
from pipeline.surface.transport import Flow, transport
from pipeline.surface.uncertainty import grown, strength

NAME, REGION = "euv-to-mag", "hmi-7"  # which the tables know by its number
SERIES = "jsoc.stanford.edu/data/hmi/fits/%Y/%m/%d/hmi.M_720s.%Y%m%d_%H%M%S_TAI.fits"
START, END = datetime(2014, 1, 28), datetime(2014, 4, 30)  # TAI
EVERY = timedelta(days=14)  # half a rotation: other places
SLANT = 0.9  # of the radius: farther out B_los tells little of the field
NOWHERE = np.zeros((180, 360), np.int8)  # open field
SHAPE = (farside.SIDE, farside.SIDE)

Floats = NDArray[np.float64]


def main(archive: str) -> None:
    """Print the tables."""
    days = [START + n * EVERY for n in range((END - START) // EVERY + 1)]
    pairs = [[Path(archive) / f"{t:{SERIES}}" for t in (day, day - ROTATION)] for day in days]
    scenes = [scene(*pair) for pair in pairs if all(path.exists() for path in pair)]
    print(f"{len(scenes)} frames")
    print(evaluation.text(evaluation.judge(evaluation.open_cpu(find(WEIGHTS, NAME)), scenes)))


def scene(now: Path, before: Path) -> Scene:
    """What an imager in the Earth's place would see, and what the map knew."""
    time, observer, br = read(now)
    earlier, _, known = read(before)
    grid, days = farside.GRID, (time - earlier) / timedelta(days=1)
    carried = transport(known, grid, days, Flow())
    strong = strength(carried, grid)
    sigma = np.sqrt(grown(ERROR**2 + (0.3 * strong) ** 2, strong, days))
    disk = farside.frame(observer)
    shown = farside.line_of_sight(np.stack([br, carried, sigma, known]), disk)
    planes = dict(zip(("prior", "prior sigma", "before"), shown[1:], strict=True))
    planes["age"] = np.full(SHAPE, days, np.float32)
    x, y = np.meshgrid(np.arange(farside.SIDE), np.arange(farside.SIDE))
    planes["leading"] = np.nan_to_num(leading_polarity(time, disk.sphere(x, y)[1]))
    rng = np.random.default_rng(int(time.timestamp()))
    moment = Moment(time, grid, br.astype(np.float32), ())
    for channel, relation in farside.relations("drawn", rng).items():
        bright = euv.intensity(moment, NOWHERE, relation, int(rng.integers(1 << 30)))
        planes[f"euv {channel}"] = euv.image(bright, grid, relation, disk, SHAPE)
    radius = disks.radius(disk, SHAPE)
    field = np.where(radius < SLANT, shown[0], np.float32(np.nan))
    return Scene(field, radius, SEMIDIAMETER / farside.RADIUS, REGION, time, planes=planes)


def read(path: Path) -> tuple[datetime, Observer, Floats]:
    """Time of a frame, who saw it, and its radial field on the grid; 0 where nobody looked."""
    layer = surface.observe(instruments.read(archives.local(path)), farside.GRID)
    observation = layer.observation
    return observation.time, observation.observer, np.nan_to_num(layer.br)


if __name__ == "__main__":
    main(*sys.argv[1:])
