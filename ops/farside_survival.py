"""How many active regions survive unseen, from real frames: what ``surface.tracks`` rests on.

    python ops/farside_survival.py ARCHIVE

Every HMI frame of the archive is read, its regions are carried to the time of another by the
map's flow, and those are counted that have a region within 10°, where both frames look within
50° of the central meridian. Chance is what the same regions, turned to other longitudes or the
other hemisphere, have there. Some three minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import archives, instruments, surface
from pipeline.core import CarringtonGrid, Observer
from pipeline.surface.regions import REACH, centres_of
from pipeline.surface.transport import Flow, transport

GRID = CarringtonGrid(360, 180)
VIEW = 50.0  # deg from the central meridian
GAPS = (1, 2, 3, 4, 5, 20, 21, 22, 23, 24, 25)  # days from frame to frame
SLACK = 0.3
TURNS = [(turn, lat) for turn in range(-100, 101, 20) for lat in (1, -1) if (turn, lat) != (0, 1)]

Floats = NDArray[np.float64]


def main(archive: str) -> None:
    """Print the table."""
    frames = [read(path) for path in sorted(Path(archive).rglob("hmi.M_720s.*.fits"))]
    print("days  regions  near one  by chance  beyond chance")
    for gap in GAPS:
        hits, chances = list[bool](), list[bool]()
        for day, observer, br in frames:
            for later, there, seen in frames:
                if abs(later - day - gap) < SLACK:
                    places = centres_of(transport(br, GRID, later - day, Flow()), GRID)
                    found = places[within(places, there) & within(places, observer)]
                    real = centres_of(seen, GRID)
                    hits += near(found, real)
                    for turn, lat in TURNS:
                        moved = turned(found, turn) * np.array([1.0, 1.0, lat])
                        chances += near(moved[within(moved, there)], real)
        share, chance = np.mean(hits), np.mean(chances)
        beyond = (share - chance) / (1.0 - chance)
        print(f"{gap:4}  {len(hits):7}  {share:8.2f}  {chance:9.2f}  {beyond:13.2f}")


def read(path: Path) -> tuple[float, Observer, Floats]:
    """Day of a frame, who saw it, and its radial field on the grid; 0 where nobody looked."""
    layer = surface.observe(instruments.read(archives.local(path)), GRID)
    observation = layer.observation
    return observation.time.timestamp() / 86400.0, observation.observer, np.nan_to_num(layer.br)


def within(places: Floats, observer: Observer) -> NDArray[np.bool_]:
    """Which unit vectors (n, 3) lie near the central meridian."""
    lon = np.degrees(np.arctan2(places[:, 1], places[:, 0]))
    return np.abs((lon - observer.carrington_longitude + 180.0) % 360.0 - 180.0) < VIEW


def near(places: Floats, others: Floats) -> list[bool]:
    """Which of *places* have one of *others* within reach."""
    return list((places @ others.T >= np.cos(np.radians(REACH))).any(axis=1))


def turned(places: Floats, deg: float) -> Floats:
    """Unit vectors (n, 3) turned about the Sun's axis."""
    sine, cosine = np.sin(np.radians(deg)), np.cos(np.radians(deg))
    return places @ np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


if __name__ == "__main__":
    main(*sys.argv[1:])
