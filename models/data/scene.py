"""A scene: one truth that networks learn from.

Knows: which arrays belong together, in which units, and which pixels are a truth.
Refuses to know: where a scene came from, which split it is in, what is done to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as having
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.core.grid import R_SUN_CM

Field = NDArray[np.float32]

AU_CM = 1.495978707e13  # IAU 2012 Resolution B2
SEMIDIAMETER = math.degrees(math.asin(R_SUN_CM / AU_CM)) * 3600.0  # arcsec, from 1 AU


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One registered truth: a region's patch or a piece of the disk.

    field : (H, W) line-of-sight field, gauss; NaN where nothing is measured
    radius : (H, W) distance of each pixel from the disk's centre as the observer sees it,
        in units of the disk's radius
    pixel : arcsec per pixel, as from 1 AU
    region : the piece of the Sun, e.g. "sharp-377", that splits never divide
    time : UTC
    observed : (H / n, W / n) what another camera, or the same in less time, reports of
        *field* [G], in the same frame and n times coarser; NaN where nothing is measured
    limit : gauss; a field of this strength or more was clipped and is no truth
    planes : (H, W) each, by name: whatever else is known of the same pixels; NaN where not
    """

    field: Field
    radius: Field
    pixel: float
    region: str
    time: datetime
    observed: Field | None = None
    limit: float = math.inf
    planes: Mapping[str, Field] = having(default_factory=dict)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(H, W) True where *field* is a truth: measured and not clipped."""
        return np.asarray(np.abs(self.field) < self.limit)
