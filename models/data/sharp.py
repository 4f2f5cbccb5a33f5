"""HMI's active-region patches as scenes: real, sharp and unclipped, but few.

The patches are remapped to equal areas (.03 degrees, half an arcsecond at disk
centre), so their pixels are not those of the camera: their own noise is some 2.7 G
and correlated, .55 at one pixel.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from models.data.scene import SEMIDIAMETER, Scene
from pipeline.archives import local
from pipeline.core import BadFile, BadRequest, CylindricalEqualArea, Disk
from pipeline.instruments import read

PATTERN = "hmi.sharp_cea_720s.*.magnetogram.fits"


def scenes(folder: Path) -> list[Scene]:
    """The line-of-sight patches in *folder*, in the order of their names.

    Raises
    ------
    BadRequest : there is none.
    BadFile : one of them cannot be used.
    """
    files = sorted(folder.glob(PATTERN))
    if not files:
        raise BadRequest(f"{folder}: holds no {PATTERN}; name the folder with the patches.")
    return [scene(file) for file in files]


def scene(path: Path) -> Scene:
    """The patch in a file named as JSOC names it: hmi.sharp_cea_720s.HARP.TIME.SEGMENT.fits.

    Raises
    ------
    BadFile : it is no patch, or cannot be used.
    """
    image = read(local(path))
    geometry, observer = image.geometry, image.observation.observer
    if not isinstance(geometry, CylindricalEqualArea):
        raise BadFile(path, "it is no active-region patch", "give a file of hmi.sharp_cea_720s")
    y, x = np.mgrid[: image.data.shape[0], : image.data.shape[1]]
    west, north = Disk(0.0, 0.0, 1.0, 0.0, observer).pixel(*geometry.sphere(x, y))
    return Scene(
        field=image.data,
        radius=np.hypot(west, north).astype(np.float32),
        pixel=math.radians(geometry.dlon) * SEMIDIAMETER,
        region=f"sharp-{path.name.split('.')[2]}",
        time=image.observation.time,
    )
