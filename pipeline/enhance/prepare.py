"""From images to the tensor that a network's card asks for.

Knows: on which pixels the network works, how values are normalised, what counts as a gap,
which values the network never saw in training. All of it stands in the card.
Refuses to know: what computes the network, and in how many tiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core import Disk, Geometry, SolarImage
from pipeline.enhance.card import LARGEST_SIDE, Card, Channel, Grid
from pipeline.enhance.channels import assigned, missing, refuse, untold
from pipeline.enhance.frames import (
    Mask,
    Plane,
    Shape,
    coarser,
    onto,
    pixel_scale,
    radius_map,
    scaled,
    turned,
    wrapped,
    zoom,
)
from pipeline.enhance.light import below_full, lit
from pipeline.enhance.noise import noise_level
from pipeline.enhance.polarity import leading_polarity

# A frame this near to north up or north down is left or reversed as it is, and its geometry
# keeps the angle: HMI hangs within .1 deg of 180, and no network sees a tilt of 1 deg.
UPRIGHT = 1.0  # deg
EDGE = 0.98  # of the radius; beyond it the limb's glow takes over (Jeong et al. 2020)
BRIGHT = 100.0  # the disk's median where a channel asks for it (the same)
GAP = 5e-3  # of the disk: more of a picture is not missing without a word; its rim may be
CENTRE = 0.3  # of the radius: near enough to the centre of the disk to measure noise


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What a network is given.

    x : float32 (C, H, W), the card's channels; H and W are multiples of the card's stride
    mask : (H, W), True where its answer will mean something
    geometry : of its pixels
    shape : (ny, nx) of the frame, less the rows and columns that fill up a stride
    outside : fraction of the measured pixels beyond what the network was trained on, by
        channel, for the channels whose card says what that was
    beyond : the same for all channels together
    notes : what the reader must know
    """

    x: Plane
    mask: Mask
    geometry: Geometry
    shape: Shape
    outside: Mapping[str, float]
    beyond: float
    notes: tuple[str, ...]


def prepare(images: Sequence[SolarImage], card: Card) -> Prepared:
    """The *images* on the network's grid, normalised, with a mask for every gap.

    The first image says from where and when the Sun is seen; the others are registered to
    it by the places on the Sun that they show. Beyond the limb everything is a gap.

    Raises
    ------
    BadFile : an image that the network does not take, that is missing, or of which nothing
        is left.
    """
    sources = assigned(images, card)
    first = images[0]
    geometry, shape = network_grid(first, card.grid)
    full = (_up(shape[0], card.stride), _up(shape[1], card.stride))
    radius = radius_map(geometry, first.observation.observer, full)
    planes, masks = {}, {}
    for channel in (c for c in card.inputs if c.name in sources):
        source = _unspoilt(sources[channel.name], channel)
        plane, measured = _placed(source, geometry, shape, full)
        planes[channel.name], masks[channel.name] = _usable(
            plane, measured, radius, channel, sources[channel.name]
        )
    # What a map promises is no measurement: where nothing else is, nothing is answered.
    answering = {c.name for c in card.inputs if c.measured}
    anything = np.logical_or.reduce([m for name, m in masks.items() if name in answering])
    mask = np.logical_and.reduce([anything, *(masks[name] for name in untold(card))])
    if not mask.any():
        raise refuse(first, "with the other images it shares no pixel", "take the next frames")
    for channel in card.inputs:
        if channel.kind == "radius":
            planes[channel.name] = radius
        elif channel.kind == "noise":
            level = _noise(sources, planes, masks, radius, geometry)
            planes[channel.name] = np.full(full, level, np.float32)
        elif channel.kind == "sigma" and channel.of in sources:
            planes[channel.name] = _error(sources[channel.of], geometry, shape, full)
            masks[channel.name] = masks[channel.of]
        elif channel.kind == "leading":
            planes[channel.name] = _leading(first, geometry, full)
        elif channel.kind == "mask":
            nothing = np.zeros(full, np.bool_)
            masks[channel.name] = masks.get(channel.of, nothing) if channel.of else mask
    outside, beyond = _outside(planes, masks, mask, card)
    return Prepared(
        x=_tensor(planes, masks, full, card),
        mask=mask,
        geometry=geometry,
        shape=shape,
        outside=outside,
        beyond=beyond,
        notes=(*_notes(outside, missing(sources, card), card), *_gaps(masks, radius, card)),
    )


