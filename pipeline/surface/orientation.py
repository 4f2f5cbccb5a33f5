"""Is a frame the right way round? Only a map of the days before can tell.

The header of a disk in the middle of its picture says nothing about a flip. But flux
lives for days, so a frame that fits the carried map far better upside down or mirrored
than as it stands was written the wrong way round.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.core import BadFile, CarringtonGrid, Disk, GlobalMap, SolarImage
from pipeline.surface.assimilation import Layer, forecast, observe

# Mapped HMI frames of consecutive days correlate by .9 at 2°, mirrored ones by 0 ± .1.
FITS = 0.4
CLEARLY_BETTER = 0.3
KNOWN_HOURS = 72.0
MIN_CELLS = 200
COARSE = CarringtonGrid(180, 90)
FLIPS = {
    "upside down": (slice(None, None, -1), slice(None)),
    "mirrored": (slice(None), slice(None, None, -1)),
    "turned by 180 degrees": (slice(None, None, -1), slice(None, None, -1)),
}


def require_upright(state: GlobalMap, image: SolarImage, layer: Layer) -> None:
    """Refuse an *image* that fits *state* clearly better turned than as it stands.

    layer : the image as observed upright, on the grid of *state*

    Raises
    ------
    BadFile : the frame is upside down, mirrored, turned by 180 degrees or of reversed polarity.
    """
    disk = image.geometry
    upright = _agreement(state, layer)
    if not isinstance(disk, Disk) or np.isnan(upright) or upright > FITS:
        return
    fits = {"with reversed polarity": -upright}
    for how in FLIPS:
        fits[how] = _agreement(state, observe(_turn(image, disk, how), state.grid))
    best = max(fits, key=lambda how: fits[how])
    if fits[best] > upright + CLEARLY_BETTER:
        problem = (
            f"it fits the map of the days before by a correlation of {upright:.2f} as it stands, "
            f"but {best} by {fits[best]:.2f}"
        )
        raise BadFile(image.observation.file.path, problem, "take the next frame")


def _agreement(state: GlobalMap, layer: Layer) -> float:
    """Correlation at 2° where *layer* sees what *state* knows; NaN where it knows too little."""
    mean = replace(state, members=None)
    carried = forecast(mean, max(state.time, layer.observation.time))
    known = np.isfinite(layer.br) & (carried.age < KNOWN_HOURS)
    share = state.grid.block_mean(known.astype(np.float64), COARSE)
    cells = share > 0.5
    if np.count_nonzero(cells) < MIN_CELLS:
        return float("nan")
    seen, expected = (
        state.grid.block_mean(np.where(known, br, 0.0), COARSE)[cells] / share[cells]
        for br in (layer.br, carried.br)
    )
    return float(np.corrcoef(seen, expected)[0, 1])


def _turn(image: SolarImage, disk: Disk, how: str) -> SolarImage:
    """The same header around the picture turned as FLIPS says."""
    rows, columns = FLIPS[how]
    ny, nx = image.data.shape
    x0 = disk.x0 if columns.step is None else nx - 1 - disk.x0
    y0 = disk.y0 if rows.step is None else ny - 1 - disk.y0
    return replace(
        image,
        data=np.ascontiguousarray(image.data[rows, columns]),
        mask=np.ascontiguousarray(image.mask[rows, columns]),
        geometry=replace(disk, x0=x0, y0=y0),
    )
