"""Full-disk magnetograms of any instrument as scenes, as they were stored.

Knows: how many arcseconds a pixel has as from 1 AU, and that a frame in which many
pixels share the extreme values was clipped there, so that those are no truths.
Refuses to know: headers, which are the instruments'; what is up, which nobody asks.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from models.data.scene import SEMIDIAMETER, Field, Scene
from pipeline.archives import local
from pipeline.core import BadFile, Disk, Quantity, SolarImage
from pipeline.instruments import read

# The strongest pixels of an unclipped frame differ: in MDI's, each value occurs once. In
# the archive's frames of HMI, clipped at 250 G, a thousand pixels and more share either.
REPEATED = 10


def disk_of(image: SolarImage) -> Disk:
    """The disk that *image* shows.

    Raises
    ------
    BadFile : it is no full-disk picture of the line-of-sight field.
    """
    if isinstance(image.geometry, Disk) and image.observation.quantity is Quantity.B_LOS:
        return image.geometry
    raise BadFile(
        image.observation.file.path,
        "it is no full-disk line-of-sight magnetogram",
        "give one of HMI, MDI or GONG",
    )


def radius(disk: Disk, shape: tuple[int, ...]) -> Field:
    """Distance of every pixel of a frame from the disk's centre, in its radii."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot(x - disk.x0, y - disk.y0) / disk.radius, np.float32)


def region(image: SolarImage) -> str:
    """The whole disk of a month is one region, for it shows the same Sun twice and more."""
    origin = "simulated" if image.observation.simulated else "disk"
    return f"{origin}-{image.observation.time:%Y-%m}"


def scene(image: SolarImage) -> Scene:
    """A magnetogram as a scene of the month it was taken in.

    Raises
    ------
    BadFile : it is no full-disk picture of the line-of-sight field.
    """
    disk = disk_of(image)
    return Scene(
        field=image.data,
        radius=radius(disk, image.data.shape),
        pixel=SEMIDIAMETER / disk.radius,
        region=region(image),
        time=image.observation.time,
        limit=clipped_at(image.data),
    )


def read_scene(path: Path) -> Scene:
    """The scene in a file of any magnetograph.

    Raises
    ------
    BadFile : it cannot be used, or is no full-disk line-of-sight magnetogram.
    """
    return scene(read(local(path)))


def clipped_at(field: Field) -> float:
    """Gauss at which *field* was clipped on both sides; infinite if it was not."""
    low, high = float(np.nanmin(field)), float(np.nanmax(field))
    shared = min(np.count_nonzero(field == low), np.count_nonzero(field == high))
    return min(-low, high) if shared > REPEATED else math.inf
