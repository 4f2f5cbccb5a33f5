"""The NetCDF products: what each variable is called, measures and means.

Files follow CF-1.11 and ACDD-1.3. CF knows only the Earth, so the body is named
in the grid mapping (``IAU_2015:1000``, the Sun as a sphere of 695 700 km), and
latitude and longitude are heliographic (Carrington). The grid has equal steps
in sine latitude; ``lat`` is the cell's middle in sine latitude and ``lat_bnds``
its edges. The same inputs and creation time give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    Corona,
    GlobalMap,
    InputFile,
    Quality,
    Source,
)
from pipeline.publish import durable
from pipeline.publish.attributes import NONE, global_attributes
from pipeline.publish.provenance import Provenance

TIME_UNITS = "seconds since 1970-01-01T00:00:00"
OVERHEAD = 1 << 17  # bytes that attributes and HDF5's structure take at most
FIELD = ("time", "lat", "lon")


def write_synchronic(path: Path, map_: GlobalMap, provenance: Provenance) -> None:
    """Write the map of the whole Sun; its ``id`` is the file's name.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    area = {"cell_methods": "area: mean", "coverage_content_type": "modelResult"}
    fields = {
        "br": _field(
            map_.br, long_name="radial magnetic field at the photosphere", units="gauss",
            positive_direction="outward", ancillary_variables="br_sigma source age", **area,
        ),
        "br_sigma": _field(
            map_.sigma, long_name="standard error of the radial magnetic field", units="gauss",
            **area | {"coverage_content_type": "qualityInformation"},
        ),
        "source": _field(
            map_.source.astype(np.int8), long_name="what the field of the cell rests on",
            flag_values=np.array([s.value for s in Source], np.int8),
            flag_meanings=" ".join(s.name.lower() for s in Source), standard_name="status_flag",
            coverage_content_type="qualityInformation",
        ),
        "age": _field(
            map_.age, long_name="time since the cell was last observed; missing if never",
            units="h", coverage_content_type="qualityInformation",
        ),
        "net_flux_removed": _scalar(
            map_.net_flux_removed, "net magnetic flux taken out by the flux balance", "maxwell"
        ),
        "unsigned_flux": _scalar(map_.unsigned_flux, "total unsigned magnetic flux", "maxwell"),
        "polar_field_north": _scalar(
            map_.polar_field(+1), "mean radial field north of 60 degrees", "gauss"
        ),
        "polar_field_south": _scalar(
            map_.polar_field(-1), "mean radial field south of -60 degrees", "gauss"
        ),
        "qc": _quality(map_.qc),
    }  # fmt: skip
    summary = (
        "Radial magnetic field of the whole solar photosphere at one moment: newest "
        "observations assimilated into a map carried by surface flux transport, with standard "
        "error, source and age of every cell."
    )
    attributes = global_attributes(
        path.stem, f"Synchronic magnetic map of the Sun, {map_.time:%Y-%m-%d %H:%M} UTC",
        summary, map_, provenance,
    )  # fmt: skip
    _save(path, fields, map_, attributes)


