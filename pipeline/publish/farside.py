"""The list of far-side regions as NetCDF, and back.

Discrete sampling geometry of CF, feature type ``point``: one region an element, its time that
of the list. The list is all that the next one needs, so it returns as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pipeline.core import BadFile, Evidence, FarSide, FarSideRegion, GlobalMap
from pipeline.publish import contract, durable
from pipeline.publish.attributes import global_attributes
from pipeline.publish.contract import _AXIS, _CLOCK, _MODEL, _ORIGIN, _TRUST
from pipeline.publish.netcdf import OVERHEAD, inputs_of, load
from pipeline.publish.provenance import Provenance

MEASURED = ("number", "lon", "lat", "area", "flux", "flux_sigma", "leading_polarity")
DATES = ("first_seen", "last_seen", "limb_return")
TYPES = {"number": np.int32, "leading_polarity": np.int8, "evidence": np.int8}
OF_GRIDS = ("geospatial_lat_resolution", "geospatial_lon_resolution")

_AT = {"coordinates": "time lat lon"}
_DATE = {**_CLOCK, **_AT, **_MODEL}

REGIONS: Mapping[str, contract.Attributes] = {
    "number": {
        "long_name": "number under which the region is followed",
        "units": "1",
        **_AT,
        **_ORIGIN,
    },
    "area": {
        "long_name": "area of the region in millionths of the solar hemisphere; missing if unknown",
        "units": "1e-6",
        **_AT,
        **_MODEL,
    },
    "flux": {
        "long_name": "unsigned magnetic flux of the region; missing if unknown",
        "units": "maxwell",
        "ancillary_variables": "flux_sigma probability evidence",
        **_AT,
        **_MODEL,
    },
    "flux_sigma": {
        "long_name": "standard error of the unsigned magnetic flux",
        "units": "maxwell",
        **_AT,
        **_TRUST,
    },
    "leading_polarity": {
        "long_name": "polarity of the western part of the region",
        "standard_name": "status_flag",
        "flag_values": np.array([-1, 0, 1], np.int8),
        "flag_meanings": "inward unknown outward",
        **_AT,
        **_MODEL,
    },
    "evidence": {
        "long_name": "what the region rests on",
        "standard_name": "status_flag",
        "flag_masks": np.array(list(Evidence), np.int8),
        "flag_meanings": " ".join(str(kind.name).lower() for kind in Evidence),
        **_AT,
        **_TRUST,
    },
    "probability": {
        "long_name": "probability that the region is there",
        "comment": "that at least one kind of evidence is right, as if they erred independently",
        "units": "1",
        **_AT,
        **_TRUST,
    },
    **{
        f"probability_{str(kind.name).lower()}": {
            "long_name": f"the same by {str(kind.name).lower()} evidence alone; missing if none",
            "units": "1",
            **_AT,
            **_TRUST,
        }
        for kind in Evidence
    },
    "first_seen": {"long_name": "time of the first evidence of the region", **_DATE},
    "last_seen": {"long_name": "time of the newest evidence of the region", **_DATE},
    "limb_return": {"long_name": "expected return to the Sun's east limb", **_DATE},
}

# Places, not axes.
PLACES: Mapping[str, contract.Attributes] = {
    "time": {"long_name": "time for which the list is valid", **_CLOCK, **_AXIS},
    "lat": {
        "long_name": "heliographic latitude of the centre of the region",
        "standard_name": "latitude",
        "units": "degrees_north",
        **_AXIS,
    },
    "lon": {
        "long_name": "Carrington longitude of the centre of the region",
        "standard_name": "longitude",
        "units": "degrees_east",
        **_AXIS,
    },
}


def write_farside(path: Path, farside: FarSide, map_: GlobalMap, provenance: Provenance) -> None:
    """Write the regions behind the limb of *map_*; the file's ``id`` is its name.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    columns = _columns(farside)
    named = {**REGIONS, **PLACES}
    variables = {name: xr.Variable("region", columns[name], about) for name, about in named.items()}
    variables["crs"] = xr.Variable((), np.int32(0), contract.COORDINATES["crs"])
    for name, (dims, values) in inputs_of(map_).items():
        variables[name] = xr.Variable(dims, values, contract.INPUTS[name])
    dataset = xr.Dataset(variables, attrs=_attributes(path, farside, map_, provenance))
    for variable in dataset.variables.values():
        variable.encoding = {"_FillValue": None}
    with durable.writing(path, dataset.nbytes + OVERHEAD) as part:
        dataset.to_netcdf(part, engine="netcdf4")


