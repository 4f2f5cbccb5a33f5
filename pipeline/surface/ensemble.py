"""Many maps that could all be the Sun, carried by flows that could all be its own.

Knows: how members come to be, are carried, disagree, and are brought to another number.
Refuses to know: what an observation says. The map is the mean of its members.

Of the quiet-Sun flux that emerges a part is common to all members, so that the network does
not average away in their mean; the rest, like the flow, is each member's own. Draws follow
from times and numbers alone: the same step is the same wherever and whenever it is made.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, GlobalMap
from pipeline.surface.flows import Flow, member
from pipeline.surface.transport import blur, renew

Single = NDArray[np.float32]

COMMON = 0.8  # of the variance of what emerges; the mean of many keeps .9 of its amplitude
# deg, over which errors of a look are alike; wider, members would differ more from frame to
# frame than frames do: at 4° those of consecutive days correlate by .96.
ERROR_WIDTH = 1.0


def with_members(state: GlobalMap, number: int) -> GlobalMap:
    """*state* with *number* members, about the same mean.

    Those there are stay while there is room; further ones mirror them about the mean, and
    part from them by their own flow and emergence. A map without members begins with copies.
    """
    old = members_of(state)
    if state.members is not None and len(old) == number:
        return state
    departures = old - old.mean(axis=0, dtype=np.float64)
    rounds = -(-number // len(old))
    grown = np.concatenate([(-1) ** n * departures for n in range(rounds)])[:number]
    return replace(state, members=centred(grown, state.br))


def members_of(state: GlobalMap) -> Single:
    """The members (n, nlat, nlon), gauss; of a map without any, the map itself."""
    return state.br[np.newaxis] if state.members is None else state.members


def centred(members: NDArray[np.floating], br: Single) -> Single:
    """*members* moved so that their mean is *br*."""
    return np.asarray(members - members.mean(axis=0, dtype=np.float64) + br, dtype=np.float32)


def carried(
    members: Single, grid: CarringtonGrid, start: datetime, stop: datetime, base: Flow
) -> Single:
    """Every member carried from *start* to *stop* by its own flow, with its own emergence."""
    days = (stop - start).total_seconds() / 86400.0
    common = _white(grid, start, stop, 0)
    if len(members) == 1:
        return renew(members[0], grid, days, base, common)[np.newaxis]
    common *= np.float32(math.sqrt(COMMON))
    after = np.empty_like(members)
    for n, field in enumerate(members):
        white = _white(grid, start, stop, n + 1)
        white *= np.float32(math.sqrt(1.0 - COMMON))
        white += common
        after[n] = renew(field, grid, days, member(base, n), white)
    return after


def spread(members: Single) -> NDArray[np.float64]:
    """Standard deviation among members, gauss; zero of one."""
    if len(members) == 1:
        return np.zeros(members.shape[1:])
    return np.asarray(members.std(axis=0, ddof=1, dtype=np.float64))


def doubts(grid: CarringtonGrid, number: int, seed: int) -> Single:
    """Smooth unit errors (number, nlat, nlon) without common part, another set per *seed*."""
    patterns = _patterns(grid, number)
    return np.roll(patterns, int(np.random.default_rng(seed).integers(grid.nlon)), axis=-1)


@lru_cache(maxsize=2)
def _patterns(grid: CarringtonGrid, number: int) -> Single:
    rng = np.random.default_rng(0)
    fields = np.empty((number, *grid.shape), np.float32)
    for n in range(number):
        smooth = blur(rng.standard_normal(grid.shape), grid, ERROR_WIDTH)
        fields[n] = smooth / smooth.std()
    if number > 1:
        fields = (fields - fields.mean(axis=0)) * np.float32(math.sqrt(number / (number - 1)))
    return fields if number > 1 else np.zeros_like(fields)


def _white(grid: CarringtonGrid, start: datetime, stop: datetime, number: int) -> Single:
    seed = [*(int(t.timestamp()) % 2**32 for t in (start, stop)), number]
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, grid.nlat, 2 * (grid.nlon // 2 + 1)), dtype=np.float32)
