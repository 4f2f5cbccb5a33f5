"""Hold the simulated Sun against real magnetograms: a table and a picture.

    python ops/simulator_statistics.py [ARCHIVE] [PICTURE]

GONG's synoptic maps show each longitude averaged over the days around its passage, so
the simulated Sun is averaged alike; HMI's frames are clipped, so it is clipped. GONG is
brought to the scale of HMI (Munoz-Jaramillo et al. 2024). All at one degree.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

from pipeline.core import CarringtonGrid, InputFile, earth, parse_utc
from pipeline.core.geometry import Floats
from pipeline.instruments import read
from pipeline.simulator.sun import simulate
from pipeline.surface import observe, regrid

mpl.use("agg")
import matplotlib.pyplot as plt

GRID = CarringtonGrid(360, 180)
GONG_SCALE = 0.7
CLIP = 250.0  # G, of the HMI frames at hand
SEEDS = (1, 2)
PASSAGE = 60.0  # deg from the central meridian that a synoptic map takes in
DAILY_TURN = 13.2  # deg
BANDS = ((0, 10), (10, 20), (20, 30), (30, 40), (40, 50))
ORDERS = ((1, 5), (5, 10), (10, 20), (20, 40), (40, 80), (80, 160))
LEVELS = np.geomspace(0.5, 2000.0, 37)

Maps = list[Floats]


def synoptic_maps(files: Iterable[Path]) -> Maps:
    return [regrid(read(InputFile(f, "", "")), GRID) / GONG_SCALE for f in files]


def averaged(date: datetime) -> Maps:
    """The simulated Suns as a synoptic map sees them, every longitude at its passage."""
    days = PASSAGE / DAILY_TURN
    offset = np.arange(-days, days, 1 / 24)
    weight = np.cos(np.radians(DAILY_TURN * offset)) ** 4
    return [
        np.average(
            [m.br for m in simulate(date - timedelta(days=days), offset.size, seed, GRID)],
            axis=0,
            weights=weight,
        )
        for seed in SEEDS
    ]


def hmi_frames(files: Iterable[Path]) -> Maps:
    """Radial field within 50° of the disk's centre, NaN elsewhere."""
    maps = []
    for file in files:
        image = read(InputFile(file, "", ""))
        maps.append(_near(observe(image, GRID).br, image.observation.time))
    return maps


def frames(dates: Iterable[datetime]) -> Maps:
    return [
        _near(np.clip(next(simulate(date, 1, seed, GRID)).br, -CLIP, CLIP), date)
        for seed in SEEDS
        for date in dates
    ]


def _near(br: Floats, time: datetime) -> Floats:
    observer = earth(time)
    return np.where(observer.mu(*GRID.mesh()) > np.cos(np.radians(50.0)), br, np.nan)


def exceedance(maps: Maps) -> Floats:
    """Fraction of the area with |B_r| above each level."""
    strength = np.abs(np.concatenate([m[np.isfinite(m)] for m in maps]))
    return np.array([(strength > level).mean() for level in LEVELS])


def by_latitude(maps: Maps) -> Floats:
    """Mean |B_r| of every row, gauss."""
    with np.errstate(invalid="ignore"):
        strength = np.abs(np.concatenate(maps, axis=1))
        count = np.isfinite(strength).sum(axis=1)
        return np.where(count > 0, np.nansum(strength, axis=1) / np.maximum(count, 1), np.nan)


def spectrum(maps: Maps) -> Floats:
    """Power of every order along longitude, G², between 45° south and north; all longitudes."""
    power = [np.abs(np.fft.rfft(np.nan_to_num(m), axis=1) / GRID.nlon) ** 2 for m in maps]
    shown = np.mean([np.isfinite(m).mean() for m in maps])
    return np.mean(power, axis=0)[np.abs(GRID.lat) < 45.0].mean(axis=0) / shown


def row(maps: Maps) -> list[float]:
    """The numbers of one line of the table."""
    strength = np.abs(np.concatenate([m[np.isfinite(m)] for m in maps]))
    lat, power = by_latitude(maps), spectrum(maps)
    south_too = np.abs(GRID.lat)
    in_bands = [lat[(south_too >= a) & (south_too < b)] for a, b in BANDS]
    return [
        float(strength.mean()),
        *np.percentile(strength, (50, 90, 99, 99.9)),
        *(float(values[np.isfinite(values)].mean()) for values in in_bands),
        *(float(power[a:b].mean()) for a, b in ORDERS),
    ]


def main(archive: Path, picture: Path) -> None:
    gong = archive / "gong.nso.edu/data/magmap/QR/bqs"
    hmi = sorted(archive.glob("jsoc.stanford.edu/data/hmi/fits/2014/*/*/*.fits"))[::10]
    epochs: dict[str, tuple[Maps, Callable[[], Maps]]] = {}
    old = sorted((archive / "extra/gong_synoptic").glob("*.fits.gz"))
    epochs["GONG 2006-07"] = (
        synoptic_maps(old),
        lambda: averaged(parse_utc("2006-11-15")) + averaged(parse_utc("2007-02-15")),
    )
    for date in ("2022-10-29", "2024-03-30", "2025-03-21"):
        month = gong / date[:7].replace("-", "")
        epochs[f"GONG {date}"] = (
            synoptic_maps(month.glob("*/*.fits.gz")),
            lambda date=date: averaged(parse_utc(date)),
        )
    epochs["HMI 2014"] = (
        hmi_frames(hmi),
        lambda: frames([parse_utc(f"2014-0{month}-15") for month in (1, 2, 3, 4)]),
    )
    titles = ["mean |B|", "50%", "90%", "99%", "99.9%"]
    titles += [f"{a}-{b}°" for a, b in BANDS] + [f"m{a}-{b}" for a, b in ORDERS]
    print(f"{'':22}", *(f"{t:>8}" for t in titles))
    figure, axes = plt.subplots(5, len(epochs), figsize=(16, 12), layout="constrained")
    for column, (name, (real, make)) in zip(axes.T, epochs.items(), strict=True):
        simulated = make()
        for who, maps in ((name, real), ("simulated", simulated)):
            print(f"{who:22}", *(f"{v:8.3g}" for v in row(maps)), flush=True)
        draw(column, name, real, simulated)
    figure.savefig(picture, dpi=70)
    Image.open(picture).convert("RGB").quantize(64).save(picture, optimize=True)


def draw(axes: list[plt.Axes], name: str, real: Maps, simulated: Maps) -> None:
    for panel, maps, label in ((axes[0], real, name), (axes[1], simulated, "simulated")):
        panel.imshow(
            maps[0],
            origin="lower",
            cmap="gray",
            vmin=-60,
            vmax=60,
            extent=(0, 360, -1, 1),
            aspect="auto",
        )
        panel.set(title=label, xlabel="longitude (deg)", ylabel="sine latitude")
    for maps, style, label in ((real, "k-", name), (simulated, "C1-", "simulated")):
        axes[2].loglog(LEVELS, exceedance(maps), style, label=label)
        axes[3].loglog(np.arange(1, 161), spectrum(maps)[1:161], style)
        axes[4].plot(GRID.lat, by_latitude(maps), style)
    axes[2].set(xlabel="|B_r| (G)", ylabel="fraction above", ylim=(1e-5, 1))
    axes[2].legend()
    axes[3].set(xlabel="order along longitude", ylabel="power (G²)")
    axes[4].set(xlabel="latitude (deg)", ylabel="mean |B_r| (G)", xlim=(-90, 90))


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    archive = given[0] if given else Path("../shared/archive")
    main(archive, given[1] if len(given) > 1 else Path("ops/guides/simulated_sun.png"))
