"""The polar caps: mostly out of sight, and yet they rule the corona.

Half the year a pole is tilted away (B0 up to 7.25°), and never seen better than at mu = .13.
What transport brings there is held to what the high latitudes that are seen say of it. At
activity minimum the mean field goes as the eighth power of sine latitude (Svalgaard, Duvall &
Scherrer 1978, Solar Phys. 58, 225); near maximum flux of the other sign has come up to the
rim of the cap and weakens it from there. So a level and a part that goes as the eighth power
are fitted to the rows that are seen, and meet in the cap. Only the mean of the unseen part is
drawn, slowly; its structure stays, so a cap that comes into view again finds its own pattern,
and nothing can stand out as a spike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.core import GlobalMap, Source
from pipeline.surface.ensemble import members_of

CAP, RING = 70.0, 55.0  # deg of latitude where the unseen cap and the seen ring begin
SEEN_HOURS = 27.3 * 24.0  # a rotation shows every longitude of a ring
MEMORY_DAYS = 27.0  # within which a wrong mean is forgotten
ENOUGH = 0.5  # of the ring, to speak for the cap
STEEPEST = 3.0  # times what the rows that are seen have in root mean square, at most
POWER = 8


def constrain_poles(state: GlobalMap, days: float) -> GlobalMap:
    """Draw the mean of each cap, where long unseen, to what the rows around it say of it.

    days : since this was last done
    """
    grid, members = state.grid, members_of(state).copy()
    source = state.source.copy()
    lat = grid.mesh()[1]
    seen = state.age <= SEEN_HOURS  # False where never
    share = -np.expm1(-days / MEMORY_DAYS)
    for hemisphere in (-1, 1):
        north = hemisphere * lat
        around = (north >= RING) & (north < CAP)
        cap = (north >= CAP) & ~seen
        if (around & seen).sum() < ENOUGH * around.sum() or not cap.any():
            continue
        missing = _expected(members, (north >= RING) & seen, cap, np.abs(np.sin(np.radians(lat))))
        missing -= members[:, cap].mean(axis=1, dtype=np.float64)
        members[:, cap] += (share * missing).astype(np.float32)[:, np.newaxis]
        source[cap] = Source.POLAR
    return replace(
        state,
        br=members.mean(axis=0, dtype=np.float64).astype(np.float32),
        members=None if state.members is None else members,
        source=source,
    )


def _expected(
    members: NDArray[np.float32],
    seen: NDArray[np.bool_],
    cap: NDArray[np.bool_],
    sine: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Mean field of every member in the cap, gauss (n,), by the rows that are *seen*."""
    profile, fields = sine[seen] ** POWER, members[:, seen].astype(np.float64)
    level = fields.mean(axis=1)
    about = profile - profile.mean()
    steepness = fields @ about / (about @ about)
    bound = STEEPEST * np.hypot(level, steepness * about.std())
    expected = level + steepness * ((sine[cap] ** POWER).mean() - profile.mean())
    return np.asarray(np.clip(expected, -bound, bound))
