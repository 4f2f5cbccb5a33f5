"""Fit how bright the corona is above a magnetic field, on the one real pair of both.

    python ops/euv_calibration.py [ARCHIVE]

HMI and AIA of 2014-01-01 are averaged onto the Carrington grid; the relations of
``pipeline/simulator/euv.py`` are fitted on one half of the disk and tried on the other.
Then: what they leave, how it correlates in space and between channels, how much darker
the coronal hole is, and how the light falls beyond the limb.

The published fit divided nothing by mu, so its limb terms also make up for the field that
foreshortening hides; they are not those found here. The hole is what is dark at 193 Å, so
its offset there is chosen by what it measures; it takes no part in the fits.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Disk, InputFile, SolarImage
from pipeline.core.geometry import Floats
from pipeline.instruments import read
from pipeline.simulator.euv import FAR_WIDTH, LIMB_MU, SATURATION, magnetisation, smooth
from pipeline.surface.remap import cell_means, radial_field

Mask = NDArray[np.bool_]

CHANNELS = (94, 131, 171, 193, 211, 335)
FINE, GRID = CarringtonGrid(1440, 720), CarringtonGrid(720, 360)
HMI = "jsoc.stanford.edu/data/hmi/fits/2014/01/01/hmi.M_720s.20140101_000000_TAI.fits"
AIA = "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000/AIA20140101_0000_{:04d}.fits"
NEAR_WIDTH = 1.0  # deg; widths between .5 and 1.5 deg do within .002 dex as well
# B_los/mu exaggerates the weak field off disk centre, where it is noise and inclined: its
# mean in the quiet Sun is this many gauss divided by mu.
QUIET = 3.2
DARK = 60.0  # DN/s at 193 Å, smoothed by a degree: nothing but the hole is darker inside 45 deg
# science: level, near (px), far (px), limb1, limb2, scatter, hole, in the form fitted in the
# plane of the image with widths in pixels of 2.17 arcsec.
PUBLISHED = {
    94: (-0.38, 0.39, 6, 1.24, 40, 2.49, -2.82, 0.187, -0.35),
    131: (0.51, 0.36, 4, 0.64, 24, 1.48, -0.95, 0.156, -0.26),
    171: (2.02, 0.32, 4, 0.36, 16, 1.21, -0.52, 0.185, -0.11),
    193: (2.14, 0.49, 8, 0.55, 60, 2.11, -2.19, 0.195, -0.59),
    211: (1.65, 0.47, 8, 0.92, 60, 1.96, -1.92, 0.205, -0.71),
    335: (0.15, 0.31, 6, 1.01, 40, 1.75, -1.47, 0.166, -0.46),
}


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What was seen on 2014-01-01, on *GRID*.

    terms : (5, nlat, nlon), what the coefficients level, near, far, limb1, limb2 multiply
    light : log10 DN/s by channel
    usable : cells with mu above LIMB_MU and outside the hole
    """

    terms: Floats
    light: dict[int, Floats]
    mu: Floats
    usable: Mask
    hole: Mask
    west: Mask


def main(archive: Path) -> None:
    missing = [p for p in (HMI, *map(AIA.format, CHANNELS)) if not (archive / p).is_file()]
    if missing:
        sys.exit(f"{archive / missing[0]} is absent: give the folder of real observations.")
    images = {wl: _read(archive / AIA.format(wl)) for wl in CHANNELS}
    pair = observe(_read(archive / HMI), images)
    fits = {wl: fit(pair, pair.light[wl], pair.usable) for wl in CHANNELS}
    residuals = {wl: pair.light[wl] - np.tensordot(fits[wl], pair.terms, axes=1) for wl in CHANNELS}
    print_relations(pair, fits, residuals)
    print_texture(pair, residuals)
    print_limb(pair, fits, images)


def observe(magnetogram: SolarImage, images: dict[int, SolarImage]) -> Pair:
    """The pair, averaged over the cells of the grid."""
    disk = _disk(magnetogram)
    br = radial_field(magnetogram.data, disk)
    cells = cell_means(br, magnetogram.mask, disk, FINE, mu_min=0.12)
    seen = np.isfinite(cells.mean)
    share = FINE.block_mean(seen, GRID)
    mu = FINE.block_mean(np.where(seen, cells.mu, 0.0), GRID)
    strength = FINE.block_mean(np.where(seen, np.minimum(np.abs(cells.mean), SATURATION), 0), GRID)
    excess = QUIET * (1.0 / np.maximum(mu, 0.05) - 1.0)
    near, far = (
        magnetisation(
            np.maximum(
                smooth(strength, GRID, width) / np.maximum(smooth(share, GRID, width), 0.01)
                - excess,
                0.0,
            )
        )
        for width in (NEAR_WIDTH, FAR_WIDTH)
    )
    z = -np.log10(np.maximum(mu, 0.05))
    brightness = {
        wl: np.nan_to_num(cell_means(i.data, i.mask, _disk(i), GRID).mean)
        for wl, i in images.items()
    }
    lon, lat = GRID.mesh()
    inside = (mu > LIMB_MU) & np.logical_and.reduce([b > 0.0 for b in brightness.values()])
    dark = smooth(brightness[193], GRID, 1.0) < DARK
    hole = inside & dark & (np.abs(lat) < 45.0) & (mu > 0.5)
    return Pair(
        terms=np.stack([np.ones(GRID.shape), near, far, z, z**2]),
        light={wl: np.log10(np.maximum(b, 1e-3)) for wl, b in brightness.items()},
        mu=mu,
        usable=inside & ~(smooth(hole, GRID, 1.0) > 0.1),
        hole=hole,
        west=(lon - disk.observer.carrington_longitude) % 360.0 < 180.0,
    )


