"""How a corona looks from afar.

Knows: where a place above the Sun lies on an observer's sky, and what the disk hides. Refuses to
know: how it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.core import Corona, Observer
from pipeline.core.geometry import Floats


def seen(corona: Corona, observer: Observer) -> dict[int, list[Floats]]:
    """By polarity, 0 where closed, what *observer* sees of every line, (n, 2) from disk centre."""
    found: dict[int, list[Floats]] = {0: [], -1: [], 1: []}
    for line in corona.lines:
        west, north, near = on_the_sky(line, observer)
        behind = (near < 0.0) & (np.hypot(west, north) < 1.0)
        rise = line[-1, 2] - line[0, 2]
        polarity = int(np.sign(rise)) if abs(rise) > 0.1 else 0
        found[polarity] += list(_runs(np.stack([west, north], axis=1), ~behind))
    return found


def on_the_sky(line: Floats, observer: Observer) -> tuple[Floats, Floats, Floats]:
    """Solar radii from disk centre westward, northward and towards a far *observer*.

    line : (n, 3), lon, lat (deg) and radius (solar radii)
    """
    lon, lat = np.radians(line[:, 0] - observer.carrington_longitude), np.radians(line[:, 1])
    tilt, radius = np.radians(observer.latitude), line[:, 2]
    meridian = radius * np.cos(lat) * np.cos(lon)
    upward = radius * np.sin(lat)
    return (
        radius * np.cos(lat) * np.sin(lon),
        upward * np.cos(tilt) - meridian * np.sin(tilt),
        upward * np.sin(tilt) + meridian * np.cos(tilt),
    )


def _runs(points: Floats, shown: NDArray[np.bool_]) -> Iterator[Floats]:
    """The stretches of a line that are shown."""
    cuts = np.flatnonzero(np.diff(shown)) + 1
    for piece, visible in zip(np.split(points, cuts), np.split(shown, cuts), strict=True):
        if visible[0] and len(piece) > 1:
            yield piece
