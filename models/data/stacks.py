"""One frame of a series against the mean of its neighbours.

Knows: the derotated stack of Park et al. (2020, ApJL 891 L4), 21 frames of 45 s, without
the frame it is compared with: with it, a twenty-first of the noise would be in the truth.
Refuses to know: where the series lies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from models.data import disks, tiles
from models.data.resample import resample
from models.data.scene import Scene
from pipeline.core import SolarImage

FRAMES = 21  # of a stack, the one left out included
FEWEST = 0.75  # of the neighbours, that must have measured a pixel


def leave_one_out(
    frame: SolarImage, neighbours: Iterable[SolarImage], windows: Iterable[tiles.Window]
) -> list[Scene]:
    """Pieces of *frame* as what was observed, with the stack of its *neighbours* as truth.

    windows : the pieces, in pixels of *frame*
    neighbours : read one by one; each is looked at once

    Raises
    ------
    BadFile : *frame* is no full-disk magnetogram.
    """
    disk, whole, chosen = disks.disk_of(frame), disks.scene(frame), list(windows)
    pieces = [tiles.cut(whole, window) for window in chosen]
    sums = [np.zeros(piece.field.shape, np.float64) for piece in pieces]
    counts = [np.zeros(piece.field.shape, np.int32) for piece in pieces]
    frames = 0
    for neighbour in neighbours:
        frames += 1
        for window, total, count in zip(chosen, sums, counts, strict=True):
            seen = resample(neighbour, disk, window, frame.observation.time)
            total += np.nan_to_num(seen)
            count += np.isfinite(seen)
    return [
        replace(
            piece,
            field=np.where(
                count >= max(1.0, FEWEST * frames), total / np.maximum(count, 1), np.nan
            ).astype(np.float32),
            observed=piece.field,
        )
        for piece, total, count in zip(pieces, sums, counts, strict=True)
    ]