def fit(pair: Pair, light: Floats, where: Mask) -> Floats:
    """Least-squares coefficients of the relation in the cells *where*."""
    return np.asarray(np.linalg.lstsq(pair.terms[:, where].T, light[where], rcond=None)[0])


def print_relations(pair: Pair, fits: dict[int, Floats], residuals: dict[int, Floats]) -> None:
    print("Published (plane of the image, own widths [px]) and fitted here (sphere, 1 and 5 deg).")
    print("r and s: correlation and residual [dex] on the half of the disk that was not fitted.")
    print("        level   near     far    limb1  limb2   scatter  hole      r   s (E>W, W>E)")
    for wl, coefficients in fits.items():
        level, near, px1, far, px2, limb1, limb2, scatter, hole = PUBLISHED[wl]
        print(
            f"{wl:4} Å  {level:5.2f}  {near:.2f} ({px1})  {far:.2f} ({px2:2})"
            f"  {limb1:5.2f}  {limb2:5.2f}   {scatter:.3f}  {hole:5.2f}   published"
        )
        tried = [_tried(pair, wl, pair.west == side) for side in (False, True)]
        a, b, c, d, e = coefficients
        print(
            f"        {a:5.2f}  {b:.2f}      {c:.2f}       {d:5.2f}  {e:5.2f}"
            f"   {residuals[wl][pair.usable].std():.3f}  {residuals[wl][pair.hole].mean():5.2f}   "
            + ", ".join(f"{r:.2f} {s:.3f}" for r, s in tried)
        )


def print_texture(pair: Pair, residuals: dict[int, Floats]) -> None:
    print("\nResidual [dex] where the mean field over 5 deg is 9 G, and its growth with x(5 deg)")
    far = pair.terms[2][pair.usable]
    for wl, r in residuals.items():
        typical = np.abs(r[pair.usable]) * np.sqrt(np.pi / 2.0)
        slope, scatter = np.polyfit(far, typical, 1)
        print(f"{wl:4} Å  {scatter:.3f} (1 + {slope / scatter:.2f} x)")
    print("\nCorrelation of the residuals between channels")
    values = np.stack([r[pair.usable] for r in residuals.values()])
    print("       " + "".join(f"{wl:6}" for wl in residuals))
    for wl, row in zip(residuals, np.atleast_2d(np.corrcoef(values)), strict=True):
        print(f"{wl:4} Å " + "".join(f"{value:6.2f}" for value in row))
    print("\nand along circles of latitude within 40 deg of the equator, by distance [deg]")
    rows = np.abs(GRID.lat) < 40.0
    scale = float(np.cos(np.radians(GRID.lat[rows])).mean())
    steps = (1, 2, 4, 6, 10, 14, 20, 30)
    print("       " + "".join(f"{0.5 * n * scale:6.1f}" for n in steps) + "   falls by e over")
    for wl, residual in residuals.items():
        r = np.where(pair.usable, residual - residual[pair.usable].mean(), np.nan)[rows]
        correlation = [np.nanmean(r * np.roll(r, -n, axis=1)) / np.nanmean(r * r) for n in steps]
        length = scale * 0.5 * float(np.interp(-np.exp(-1.0), -np.array(correlation), steps))
        print(f"{wl:4} Å " + "".join(f"{c:6.2f}" for c in correlation) + f"   {length:.1f} deg")


def print_limb(pair: Pair, fits: dict[int, Floats], images: dict[int, SolarImage]) -> None:
    print("\nThe limb against the same places from above, and the scale height beyond it")
    annulus = pair.usable & (pair.mu < 0.5)
    for wl, image in images.items():
        disk = _disk(image)
        y, x = np.indices(image.data.shape)
        r = np.hypot(x - disk.x0, y - disk.y0) / disk.radius
        edges = np.linspace(1.005, 1.125, 13)
        rings = [
            float(np.median(np.log10(np.maximum(image.data[(r >= a) & (r < b)], 1e-3))))
            for a, b in pairwise(edges)
        ]
        slope, at_limb = np.polyfit(edges[:-1] + 0.005 - 1.0, rings, 1)
        from_above = pair.light[wl] - np.tensordot(fits[wl][3:], pair.terms[3:], axes=1)
        rim = at_limb - float(np.median(from_above[annulus]))
        print(f"{wl:4} Å  rim {rim:4.2f} dex, scale height {-np.log10(np.e) / slope:.3f} radii")


def _tried(pair: Pair, wavelength: int, trained: Mask) -> tuple[float, float]:
    """Correlation and residual outside the half *trained* of the relation fitted inside it."""
    light = pair.light[wavelength]
    predicted = np.tensordot(fit(pair, light, pair.usable & trained), pair.terms, axes=1)
    rest = pair.usable & ~trained
    r = np.corrcoef(light[rest], predicted[rest])[0, 1]
    return float(r), float((light - predicted)[rest].std())


def _read(path: Path) -> SolarImage:
    return read(InputFile(path, "", ""))


def _disk(image: SolarImage) -> Disk:
    if not isinstance(image.geometry, Disk):
        raise TypeError(f"{image.observation.file.path} shows no disk")
    return image.geometry


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/archive"))