def write_corona(path: Path, corona: Corona, map_: GlobalMap, provenance: Provenance) -> None:
    """Write the corona above *map_*; its ``id`` is the file's name.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    line = [np.asarray(part, np.float64).reshape(-1, 2) for part in corona.neutral_line]
    lon, lat = np.concatenate([*line, np.empty((0, 2))]).T
    part = np.repeat(np.arange(len(line), dtype=np.int32), [len(p) for p in line])
    model = {"coverage_content_type": "modelResult"}
    fields = {
        "open_field": _field(
            corona.open_field, long_name="polarity of open magnetic field at the photosphere",
            flag_values=np.array([-1, 0, 1], np.int8), flag_meanings="inward closed outward",
            standard_name="status_flag", **model,
        ),
        "br_source_surface": _field(
            corona.br_source_surface, long_name="radial magnetic field on the source surface",
            units="gauss", positive_direction="outward", **model,
        ),
        "source_surface_radius": _scalar(
            corona.source_surface_radius, "radius of the source surface over the solar radius", "1"
        ),
        "open_flux": _scalar(corona.open_flux, "unsigned open magnetic flux", "maxwell"),
        "neutral_line_lon": _vertices(
            lon, long_name="Carrington longitude of the neutral line on the source surface",
            units="degrees_east", **model,
        ),
        "neutral_line_lat": _vertices(
            lat, long_name="heliographic latitude of the neutral line on the source surface",
            units="degrees_north", **model,
        ),
        "neutral_line_part": _vertices(
            part, long_name="which of the neutral line's curves the vertex belongs to",
            units="1", coordinates="neutral_line_lon neutral_line_lat",
            coverage_content_type="auxiliaryInformation",
        ),
    }  # fmt: skip
    summary = (
        "Potential-field source-surface corona above the synchronic magnetic map: open field, "
        "radial field and neutral line on the source surface, open flux."
    )
    attributes = global_attributes(
        path.stem, f"Solar corona (PFSS), {corona.time:%Y-%m-%d %H:%M} UTC",
        summary, map_, provenance,
    )  # fmt: skip
    solver: dict[str, object] = {"solver": corona.solver, "radial_cells": corona.radial_cells}
    _save(path, fields, map_, attributes | solver)


def read_map(path: Path) -> GlobalMap:
    """Read a synchronic product back, except the list of its inputs.

    What counts when a map is carried on (fields, time, previous map, flux
    removed, quality, notes) returns as it was written.

    Raises
    ------
    BadFile : the file is missing, broken, or not a synchronic map of this contract.
    """
    data = load(path)
    try:
        nlat, nlon = data["br"].shape[1:]
        previous = None
        if data.attrs["previous_map"] != NONE:
            previous = InputFile(
                Path(data.attrs["previous_map"]),
                data.attrs["previous_map_url"],
                data.attrs["previous_map_sha256"],
            )
        comment = data.attrs["comment"]
        return GlobalMap(
            time=valid_time(data),
            grid=CarringtonGrid(nlon=nlon, nlat=nlat),
            br=data["br"].values[0],
            sigma=data["br_sigma"].values[0],
            source=data["source"].values[0].astype(np.uint8),
            age=data["age"].values[0],
            previous=previous,
            net_flux_removed=float(data["net_flux_removed"]),
            qc=Quality(int(data["qc"])),
            simulated=bool(data.attrs["simulated"]),
            notes=() if comment == NONE else tuple(comment.split("\n")),
        )
    except (KeyError, ValueError) as missing:
        raise BadFile(
            path, f"it is not a synchronic map of allsun ({missing})", "give a synchronic product"
        ) from missing


def load(path: Path) -> xr.Dataset:
    """A NetCDF file in memory, values as stored.

    Raises
    ------
    BadFile : the file is missing or not readable NetCDF.
    """
    try:
        return xr.load_dataset(path, engine="netcdf4", decode_cf=False)
    except FileNotFoundError as error:
        raise BadFile(path, "there is no such file", "check the path") from error
    except (OSError, RuntimeError) as error:
        raise BadFile(path, "it is not a readable NetCDF file", "fetch or make it again") from error


def valid_time(data: xr.Dataset) -> datetime:
    """The one time of a product."""
    return datetime.fromtimestamp(float(data["time"].values.item()), UTC)


def _save(
    path: Path, fields: dict[str, xr.Variable], map_: GlobalMap, attributes: dict[str, object]
) -> None:
    """Add coordinates, grid mapping and inputs to *fields* and write the file."""
    crs = xr.Variable((), np.int32(0), CRS.from_user_input("IAU_2015:1000").to_cf())
    crs.attrs["long_name"] = "heliographic (Carrington) coordinates on the Sun"
    variables = fields | _inputs(map_) | {"crs": crs}
    dataset = xr.Dataset(variables, _coordinates(map_.grid, map_.time), attributes)
    for name, variable in dataset.variables.items():
        fill = np.nan if name == "age" else None
        variable.encoding = {"_FillValue": fill}
        if variable.ndim == len(FIELD):
            variable.encoding |= {"zlib": True, "complevel": 4}
    with durable.writing(path, dataset.nbytes + OVERHEAD) as part:
        dataset.to_netcdf(part, engine="netcdf4")


def _coordinates(grid: CarringtonGrid, time: datetime) -> dict[str, xr.Variable]:
    lat_edges = np.degrees(np.arcsin(grid.sin_lat_edges))
    return {
        "time": xr.Variable(
            ("time",), [time.timestamp()], _clock("time for which the map is valid")
            | {"axis": "T", "coverage_content_type": "coordinate"},
        ),
        "lat": xr.Variable(
            ("lat",), grid.lat,
            {"standard_name": "latitude", "long_name": "heliographic latitude", "axis": "Y",
             "units": "degrees_north", "bounds": "lat_bnds",
             "coverage_content_type": "coordinate",
             "comment": "equal steps in sine latitude"},
        ),
        "lon": xr.Variable(
            ("lon",), grid.lon,
            {"standard_name": "longitude", "long_name": "Carrington longitude", "axis": "X",
             "units": "degrees_east", "bounds": "lon_bnds",
             "coverage_content_type": "coordinate"},
        ),
        "lat_bnds": xr.Variable(("lat", "edge"), _pairs(lat_edges)),
        "lon_bnds": xr.Variable(("lon", "edge"), _pairs(grid.lon_edges)),
    }  # fmt: skip


def _inputs(map_: GlobalMap) -> dict[str, xr.Variable]:
    """Every observation that entered, one per row of the dimension ``input``."""
    about = {"coverage_content_type": "referenceInformation"}

    def column(values: ArrayLike, **attributes: object) -> xr.Variable:
        return xr.Variable(("input",), values, attributes | about)

    inputs = map_.inputs
    return {
        "input_instrument": column(
            np.array([o.instrument for o in inputs], str),
            long_name="instrument of each input file",
        ),
        "input_time": column(
            np.array([o.time.timestamp() for o in inputs], np.float64),
            **_clock("middle of the exposure of each input file"),
        ),
        "input_quick_look": column(
            np.array([o.quick_look for o in inputs], np.int8),
            long_name="whether a definitive file will replace the input file",
            flag_values=np.array([0, 1], np.int8),
            flag_meanings="definitive quick_look",
        ),
        "input_url": column(
            np.array([o.file.url for o in inputs], str), long_name="origin of each input file"
        ),
        "input_sha256": column(
            np.array([o.file.sha256 for o in inputs], str), long_name="SHA-256 of each input file"
        ),
    }


def _field(values: NDArray[np.generic], **attributes: object) -> xr.Variable:
    return xr.Variable(FIELD, values[np.newaxis], attributes | {"grid_mapping": "crs"})


def _vertices(values: NDArray[np.generic], **attributes: object) -> xr.Variable:
    return xr.Variable(("vertex",), values, attributes)


def _scalar(value: float, long_name: str, units: str) -> xr.Variable:
    attributes = {"long_name": long_name, "units": units, "coverage_content_type": "modelResult"}
    return xr.Variable((), np.float64(value), attributes)


def _quality(qc: Quality) -> xr.Variable:
    conditions = list(Quality)
    return xr.Variable(
        (),
        np.int8(qc),
        {
            "long_name": "conditions that weaken trust in the map as a whole",
            "standard_name": "quality_flag",
            "flag_masks": np.array([c.value for c in conditions], np.int8),
            "flag_meanings": " ".join(str(c.name).lower() for c in conditions),
            "coverage_content_type": "qualityInformation",
        },
    )


def _clock(long_name: str) -> dict[str, object]:
    return {
        "standard_name": "time", "long_name": long_name, "units": TIME_UNITS,
        "calendar": "standard", "units_metadata": "leap_seconds: none",
    }  # fmt: skip


def _pairs(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([edges[:-1], edges[1:]], axis=1)
