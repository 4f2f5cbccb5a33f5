"""A product file against the truth: reading both, scoring what can be scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import corona, publish
from pipeline.core import BadFile, BadRequest, CarringtonGrid, Corona, GlobalMap
from pipeline.scores.coronae import CoronaScore, score_corona
from pipeline.scores.maps import MapScore, score_map
from pipeline.simulator.truth import read_truth

Floats = NDArray[np.float64]

NO_CORONA = "corona: no corona product of the same set lies beside the map"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A map, the truth and the scores.

    truth : gauss, on the map's grid
    maps : by sector and source
    corona : None if no corona product lies beside the map
    absent : what could not be scored, and why
    """

    map_: GlobalMap
    truth: Floats
    maps: tuple[MapScore, ...]
    corona: CoronaScore | None
    absent: tuple[str, ...]


def compare(product: Path, truth: Path) -> Comparison:
    """Score the synchronic map in *product*, and the corona of its set, against *truth*.

    truth : a truth file, the folder of a simulation, or another synchronic product. The
        true corona is extrapolated from it as the product's was from the map.

    Raises
    ------
    BadFile : a file is missing, broken, has gaps, or is coarser than what it shall judge.
    BadRequest : the truth does not hold the map's valid time.
    """
    map_ = publish.read_map(product)
    _check_whole(product, map_.br)
    true = _read(truth, map_)
    scores = score_map(map_, true)
    beside = publish.beside(product, "corona")
    if beside is None:
        return Comparison(map_, true, scores, None, (NO_CORONA,))
    given = publish.read_corona(beside)
    above = corona.extrapolate(
        _averaged(product, true, map_.grid, given.grid), given.grid, given.time, _recipe(given)
    )
    return Comparison(map_, true, scores, score_corona(given, above), ())


def _recipe(given: Corona) -> corona.Recipe:
    """What *given* was made by, without its ensemble."""
    radius, wind = given.source_surface_radius, given.wind
    return corona.Recipe(
        source_surface_radius=radius,
        radial_cells=given.radial_cells,
        spread=(radius,),
        start_radius=given.start_radius,
        law=wind.law,
        expansion="total" if wind.expansion == "total" else "radial",
        current_sheet=wind.outflow_radius if wind.outflow_radius > radius else None,
    )


def _read(path: Path, map_: GlobalMap) -> Floats:
    """The true field at the map's valid time on the map's grid."""
    if path.is_dir() or "br_sigma" not in publish.variables(path):
        moment = read_truth(path, map_.time)
        br, grid = moment.br, moment.grid
    else:
        other = publish.read_map(path)
        if other.time != map_.time:
            raise BadRequest(
                f"{path}: it is valid at {other.time:%Y-%m-%dT%H:%MZ}, the map at "
                f"{map_.time:%Y-%m-%dT%H:%MZ}; give one of the same time."
            )
        br, grid = other.br, other.grid
    _check_whole(path, br)
    return _averaged(path, br, grid, map_.grid)


def _averaged(
    path: Path, br: NDArray[np.floating], fine: CarringtonGrid, coarse: CarringtonGrid
) -> Floats:
    if fine.nlon % coarse.nlon or fine.nlat % coarse.nlat:
        raise BadFile(
            path,
            f"its {fine.nlon}x{fine.nlat} cells cannot be averaged to {coarse.nlon}x{coarse.nlat}",
            "compare it with what is on the same grid, or on one that it subdivides",
        )
    return fine.block_mean(br, coarse)


def _check_whole(path: Path, br: NDArray[np.floating]) -> None:
    gaps = np.count_nonzero(~np.isfinite(br))
    if gaps:
        raise BadFile(path, f"{gaps} cells have no value", "give a map of the whole sphere")
