"""What becomes of the regions on seismic maps, and what they do for the map: two tables.

    python ops/seismic_regions.py [ARCHIVE]

ARCHIVE holds GONG's six maps of March 2014 and HMI's daily frames before and after. Each region
is looked for where and when it should rotate on; then the map is scored by what rotates on
behind the eastern limb, with the seismic tier and without, on the same days.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline import instruments, surface
from pipeline.archives import local
from pipeline.core import CarringtonGrid, SeismicRegions
from pipeline.scores.returning import PRODUCT, WIDTHS, daily_scores
from pipeline.scores.sightings import WithSightings, returned, verdicts
from pipeline.surface import Layer

GRID = CarringtonGrid(360, 180)
THRESHOLDS = (0.12, 0.14, 0.16)  # rad
TIER = "with the tier"
REACHED = timedelta(days=10)  # in which what a map shows comes to the strip
ERRORS = 2000  # samples of the mean over days


def sightings(archive: Path, threshold: float) -> tuple[SeismicRegions, ...]:
    """The regions of every map, in order of time."""
    maps = (archive / "farside.nso.edu").rglob("*.fits")
    found = [surface.seismic_regions(instruments.read(local(p)), threshold) for p in maps]
    return tuple(sorted(found, key=lambda sighting: sighting.observation.time))


def frames(archive: Path) -> Iterator[Layer]:
    """HMI's frames on the grid, in order of time."""
    for path in sorted((archive / "jsoc.stanford.edu").rglob("hmi.M_720s*.fits")):
        yield surface.observe(instruments.read(local(path)), GRID)


def judged(archive: Path, layers: Sequence[Layer]) -> Table:
    """Hits and false alarms beside chance, and the share that was heard of what rotated on."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("|phase| >", "judged", "hits", "false", "by chance", "heard of", "missed"):
        table.add_column(heading, justify="right")
    for threshold in THRESHOLDS:
        found = sightings(archive, threshold)
        ends, real = verdicts(found, layers, GRID), returned(found, layers, GRID)
        hits, heard = sum(end.hit for end in ends), sum(one.heard for one in real)
        chance = sum(end.chance for end in ends)
        counts = (len(ends), hits, len(ends) - hits, f"{chance:.1f}", heard, len(real) - heard)
        table.add_row(f"{threshold:.2f}", *(str(count) for count in counts))
    return table


def each(archive: Path, layers: Sequence[Layer]) -> Table:
    """Every region above the lowest threshold."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("seen", "lon", "lat", "phase", "judged", "nearest", "", "chance"):
        table.add_column(heading, justify="right")
    for end in verdicts(sightings(archive, THRESHOLDS[0]), layers, GRID):
        region = end.region
        table.add_row(
            f"{end.seen:%m-%d}",
            *(f"{region.lon:.0f}", f"{region.lat:.0f}", f"{region.phase:.2f}"),
            *(f"{end.judged:%m-%d}", f"{end.distance:.1f}°", "hit" if end.hit else "false"),
            f"{end.chance:.2f}",
        )
    return table


def skill(archive: Path, layers: Sequence[Layer]) -> Table:
    """Correlation in the strip that rotates on, without and with the tier."""
    found = sightings(archive, THRESHOLDS[0])
    times = [s.observation.time for s in found]
    days = [f.observation.time for f in layers if any(t < f.observation.time <= t + REACHED
            for t in times)]  # fmt: skip
    rival = {TIER: WithSightings(found)}
    scores = [score for _, score in daily_scores(layers, days, GRID, others=rival)]
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in (f"{len(scores)} days", "without", TIER, "gain"):
        table.add_column(heading, justify="right")
    rng = np.random.default_rng(0)
    for width in WIDTHS:
        plain, tier = (
            np.array([score[name].correlation[width] for score in scores])
            for name in (PRODUCT, TIER)
        )
        gain = tier - plain
        drawn = gain[rng.integers(gain.size, size=(ERRORS, gain.size))].mean(axis=1)
        row = f"{plain.mean():.3f}", f"{tier.mean():.3f}", f"{gain.mean():+.4f}±{drawn.std():.4f}"
        table.add_row(f"r {width}°", *row)
    return table


def main(archive: Path) -> None:
    page = Console(width=100, highlight=False)
    layers = tuple(frames(archive))
    for title, part in (("Regions", each), ("In all", judged), ("Returns", skill)):
        page.print(f"\n{title}")
        page.print(part(archive, layers))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/archive"))
