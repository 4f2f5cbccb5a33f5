"""Pairs of the simulated Sun: what a camera reports, and what was there.

The truth is what an HMI without noise would see of the same moment in the same frame,
so the two are registered exactly. It is no sharper than the cells of the simulated
Sun: 4 arcsec of the usual ones.
Refuses to know: how the Sun is simulated; it reads the truth beside a simulated archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np

from models.data import disks, pairs, tiles
from models.data.forward import Camera
from models.data.scene import SEMIDIAMETER, Scene
from models.data.shards import Item
from pipeline.core import earth
from pipeline.simulator.instruments import hmi
from pipeline.simulator.optics import magnetogram
from pipeline.simulator.sun import Moment
from pipeline.simulator.truth import read_truth

HMI_45S = Camera(replace(hmi.HMI, noise=hmi.NOISE[45]), hmi.STEP)
TRUTH = replace(hmi.HMI, noise=0.0)


def pair(moment: Moment, camera: Camera, factor: int, rng: np.random.Generator) -> Scene:
    """The disk of a *moment* as HMI sees it without noise, and as *camera* reports it.

    factor : pixels of the scene along one of the camera's
    """
    disk, side = pairs.common(earth(moment.time), camera.pixel)
    finer = pairs.finer(disk, factor)
    field, observed = (
        magnetogram(moment.br, moment.grid, seen, n, step, optics, rng)
        for seen, n, step, optics in (
            (finer, side * factor, camera.pixel / factor, TRUTH),
            (disk, side, camera.pixel, camera.optics),
        )
    )
    radius = disks.radius(finer, field.shape)
    outside = disks.radius(disk, observed.shape) >= 1.0
    return Scene(
        field=np.where(radius < 1.0, field, np.float32(np.nan)),
        radius=radius,
        pixel=SEMIDIAMETER / finer.radius,
        region=f"simulated-{moment.time:%Y-%m}",
        time=moment.time,
        observed=np.where(outside, np.float32(np.nan), observed),
    )


def paired(
    archive: Path,
    camera: Camera,
    times: Sequence[datetime],
    *,
    factor: int,
    side: int = 512,
    count: int = 12,
) -> list[Item]:
    """Pieces of the simulated Sun at each of *times*, whole hours of a simulated archive.

    archive : what ``allsun simulate`` wrote
    """
    return [
        Item(
            f"simulated {time:%Y-%m-%dT%H:%MZ}",
            partial(_pieces, archive, camera, time, factor, side, count),
        )
        for time in times
    ]


def _pieces(
    archive: Path, camera: Camera, time: datetime, factor: int, side: int, count: int
) -> list[Scene]:
    rng = np.random.default_rng(crc32(time.isoformat().encode()))
    whole = pair(read_truth(archive, time), camera, factor, rng)
    chosen = tiles.windows(whole.field, side, count, rng)
    return [tiles.cut(whole, window) for window in chosen]
