"""Pieces of a disk: small enough to hold many, large enough to draw patches from.

Knows: where on a disk pieces may lie, and that active ones teach more.
Refuses to know: how the pixels came about.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.data.scene import Scene

Window = tuple[slice, slice]

MEASURED = 0.5  # of a piece's pixels, at least
QUIET = 10.0  # G: added to a piece's mean unsigned field, so that quiet ones are drawn too


def windows(
    field: NDArray[np.float32], side: int, count: int, rng: np.random.Generator
) -> list[Window]:
    """*count* different squares of *side* pixels, at multiples of it, in order of place.

    Drawn in proportion to the mean unsigned field and :data:`QUIET`; fewer if there are
    fewer of which half is measured.
    """
    rows, columns = field.shape[0] // side, field.shape[1] // side
    blocks = field[: rows * side, : columns * side].reshape(rows, side, columns, side)
    measured = np.isfinite(blocks).mean(axis=(1, 3)).ravel()
    unsigned = np.nan_to_num(np.abs(blocks)).mean(axis=(1, 3)).ravel()
    weight = np.where(measured >= MEASURED, unsigned + QUIET, 0.0)
    count = min(count, int(np.count_nonzero(weight)))
    if not count:
        return []
    chosen = rng.choice(weight.size, count, replace=False, p=weight / weight.sum())
    corners = (divmod(int(n), columns) for n in np.sort(chosen))
    return [
        (slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side))
        for row, column in corners
    ]


def cut(scene: Scene, window: Window) -> Scene:
    """The piece of *scene* in *window*, whose sides are whole pixels of what was observed.

    The arrays are copies: the disk can be forgotten.
    """
    observed = scene.observed
    if observed is not None:
        factor = scene.field.shape[0] // observed.shape[0]
        rows, columns = (slice(w.start // factor, w.stop // factor) for w in window)
        observed = observed[rows, columns].copy()
    return replace(
        scene,
        field=scene.field[window].copy(),
        radius=scene.radius[window].copy(),
        observed=observed,
    )
