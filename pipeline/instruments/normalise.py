"""Brightness made comparable between AIA and EUVI, and between young and old detectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.core import BadFile, BadRequest, Disk, Quantity, SolarImage
from pipeline.instruments.disk import radius_map

EDGE = 0.98  # of the radius; beyond it the limb's glow takes over


def normalise(image: SolarImage) -> SolarImage:
    """An extreme-ultraviolet image as far-side networks take it.

    The median of the disk is scaled to 100, and the result is the log10 of it,
    clipped to 1…200 (Jeong et al. 2020, ApJL 903 L25). The pixels stay as they
    are: to resample the disk to 1024 pixels with a radius of 450 is the business
    of whoever runs the network.

    image : DN/s on a disk

    Returns an image of 0…log10 200 in unit ``1``, masked beyond .98 of the radius.

    Raises
    ------
    BadRequest : it shows no brightness of a whole disk.
    BadFile : nothing is left to scale by.
    """
    observation, geometry = image.observation, image.geometry
    if observation.quantity is not Quantity.INTENSITY or not isinstance(geometry, Disk):
        raise BadRequest(
            f"{observation.file.path} is no extreme-ultraviolet image; give one of AIA or EUVI."
        )
    mask = image.mask & (radius_map(geometry, image.data.shape) < EDGE)
    median = float(np.median(image.data[mask])) if mask.any() else 0.0
    if median <= 0.0:
        raise BadFile(observation.file.path, "its disk is dark", "take the next frame")
    bright = np.log10(np.clip(image.data * np.float32(100.0 / median), 1.0, 200.0))
    return replace(image, data=np.where(mask, bright, np.float32(np.nan)), mask=mask, unit="1")