def read_farside(path: Path) -> FarSide:
    """Read a list of far-side regions back as it was written.

    Raises
    ------
    BadFile : the file is missing, broken, or not a list of this contract.
    """
    data = load(path)
    try:
        columns = {name: data[name].values for name in (*REGIONS, *PLACES)}
        return FarSide(
            time=datetime.fromisoformat(data.attrs["time_coverage_start"]),
            regions=tuple(_regions(columns)),
            numbered=int(data.attrs["highest_number"]),
        )
    except (KeyError, ValueError) as error:
        raise BadFile(
            path, "it is not a far-side list of allsun", "give a farside product"
        ) from error


def in_plain(farside: FarSide) -> list[dict[str, Any]]:
    """The regions for programs, ready for JSON; what nobody knows is null."""
    return [
        {
            "number": r.number,
            "carrington_longitude": round(r.lon, 2),
            "latitude": round(r.lat, 2),
            "unsigned_flux_mx": None if np.isnan(r.flux) else r.flux,
            "unsigned_flux_sigma_mx": None if np.isnan(r.flux_sigma) else r.flux_sigma,
            "area_msh": None if np.isnan(r.area) else round(r.area),
            "leading_polarity": r.leading_polarity,
            "evidence": [str(kind.name).lower() for kind in r.evidence],
            "probability": round(r.probability, 3),
            "first_seen": f"{r.first_seen:%Y-%m-%dT%H:%M:%SZ}",
            "last_seen": f"{r.last_seen:%Y-%m-%dT%H:%M:%SZ}",
            "limb_return": f"{r.limb_return:%Y-%m-%dT%H:%M:%SZ}",
        }
        for r in farside.regions
    ]


def _columns(farside: FarSide) -> dict[str, np.ndarray[Any, Any]]:
    """Every variable of the regions by its name."""
    regions = farside.regions
    columns = {
        name: np.array([getattr(r, name) for r in regions], TYPES.get(name, np.float64))
        for name in (*MEASURED, "probability", "evidence")
    }
    columns |= {
        name: np.array([getattr(r, name).timestamp() for r in regions], np.float64)
        for name in DATES
    }
    columns |= {
        _of(kind): np.array([r.probabilities.get(kind, np.nan) for r in regions], np.float64)
        for kind in Evidence
    }
    return columns | {"time": np.full(len(regions), farside.time.timestamp())}


def _regions(columns: Mapping[str, np.ndarray[Any, Any]]) -> Iterable[FarSideRegion]:
    for n in range(len(columns["number"])):
        row = {name: values[n].item() for name, values in columns.items()}
        dates = {name: datetime.fromtimestamp(row[name], UTC) for name in DATES}
        known = {kind: row[_of(kind)] for kind in Evidence if not np.isnan(row[_of(kind)])}
        rest: dict[str, Any] = {name: row[name] for name in MEASURED} | dates
        yield FarSideRegion(probabilities=known, **rest)


def _of(kind: Evidence) -> str:
    return f"probability_{str(kind.name).lower()}"


def _attributes(
    path: Path, farside: FarSide, map_: GlobalMap, provenance: Provenance
) -> dict[str, object]:
    title = f"Active regions on the far side of the Sun, {farside.time:%Y-%m-%d %H:%M} UTC"
    summary = (
        "Active regions that the Earth cannot see, followed under one number each: position, "
        "area, unsigned flux, evidence (transported, extreme ultraviolet, seismic), probability "
        "and expected return to the east limb."
    )
    attributes = global_attributes(path.stem, title, summary, map_.grid, map_, provenance)
    for name in OF_GRIDS:
        del attributes[name]
    lon, lat = ([getattr(region, axis) for region in farside.regions] for axis in ("lon", "lat"))
    if farside.regions:
        attributes |= {"geospatial_lon_min": min(lon), "geospatial_lon_max": max(lon)}
        attributes |= {"geospatial_lat_min": min(lat), "geospatial_lat_max": max(lat)}
    return attributes | {
        "featureType": "point",
        "cdm_data_type": "Point",
        "highest_number": farside.numbered,
    }