def network_grid(image: SolarImage, grid: Grid) -> tuple[Geometry, Shape]:
    """Geometry and shape (ny, nx) of the frame in which the network sees *image*.

    Raises
    ------
    BadFile : it would be larger than any frame of the Sun.
    """
    geometry, (ny, nx) = image.geometry, image.data.shape
    if not isinstance(geometry, Disk):
        return geometry, (ny, nx)
    if grid.radius and grid.side:
        middle, north = (grid.side - 1) / 2.0, 0.0 if grid.north_up else geometry.north
        return Disk(middle, middle, grid.radius, north, geometry.observer), (grid.side, grid.side)
    if grid.north_up and abs(wrapped(geometry.north - 180.0)) <= UPRIGHT:
        geometry = turned(geometry, (ny, nx))
    elif grid.north_up and abs(wrapped(geometry.north)) > UPRIGHT:
        geometry = replace(geometry, north=0.0)
    factor = zoom(pixel_scale(geometry) or 1.0, grid.pixel_scale)
    if max(ny, nx) * factor > LARGEST_SIDE:
        problem = f"its pixels are {factor:.3g} times too large for the network"
        raise refuse(image, problem, "give an image of higher resolution")
    return scaled(geometry, factor), (math.ceil(ny * factor), math.ceil(nx * factor))


