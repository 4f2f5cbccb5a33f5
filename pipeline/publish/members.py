"""The ensemble behind a map, packed: what the next cycle carries on, and who wants the spread.

The map itself is the mean of its members, so the file holds how far each departs from it, in
steps of a tenth of a gauss, which is far below any error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.core import BadFile, GlobalMap
from pipeline.publish import contract
from pipeline.publish.attributes import global_attributes
from pipeline.publish.netcdf import load, save
from pipeline.publish.provenance import Provenance

STEP = 0.1  # G, at least
LARGEST = 32_000  # of what two bytes hold

MEMBERS: Mapping[str, contract.Attributes] = {
    "br_departure": {
        "long_name": "radial magnetic field of a member of the ensemble less that of the map",
        "units": "gauss",
        "positive_direction": "outward",
        "grid_mapping": "crs",
        "cell_methods": "area: mean",
        "coverage_content_type": "modelResult",
    },
    "member": {
        "long_name": "number of the member",
        "standard_name": "realization",
        "units": "1",
        "coverage_content_type": "coordinate",
    },
}


def write_members(path: Path, map_: GlobalMap, provenance: Provenance) -> None:
    """Write the members of *map_*, which it must have; its ``id`` is the file's name.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    assert map_.members is not None  # noqa: S101
    departure = map_.members - map_.br
    step = max(STEP, float(np.abs(departure).max()) / LARGEST)
    packed = np.rint(departure / step).astype(np.int16)
    names = {**MEMBERS, "br_departure": {**MEMBERS["br_departure"], "scale_factor": step}}
    values = {
        "br_departure": (("time", "member", "lat", "lon"), packed[np.newaxis]),
        "member": (("member",), np.arange(len(packed), dtype=np.int32)),
    }
    title = f"Ensemble of magnetic maps of the Sun, {map_.time:%Y-%m-%d %H:%M} UTC"
    summary = (
        "Departures of the members of an ensemble from their mean, the synchronic map of the "
        "same time: each was carried by a flow of its own and saw observations with an error "
        "of its own."
    )
    attributes = global_attributes(path.stem, title, summary, map_.grid, map_, provenance)
    save(path, names, values, map_.grid, map_, attributes)


def with_stored_members(map_: GlobalMap, path: Path) -> GlobalMap:
    """*map_* with the members that :func:`write_members` packed, their mean exactly its own.

    Raises
    ------
    BadFile : the file is missing, broken, or of another map.
    """
    data = load(path)
    try:
        packed = data["br_departure"]
        departure = packed.values[0] * np.float32(packed.attrs["scale_factor"])
        time = data["time"].values.item()
    except (KeyError, IndexError) as error:
        raise BadFile(path, "it holds no ensemble of allsun", "make it again") from error
    if departure.shape[1:] != map_.br.shape or time != map_.time.timestamp():
        raise BadFile(path, "it belongs to another map", "copy products of one set together")
    members = map_.br + (departure - departure.mean(axis=0, dtype=np.float64))
    return replace(map_, members=members.astype(np.float32))
