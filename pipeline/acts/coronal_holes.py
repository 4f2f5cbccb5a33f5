"""Coronal holes that a camera saw, and how much of them a corona has.

Knows: what counts as a hole on an extreme-ultraviolet picture, and that dark is not always
open: filaments are dark, and bright loops in front hide holes near the limb. Refuses to know
how a corona is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.core import BadFile, BadRequest, CarringtonGrid, Corona, Disk, SolarImage
from pipeline.core.corona import HoleScore, ObservedHoles
from pipeline.surface.remap import cell_means
from pipeline.surface.rotation import rotate_labels

Cells = NDArray[np.bool_]

WAVELENGTHS = (193, 195)  # Å, Fe XII
# A hole is darker than 35 % of the disk's median at 193 Å (Hofmeister et al. 2017, ApJ 835, 268).
DARK = 0.35
MU_MIN = 0.5  # within 60° of disk centre; farther out loops in front hide what is dark
SMALLEST = 1e-3  # of the solar surface, 6e9 km²: what is smaller is mostly filament channel
FARTHEST = timedelta(days=1)  # between map and picture
DAY = timedelta(days=1)


def newest(
    images: Iterable[SolarImage], time: datetime, grid: CarringtonGrid, notes: list[str]
) -> ObservedHoles | None:
    """The holes on the first of *images* that shows any within a day of *time*, if one does.

    notes : receives what is wrong with a picture that shows none
    """
    for image in images:
        observation = image.observation
        if observation.wavelength in WAVELENGTHS and abs(time - observation.time) <= FARTHEST:
            try:
                return holes_at(time, image, grid)
            except BadFile as error:
                notes.append(str(error))
    return None


def holes_at(time: datetime, image: SolarImage, grid: CarringtonGrid) -> ObservedHoles:
    """The holes of :func:`observed_holes` and where they would be seen, rotated to *time*.

    Raises
    ------
    BadFile : the image is none of a solar disk at 193 or 195 Å, or shows nothing.
    BadRequest : it was taken more than a day from *time*.
    """
    observation = image.observation
    apart = time - observation.time
    if abs(apart) > FARTHEST:
        raise BadRequest(
            f"{observation.file.path}: it was taken {abs(apart) / DAY:.1f} days from the "
            f"map's time; give one within a day of {time:%Y-%m-%dT%H:%MZ}."
        )
    holes, looked = (
        rotate_labels(cells, grid, 0.0, apart / DAY) for cells in observed_holes(image, grid)
    )
    picture = f"{observation.instrument} {observation.wavelength} Å"
    return ObservedHoles(observation.time, picture, holes, looked)


def observed_holes(image: SolarImage, grid: CarringtonGrid) -> tuple[Cells, Cells]:
    """Cells of *grid* that are coronal holes on *image*, and those where one would be seen.

    Raises
    ------
    BadFile : the image is none of a solar disk at 193 or 195 Å, or shows nothing.
    """
    path, wavelength = image.observation.file.path, image.observation.wavelength
    remedy = "give a picture of AIA at 193 or of EUVI at 195 Å"
    if wavelength not in WAVELENGTHS or not isinstance(image.geometry, Disk):
        raise BadFile(path, "coronal holes are not looked for on it", remedy)
    disk = cell_means(image.data, image.mask, image.geometry, grid)
    known = disk.coverage > 0
    if not known.any() or (median := float(np.median(disk.mean[known]))) <= 0:
        raise BadFile(path, "it shows no solar disk", remedy)
    seen = known & (disk.mu > MU_MIN)
    return _large(seen & (disk.mean < DARK * median)), seen


def beside(corona: Corona, br: NDArray[np.floating], observed: ObservedHoles) -> Corona:
    """*corona*, with the holes that were *observed* and how its open field fares beside them.

    br : of the photosphere below, gauss, on the corona's grid
    """
    holes, opened = observed.holes, (corona.open_field != 0) & observed.looked
    flux, unsigned = _fluxes(br, holes, corona.grid)
    score = HoleScore(
        overlap=float((holes & opened).sum() / max((holes | opened).sum(), 1)),
        observed_area=float(holes.mean()),
        open_area=float(opened.mean()),
        observed_flux=flux,
        open_flux=_fluxes(br, opened, corona.grid)[0],
        unipolarity=flux / unsigned if unsigned else 0.0,
    )
    return replace(corona, observed=observed, hole_score=score)


def _large(dark: Cells) -> Cells:
    """What hangs together over more than the smallest area."""
    pieces, _ = _pieces(dark)
    size = np.bincount(pieces.ravel()) / dark.size
    size[0] = 0.0
    return np.asarray(size[pieces] > SMALLEST)


def _fluxes(br: NDArray[np.floating], cells: Cells, grid: CarringtonGrid) -> tuple[float, float]:
    """Net flux of every piece of *cells* without its sign, and the unsigned flux, Mx."""
    pieces, count = _pieces(cells)
    net = ndimage.sum_labels(br, pieces, np.arange(1, count + 1))
    area = grid.cell_area
    return float(np.abs(net).sum() * area), float(np.abs(br[cells]).sum() * area)


def _pieces(cells: Cells) -> tuple[NDArray[np.intp], int]:
    """Numbers from 1 of cells that hang together, across 360° too; 0 elsewhere."""
    pieces, count = ndimage.label(cells, np.ones((3, 3)))
    for left, right in zip(pieces[:, -1], pieces[:, 0], strict=True):
        if left and right and left != right:
            pieces[pieces == left] = right
    return np.asarray(pieces, np.intp), count
