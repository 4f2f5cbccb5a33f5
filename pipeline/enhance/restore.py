"""From a network's answer back to an image of the Sun.

Knows: on which pixels the answer belongs, where there is none, what to write down about it.
Refuses to know: how the answer came about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.core import Disk, Geometry, Inference, Observation, SolarImage
from pipeline.enhance.card import Card, Output
from pipeline.enhance.frames import Mask, Plane, coarser, radius_map, resample, scaled, turned
from pipeline.enhance.prepare import Prepared


def restore(
    mean: Plane,
    sigma: Plane | None,
    prepared: Prepared,
    images: Sequence[SolarImage],
    card: Card,
    inference: Inference,
) -> SolarImage:
    """The answer as an image: of the first of *images* in the pixels that the card says.

    mean, sigma : (f H, f W), gauss, on the grid of *prepared* with the card's factor f

    It is NaN wherever the network was shown a gap, and beyond the limb.
    """
    output, first, factor = card.output, images[0], card.output.factor
    ny, nx = (factor * length for length in prepared.shape)
    mask = prepared.mask.repeat(factor, axis=0).repeat(factor, axis=1)[:ny, :nx]
    planes = [plane[:ny, :nx] for plane in (mean, sigma) if plane is not None]
    geometry = scaled(prepared.geometry, factor)
    if output.returns == "input pixels" and prepared.geometry != first.geometry:
        planes, mask = _back(planes, mask, prepared, first, factor)
        geometry = scaled(first.geometry, factor)
    if factor > 1:  # the limb is finer now than the mask
        mask = mask & (radius_map(geometry, first.observation.observer, mask.shape) < 1.0)
    planes = [np.where(mask, plane, np.float32(np.nan)) for plane in planes]
    told = planes[1] if len(planes) > 1 else None
    return SolarImage(
        data=planes[0],
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=_recorded(images, geometry, prepared, told, output, inference),
        sigma=told,
    )


def _back(
    planes: list[Plane], mask: Mask, prepared: Prepared, image: SolarImage, factor: int
) -> tuple[list[Plane], Mask]:
    """Planes and mask in the frame of *image*: reversed exactly, or interpolated.

    Standard errors are interpolated, and averaged, as if neighbours erred alike.
    """
    ny, nx = image.data.shape
    if isinstance(image.geometry, Disk) and prepared.geometry == turned(image.geometry, (ny, nx)):
        return [plane[::-1, ::-1] for plane in planes], mask[::-1, ::-1]
    here, there = scaled(prepared.geometry, factor), scaled(image.geometry, factor)
    shape = (factor * ny, factor * nx)
    kept = image.mask.repeat(factor, axis=0).repeat(factor, axis=1)
    mean, known = resample(planes[0], mask, here, there, shape)
    errors = [resample(sigma, mask, here, there, shape, order=1)[0] for sigma in planes[1:]]
    return [mean, *errors], known & kept


def _recorded(
    images: Sequence[SolarImage],
    geometry: Geometry,
    prepared: Prepared,
    sigma: Plane | None,
    output: Output,
    inference: Inference,
) -> Observation:
    """The circumstances of the first image, and what has been done to it."""
    observation = images[0].observation
    same = observation.quantity is output.quantity
    noise, length = (observation.noise, observation.noise_length) if same else (math.nan, 1.0)
    if sigma is not None:
        noise = float(np.nanmedian(sigma))
        length = output.error_length / coarser(geometry, scaled(prepared.geometry, output.factor))
    return replace(
        observation,
        quantity=output.quantity,
        wavelength=observation.wavelength if same else None,
        noise=noise,
        noise_length=max(1.0, length),
        quick_look=any(image.observation.quick_look for image in images),
        simulated=any(image.observation.simulated for image in images),
        scale=output.field_scale or observation.scale,
        inferences=(*observation.inferences, inference),
    )
