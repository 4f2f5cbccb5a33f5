"""A frame larger than memory, computed in pieces that fit together without a trace.

A pixel of the answer depends on input pixels within the receptive field only, so a tile
that reaches that far beyond the pixels it answers for gives them as the whole frame would;
it begins at a multiple of the stride, so that its pooling blocks are those of the frame.
What is left are roundings, and over a few pixels neighbours are blended.

Knows: receptive fields, strides, memory, masks. Refuses to know: what the channels mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.core import BadRequest
from pipeline.enhance.runtime import Engine
from pipeline.enhance.sigma import in_gauss

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Columns = NDArray[np.intp]

BLEND = 4  # px on either side of a seam in which both neighbours have a say
STEP = 16  # px between the heights of strips that are tried


class Box(NamedTuple):
    """Rows *top* to *bottom* and columns *left* to *right*, the latter of both exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def area(self) -> int:
        return self.height * self.width

    def grown(self, margin: int, frame: Box) -> Box:
        """With *margin* more on every side, as far as there is a frame."""
        return Box(
            max(self.top - margin, frame.top),
            min(self.bottom + margin, frame.bottom),
            max(self.left - margin, frame.left),
            min(self.right + margin, frame.right),
        )

    def slices(self, factor: int = 1, origin: Box | None = None) -> tuple[slice, slice]:
        """Rows and columns at *factor* pixels for one, counted from the corner of *origin*."""
        top, left = (origin.top, origin.left) if origin else (0, 0)
        return (
            slice(factor * (self.top - top), factor * (self.bottom - top)),
            slice(factor * (self.left - left), factor * (self.right - left)),
        )


@dataclass(frozen=True, slots=True)
class Tile:
    """core : pixels that it answers for; seen : pixels that the network is shown for it."""

    core: Box
    seen: Box


def compute(
    x: Plane, mask: Mask, engine: Engine, side: int | None = None
) -> tuple[Plane, Plane | None]:
    """What the network makes of *x* (C, H, W) where *mask* (H, W) is True, in gauss.

    Returns mean and standard error (None if the network tells none), each (f H, f W) with
    the card's factor f; NaN beyond the tiles.

    Raises
    ------
    BadRequest : the memory given to the engine is too small for any tile.
    BadNetwork : no provider could compute the network.
    """
    card, factor = engine.card, engine.card.output.factor
    frame = Box(0, mask.shape[0], 0, mask.shape[1])
    pixels = engine.memory / engine.bytes_per_pixel
    tiles = plan(
        mask, receptive_field=card.receptive_field, stride=card.stride, pixels=pixels, side=side
    )
    shape = (factor * frame.height, factor * frame.width)
    total, sums = np.zeros(shape, np.float32), [np.zeros(shape, np.float32)]
    for tile in tiles:
        answer = engine.infer(np.ascontiguousarray(x[:, *tile.seen.slices()]))
        parts = [part for part in in_gauss(answer, card.output) if part is not None]
        if len(sums) < len(parts):
            sums.append(np.zeros(shape, np.float32))
        reach = tile.core.grown(BLEND, tile.seen)
        there, here = reach.slices(factor), reach.slices(factor, origin=tile.seen)
        weight = share(tile.core, reach, factor)
        total[there] += weight
        for summed, part in zip(sums, parts, strict=True):
            summed[there] += weight * part[here]
    with np.errstate(invalid="ignore"):
        for summed in sums:
            summed /= total
    return sums[0], sums[1] if len(sums) > 1 else None


def share(core: Box, reach: Box, factor: int = 1) -> Plane:
    """How much a tile has to say in the pixels of its *reach*, relative to its neighbours.

    Along each axis it falls from 1 inside to 0 at BLEND pixels outside the core, linearly
    about the core's edge, where it is 1/2: two neighbours add up to 1.
    """
    down = _ramp(core.top, core.bottom, reach.top, reach.bottom, factor)
    along = _ramp(core.left, core.right, reach.left, reach.right, factor)
    return np.outer(down, along)


def _ramp(low: int, high: int, first: int, last: int, factor: int) -> Plane:
    position = (np.arange(factor * first, factor * last) + 0.5) / factor
    inside = np.minimum(position - low, high - position)
    return np.clip(0.5 + inside / (2.0 * BLEND), 0.0, 1.0).astype(np.float32)


def plan(
    mask: Mask, *, receptive_field: int, stride: int, pixels: float, side: int | None = None
) -> list[Tile]:
    """Tiles whose cores hold every pixel of *mask* once, of the least total area.

    The whole frame if it fits; else strips of equal height, each cut to the columns that
    the mask needs (which saves the corners of a disk) and divided if it is still too large.

    mask : (H, W), both multiples of *stride*, not all False
    pixels : how many a tile may show to the network
    side : longest side of a core, rounded up to *stride*; none leaves it to *pixels*

    Raises
    ------
    BadRequest : not even the smallest tile has as few pixels.
    """
    frame = Box(0, mask.shape[0], 0, mask.shape[1])
    if side is None and frame.area <= pixels:
        return [Tile(frame, frame)]
    longest = _up(min(side or max(mask.shape), max(mask.shape)), stride)
    margin = _up(receptive_field + BLEND, stride)
    smallest = min(_up(STEP, stride), longest)
    best: list[Tile] = []
    least = float("inf")
    measured = mask.any(axis=1)
    first = np.where(measured, mask.argmax(axis=1), frame.right)
    last = np.where(measured, frame.right - mask[:, ::-1].argmax(axis=1), 0)
    for height in sorted({*range(smallest, longest, smallest), longest}):
        tiles = [
            tile
            for strip in _strips(first, last, height, stride)
            for tile in _cut(strip, frame, margin, stride, pixels, longest)
        ]
        area = sum(tile.seen.area for tile in tiles)
        if area < least and all(tile.seen.area <= pixels for tile in tiles):
            best, least = tiles, area
    if not best:
        raise BadRequest(
            f"Tiles of {smallest + 2 * margin} pixels a side, the smallest for this network, do "
            "not fit into the memory given to it; raise enhance.memory."
        )
    return best


def _strips(first: Columns, last: Columns, height: int, stride: int) -> Iterator[Box]:
    """Bands of rows with their measured columns: from *first* to before *last* in each row."""
    rows = np.flatnonzero(last)
    end = _up(int(rows[-1]) + 1, stride)
    for top in range(int(rows[0]) // stride * stride, end, height):
        bottom = min(top + height, end)
        left, right = int(first[top:bottom].min()), int(last[top:bottom].max())
        if left < right:
            yield Box(top, bottom, left // stride * stride, _up(right, stride))


def _cut(
    strip: Box, frame: Box, margin: int, stride: int, pixels: float, longest: int
) -> Iterator[Tile]:
    """The strip in as few equal pieces as fit; one that does not fit if none does."""
    rows = strip.grown(margin, frame).height
    whole = strip.grown(margin, frame).area <= pixels
    room = strip.width if whole else int(pixels // rows - 2 * margin) // stride * stride
    pieces = -(-strip.width // max(min(room, longest), stride))
    width = _up(-(-strip.width // pieces), stride)
    for left in range(strip.left, strip.right, width):
        core = strip._replace(left=left, right=min(left + width, strip.right))
        yield Tile(core, core.grown(margin, frame))


def _up(length: int, stride: int) -> int:
    """*length* rounded up to a multiple of *stride*."""
    return -(-length // stride) * stride
