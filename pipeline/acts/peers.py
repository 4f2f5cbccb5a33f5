"""Global maps of others, to begin from or to be held against: GONG's, ADAPT's, HMI's, our own.

Knows: how a whole-Sun map in a file of any kind becomes a field on a grid.
Refuses to know: what it is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import archives, instruments, publish, surface
from pipeline.core import BadRequest, CarringtonGrid, Quantity, SolarImage


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """A map of the radial field.

    name : instrument or product; time : UTC
    br : gauss as the file has it, float64 (nlat, nlon), NaN in gaps
    """

    name: str
    time: datetime
    grid: CarringtonGrid
    br: NDArray[np.float64]


def read(path: Path, grid: CarringtonGrid, realisation: int | None = None) -> Peer:
    """The map in a file, on *grid*.

    realisation : which of ADAPT's, from 1; none takes their mean

    Raises
    ------
    BadFile : it is no map of the whole Sun.
    BadRequest : there is no such realisation, or the grid of a product is too coarse.
    """
    if path.suffix == ".nc":
        state = publish.read_map(path)
        if state.grid.nlon % grid.nlon or state.grid.nlat % grid.nlat:
            raise BadRequest(
                f"{path}: its {state.grid.nlon}x{state.grid.nlat} cells cannot be averaged to "
                f"{grid.nlon}x{grid.nlat}; compare it with a map on the same grid or a coarser one."
            )
        return Peer("allsun", state.time, grid, state.grid.block_mean(state.br, grid))
    image = choose(path, realisation)
    if image.observation.quantity is Quantity.B_LOS:
        image = surface.radial_map(image)
    name, time = image.observation.instrument, image.observation.time
    return Peer(name, time, grid, surface.regrid_seen(image, grid))


def choose(path: Path, realisation: int | None = None) -> SolarImage:
    """The image in a file; of ADAPT's the *realisation* from 1, or their mean.

    Raises
    ------
    BadFile : the file cannot be used.
    BadRequest : there is no such realisation.
    """
    file = archives.local(path)
    if realisation is None:
        return instruments.read(file)
    every = instruments.read_realisations(file)
    if not 1 <= realisation <= len(every):
        raise BadRequest(
            f"{path}: it has no realisation {realisation}; give one of 1 to {len(every)}."
        )
    return every[realisation - 1]
