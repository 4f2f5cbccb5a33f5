"""How long hourly cycles take with the default settings and frames as large as the real ones.

``python ops/promptness.py --cycles 6`` writes a simulated Sun's frames of HMI (4096² pixels), GONG
(860²) and the beacon of STEREO-A (512², 195 and 304 Å), one of each an hour, serves them on
loopback, and makes cycle after cycle of them in one process, as the daemon does. Prints what each
cycle and each of its acts took. The first cycle begins from a synoptic map, opens the networks and
compiles; those after it are what an hour costs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from prometheus_client import REGISTRY
from rich.console import Console
from rich.table import Table

from pipeline import publish
from pipeline.core import CarringtonGrid, earth, from_gps, from_tai
from pipeline.cycle import run_cycle
from pipeline.service import memory
from pipeline.settings import ArchiveSettings, Settings
from pipeline.simulator.instruments import euvi, gong, gong_synoptic, hmi
from pipeline.simulator.server import ArchiveServer
from pipeline.simulator.sites import SITES
from pipeline.simulator.sun import Moment
from pipeline.surface.views import on_disk

GRID = CarringtonGrid(720, 360)
EPOCH = datetime(2014, 5, 20, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PROMISED = 120.0  # s
REGIONS = ((-44.0, 19.0, 3.0, -220.0), (-36.0, 17.0, 3.0, 220.0), (20.0, -15.0, 4.0, 260.0),
           (30.0, -13.0, 4.0, -260.0))  # fmt: skip  # west, latitude, width (deg), G


class Glow:
    """A corona that shines as its footpoints are magnetic; what it costs is its pixels."""

    def rate(self, moment: Moment, disk, size: int, wavelength: int):  # type: ignore[no-untyped-def]
        """DN/s of a perfect camera."""
        strength = on_disk(np.abs(moment.br), moment.grid, disk, (size, size))
        return np.nan_to_num(100.0 + 20.0 * strength)


def write_archive(root: Path, cycles: int) -> None:
    """The frames that so many hours need, dated as archives would."""
    lon, lat = GRID.mesh()
    br = 6.0 * np.sin(np.radians(lat)) ** 7
    for west, centre, width, strength in REGIONS:
        x = (lon - earth(EPOCH).carrington_longitude - west + 180.0) % 360.0 - 180.0
        x *= np.cos(np.radians(centre))
        br += strength * np.exp(-(x**2 + (lat - centre) ** 2) / (2 * width**2))
    sun = Moment(EPOCH, GRID, br.astype(np.float32), ())

    def dated(path: str, time: datetime) -> Path:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.utime(file, ((time + 15 * MINUTE).timestamp(),) * 2)
        return file

    synoptic = EPOCH - 25 * HOUR
    zqs = "gong2.nso.edu/oQR/zqs"
    path = root / f"{zqs}/{synoptic:%Y%m/mrzqs%y%m%d/mrzqs%y%m%dt%H%Mc0000_000.fits.gz}"
    gong_synoptic.write(path, 0.7 * GRID.block_mean(sun.br, gong_synoptic.GRID), synoptic, frames=1)
    for n in range(cycles):
        hour, rng = EPOCH + n * HOUR, np.random.default_rng(n)
        name = (
            f"jsoc.stanford.edu/data/hmi/fits/{hour:%Y/%m/%d/hmi.M_720s_nrt.%Y%m%d_%H0000_TAI}.fits"
        )
        hmi.write(root / name, sun, from_tai(hour.replace(tzinfo=None)), rng,
                  quality=hmi.NO_COSMIC_RAYS, quick_look=True)  # fmt: skip
        dated(name, hour)
        seen = hour - 5 * MINUTE
        name = f"gong2.nso.edu/oQR/bqa/{seen:%Y%m/bbbqa%y%m%d/bbbqa%y%m%dt%H%M}.fits.gz"
        when = from_gps(seen.replace(tzinfo=None))
        gong.write(root / name, gong.Look(sun, when, SITES[4], rng))
        dated(name, seen)
        for wavelength, minutes in ((195, 9), (304, 6)):
            seen = hour - minutes * MINUTE
            name = f"{euvi.BEACON_TREE}/{seen:%Y%m%d/%Y%m%d_%H%M%S}_n7euA.fts"
            euvi.write(root / name, sun, seen, rng, wavelength, Glow(), size=euvi.BEACON)
            dated(name, seen)


def stages() -> dict[str, float]:
    """Seconds that each act has taken so far."""
    (family,) = [f for f in REGISTRY.collect() if f.name == "allsun_stage_duration_seconds"]
    return {s.labels["stage"]: s.value for s in family.samples if s.name.endswith("_sum")}


def measure(folder: Path, cycles: int) -> list[dict[str, float]]:
    """Seconds of each cycle: on the clock, of processor time, and by act."""
    rows = []
    with ArchiveServer(folder / "archive") as server:
        settings = Settings(data=folder / "data", archives=ArchiveSettings(mirror=server.url))
        settings.data.mkdir()
        for n in range(cycles):
            before, wall, cpu = stages(), time.monotonic(), time.process_time()
            products = run_cycle(EPOCH + n * HOUR, settings)
            row = {"clock": time.monotonic() - wall, "processor": time.process_time() - cpu}
            memory.give_back()
            row |= {act: total - before.get(act, 0.0) for act, total in stages().items()}
            rows.append(row)
            used = [one["url"].rpartition("/")[2] for one in publish.describe(products)["inputs"]]
            sys.stderr.write(f"{n}: {row['clock']:.1f} s, {used}\n")
    return rows


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--cycles", type=int, default=6)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_archive(folder / "archive", options.cycles)
        rows = measure(folder, options.cycles)
    if options.json:
        print(json.dumps(rows))
        return
    table = Table("cycle", *rows[0], box=None)
    for n, row in enumerate(rows):
        table.add_row(f"{n}", *(f"{row.get(key, 0.0):.1f}" for key in rows[0]))
    Console(width=150).print(table)
    prompt = sum(row["clock"] <= PROMISED for row in rows)
    print(f"{prompt} of {len(rows)} cycles within {PROMISED:.0f} s, with {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