def _up(length: int, stride: int) -> int:
    """*length* rounded up to a multiple of *stride*."""
    return -(-length // stride) * stride


def _unspoilt(image: SolarImage, channel: Channel) -> SolarImage:
    """The image without the pixels at which a camera of light was full."""
    if channel.kind != "intensity":
        return image
    return replace(image, mask=below_full(image.data, image.mask))


def _placed(image: SolarImage, geometry: Geometry, shape: Shape, full: Shape) -> tuple[Plane, Mask]:
    """The image on the network's grid, with gaps on the rows and columns beyond *shape*."""
    plane, measured = onto(image.data, image.mask, image.geometry, geometry, shape)
    more = [(0, full[0] - shape[0]), (0, full[1] - shape[1])]
    return np.pad(np.where(measured, plane, np.float32(0.0)), more), np.pad(measured, more)


def _error(image: SolarImage, geometry: Geometry, shape: Shape, full: Shape) -> Plane:
    """The standard error of *image* on the network's grid, as if neighbours erred alike."""
    sigma = np.ones_like(image.data) if image.sigma is None else image.sigma
    plane, _ = onto(sigma, image.mask, image.geometry, geometry, shape)
    return np.pad(plane, [(0, full[0] - shape[0]), (0, full[1] - shape[1])])


def _leading(image: SolarImage, geometry: Geometry, full: Shape) -> Plane:
    """The polarity that leads, 0 beyond the limb."""
    y, x = np.mgrid[: full[0], : full[1]]
    return np.nan_to_num(leading_polarity(image.observation.time, geometry.sphere(x, y)[1]))


def _usable(
    plane: Plane, measured: Mask, radius: Plane, channel: Channel, image: SolarImage
) -> tuple[Plane, Mask]:
    """Values of the Sun that the channel can take, to the median that it asks for.

    A median of 100 takes out most of what parts AIA from EUVI and young detectors from old
    ones (Jeong et al. 2020, ApJL 903, L25).
    """
    by_median = channel.normalise == "disk median"
    measured = measured & (radius < (EDGE if by_median else 1.0))
    if not measured.any():
        raise refuse(image, "nothing of the Sun is measured on it", "take the next frame")
    if by_median:
        measured = lit(plane, measured)
        median = float(np.median(plane[measured]))
        if median <= 0.0:
            raise refuse(image, "its disk is dark", "take the next frame")
        plane = plane * np.float32(BRIGHT / median)
    if channel.transform == "log10":
        measured &= _clipped(plane, channel) > 0.0
    return plane, measured


def _noise(
    sources: Mapping[str, SolarImage],
    planes: Mapping[str, Plane],
    masks: Mapping[str, Mask],
    radius: Plane,
    geometry: Geometry,
) -> float:
    """Noise of one pixel of the network's grid, in the unit of the first measured channel.

    As the instrument states it, less where a larger pixel has averaged smaller ones; else
    as the picture shows it near the centre of the disk, or anywhere if it has no centre.
    """
    name, image = next(iter(sources.items()))
    stated = image.observation.noise
    if math.isfinite(stated):
        return stated / max(1.0, coarser(geometry, image.geometry))
    for where in (masks[name] & (radius < CENTRE), masks[name]):
        if math.isfinite(level := noise_level(planes[name][where])):
            return level
    raise refuse(image, "its noise is not stated and cannot be told from it", "give a whole frame")


def _outside(
    planes: Mapping[str, Plane], masks: Mapping[str, Mask], mask: Mask, card: Card
) -> tuple[dict[str, float], float]:
    """Fraction of pixels beyond what the network was trained on: by channel, and of *mask*."""
    fractions, anywhere = {}, np.zeros(mask.shape, np.bool_)
    for channel in card.inputs:
        if channel.trained is None or channel.name not in planes:
            continue
        (low, high), plane = channel.trained, planes[channel.name]
        measured = masks.get(channel.name, mask)
        strange = measured & ((plane < low) | (plane > high))
        fractions[channel.name] = float(strange.sum() / measured.sum())
        anywhere |= strange
    return fractions, float((anywhere & mask).sum() / mask.sum())


def _tensor(
    planes: Mapping[str, Plane], masks: Mapping[str, Mask], full: Shape, card: Card
) -> Plane:
    """The tensor x, (C, H, W); 0 where nothing is measured or known."""
    x = np.zeros((len(card.inputs), *full), np.float32)
    for channel, out in zip(card.inputs, x, strict=True):
        if channel.kind == "mask":
            out[:] = masks[channel.name]
        elif channel.name in planes:
            _normalise(planes[channel.name], masks.get(channel.name), channel, out)
    return x


def _normalise(plane: Plane, measured: Mask | None, channel: Channel, out: Plane) -> None:
    """Into *out* in place: frames of 4096² are moved through memory as seldom as can be."""
    known = np.isfinite(plane) if measured is None else measured
    if channel.transform == "log10":
        np.log10(_clipped(plane, channel), where=known, out=out)
    else:
        np.copyto(out, _clipped(plane, channel), where=known)
    if channel.offset:
        np.subtract(out, np.float32(channel.offset), where=known, out=out)
    np.divide(out, np.float32(channel.scale), where=known, out=out)


def _clipped(plane: Plane, channel: Channel) -> Plane:
    if channel.clip is None:
        return plane
    low, high = channel.clip
    return np.clip(plane, np.float32(low), np.float32(high))


def _gaps(masks: Mapping[str, Mask], radius: Plane, card: Card) -> Iterator[str]:
    """Of the pictures of light that are there, which lack a part of the disk."""
    disk = radius < EDGE
    for channel in card.inputs:
        if channel.kind == "intensity" and channel.name in masks:
            share = float((disk & ~masks[channel.name]).sum() / disk.sum())
            if share > GAP:
                yield f"{channel.name} shows nothing on {100.0 * share:.2g} % of the disk"


def _notes(outside: Mapping[str, float], absent: Sequence[str], card: Card) -> tuple[str, ...]:
    without = [f"{card.label} ran without {', '.join(absent)}"] if absent else []
    strange = [
        f"{100.0 * fraction:.2g} % of {name} lies beyond what {card.label} was trained on"
        for name, fraction in outside.items()
        if fraction > 0.0
    ]
    return (*without, *strange)
