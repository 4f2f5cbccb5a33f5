"""Two instruments' frames of one hour, brought together pixel by pixel.

Knows: the common frame (solar north up, pixels of a fixed size as from 1 AU, the
surface as it lay when the coarser frame was taken), and that headers are a pixel off:
what remains is measured by cross-correlation and taken out.
Refuses to know: where frames come from, and what is learnt from the pair.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from skimage.registration import phase_cross_correlation

from models.data import degrade, disks
from models.data.resample import resample
from models.data.scene import SEMIDIAMETER, Field, Scene
from pipeline.core import BadFile, Disk, Observer, SolarImage

FINENESS = 50  # steps per pixel in which a shift is measured
FADE = (0.7, 0.9)  # r / R between which a picture fades out before it is compared
FARTHEST = 4.0  # coarse px; a frame that is farther off is not what its header says
ALIKE = 0.5  # correlation of two registered frames of one hour, at least


def register(still: Field, moving: Field, weight: Field) -> tuple[float, float]:
    """By how many pixels (rows, columns) *moving* must go to lie on *still*.

    The peak of their cross-correlation, refined by a matrix Fourier transform
    (Guizar-Sicairos et al. 2008, Opt. Lett. 33, 156). It is not whitened: the finest
    scales of one picture are blurred and noisy.

    still, moving : (H, W), NaN where nothing is; weight : (H, W), fades to 0 at the edges
    """
    pictures = (np.nan_to_num(field) * weight for field in (still, moving))
    correlate: Any = phase_cross_correlation  # scikit-image states no types
    shift, _, _ = correlate(*pictures, upsample_factor=FINENESS, normalization=None)
    return float(shift[0]), float(shift[1])


def pair(coarse: SolarImage, fine: SolarImage, pixel: float, factor: int) -> Scene:
    """The disk at *fine*'s scale of field, with what *coarse* saw of it.

    pixel : arcsec of the coarse pixels in the common frame, as from 1 AU; the scene's
        own are *factor* times finer

    Raises
    ------
    BadFile : either is no full-disk magnetogram, or they do not show the same Sun.
    """
    path, time = coarse.observation.file.path, coarse.observation.time
    disk, side = common(disks.disk_of(coarse).observer, pixel)
    closer = finer(disk, factor)
    limit = disks.scene(fine).limit
    field = resample(fine, closer, (slice(0, side * factor),) * 2, time)
    target, radius = degrade.binned(field, factor), disks.radius(disk, (side, side))
    weight = np.clip((FADE[1] - radius) / (FADE[1] - FADE[0]), 0.0, 1.0)
    whole = (slice(0, side),) * 2
    down, right = register(target, resample(coarse, disk, whole, time), weight)
    if math.hypot(down, right) > FARTHEST:
        raise BadFile(
            path, f"its picture is {math.hypot(down, right):.1f} px off its header", "take another"
        )
    moved = replace(disk, x0=disk.x0 + right, y0=disk.y0 + down)
    observed = resample(coarse, moved, whole, time)
    if not _correlation(target, observed, weight) > ALIKE:
        raise BadFile(
            path, f"it does not show the Sun of {fine.observation.file.path.name}", "take another"
        )
    return Scene(
        field=field,
        radius=disks.radius(closer, field.shape),
        pixel=pixel / factor,
        region=disks.region(coarse),
        time=time,
        observed=observed,
        limit=limit,
    )


def common(observer: Observer, pixel: float) -> tuple[Disk, int]:
    """The disk in the common frame, solar north up, and the frame's side in pixels.

    pixel : arcsec as from 1 AU
    """
    radius = SEMIDIAMETER / pixel
    side = 2 * math.ceil(radius + 1.0)
    return Disk((side - 1) / 2, (side - 1) / 2, radius, 0.0, observer), side


def finer(disk: Disk, factor: int) -> Disk:
    """The same with every pixel cut into *factor* by *factor*."""
    x0, y0 = (factor * (centre + 0.5) - 0.5 for centre in (disk.x0, disk.y0))
    return replace(disk, x0=x0, y0=y0, radius=disk.radius * factor)


def _correlation(one: Field, other: Field, weight: Field) -> float:
    both = np.isfinite(one) & np.isfinite(other) & (weight > 0.0)
    return float(np.corrcoef(one[both], other[both])[0, 1]) if both.any() else math.nan
