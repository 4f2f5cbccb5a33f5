"""Writing the NetCDF products, and reading them back.

The same inputs and creation time give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    Check,
    GlobalMap,
    InputFile,
    Quality,
    Severity,
)
from pipeline.publish import contract, durable
from pipeline.publish.attributes import NONE, global_attributes
from pipeline.publish.provenance import Provenance, in_words

OVERHEAD = 1 << 17  # bytes that attributes and HDF5's structure take at most

Values = Mapping[str, tuple[tuple[str, ...], object]]


def write_synchronic(path: Path, map_: GlobalMap, provenance: Provenance) -> None:
    """Write the map of the whole Sun; its ``id`` is the file's name.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    values: Values = {
        "br": field(map_.br),
        "br_sigma": field(map_.sigma),
        "source": field(map_.source.astype(np.int8)),
        "age": field(map_.age),
        "net_flux_removed": ((), map_.net_flux_removed),
        "unsigned_flux": ((), map_.unsigned_flux),
        "polar_field_north": ((), map_.polar_field(+1)),
        "polar_field_south": ((), map_.polar_field(-1)),
        "qc": ((), np.int16(map_.qc)),
        **_checks(map_.checks),
    }
    title = f"Synchronic magnetic map of the Sun, {map_.time:%Y-%m-%d %H:%M} UTC"
    summary = (
        "Radial magnetic field of the whole solar photosphere at one moment: newest "
        "observations assimilated into maps carried by flux transport, of which this is the mean, "
        "with standard error, source and age of every cell."
    )
    attributes = global_attributes(path.stem, title, summary, map_.grid, map_, provenance)
    save(path, contract.SYNCHRONIC, values, map_.grid, map_, attributes)


def read_map(path: Path) -> GlobalMap:
    """Read a synchronic product back, except the list of its inputs.

    What counts when a map is carried on (fields, times, previous map, flux
    removed, quality, notes) returns as it was written.

    Raises
    ------
    BadFile : the file is missing, broken, or not a synchronic map of this contract.
    """
    data = load(path)
    try:
        nlat, nlon = data["br"].shape[1:]
        if not all(np.isfinite(data[name].values).all() for name in ("br", "br_sigma")):
            raise BadFile(path, "its field is not finite everywhere", "make it again")
        previous = None
        if data.attrs["previous_map"] != NONE:
            previous = InputFile(
                path=Path(data.attrs["previous_map"]),
                url=data.attrs["previous_map_url"],
                sha256=data.attrs["previous_map_sha256"],
            )
        comment, last = data.attrs["comment"], data.attrs["last_observed"]
        return GlobalMap(
            time=datetime.fromtimestamp(data["time"].values.item(), UTC),
            grid=CarringtonGrid(nlon=nlon, nlat=nlat),
            br=data["br"].values[0],
            sigma=data["br_sigma"].values[0],
            source=data["source"].values[0].astype(np.uint8),
            age=data["age"].values[0],
            last_observed={
                instrument: datetime.fromisoformat(time)
                for instrument, time in (entry.split(" ") for entry in _listed(last, ", "))
            },
            previous=previous,
            net_flux_removed=float(data["net_flux_removed"]),
            qc=Quality(int(data["qc"])),
            simulated=bool(data.attrs["simulated"]),
            notes=tuple(_listed(comment, "\n")),
            checks=_read_checks(data),
        )
    except (KeyError, ValueError) as error:
        raise BadFile(
            path, "it is not a synchronic map of allsun", "give a synchronic product"
        ) from error


def variables(path: Path) -> frozenset[str]:
    """Names of the variables of a NetCDF file, without reading their values.

    Raises
    ------
    BadFile : the file is missing or not readable NetCDF.
    """
    with _readable(path), xr.open_dataset(path, engine="netcdf4", decode_cf=False) as data:
        return frozenset(map(str, data.variables))


def load(path: Path) -> xr.Dataset:
    """A NetCDF file in memory, values as stored.

    Raises
    ------
    BadFile : the file is missing or not readable NetCDF.
    """
    with _readable(path):
        return xr.load_dataset(path, engine="netcdf4", decode_cf=False)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Word what the NetCDF library refuses as :class:`BadFile`."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadFile(path, "there is no such file", "check the path") from error
    except (OSError, RuntimeError) as error:
        raise BadFile(path, "it is not a readable NetCDF file", "fetch or make it again") from error


def save(
    path: Path,
    names: Mapping[str, contract.Attributes],
    values: Values,
    grid: CarringtonGrid,
    map_: GlobalMap,
    attributes: Mapping[str, object],
) -> None:
    """Join *values* with what every product holds, and write the file.

    names : attributes of every variable in *values*

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    names = {**names, **contract.INPUTS, **contract.COORDINATES}
    values = {**values, **inputs_of(map_), **_coordinates(map_.time, grid)}
    dataset = xr.Dataset(
        {name: xr.Variable(*values[name], about) for name, about in names.items()},
        attrs=attributes,
    )
    for name, variable in dataset.variables.items():
        variable.encoding = {"_FillValue": np.nan if name in contract.MAYBE_MISSING else None}
        if variable.dims[-2:] == contract.FIELD[-2:]:
            variable.encoding |= {"zlib": True, "complevel": 4}
    with durable.writing(path, dataset.nbytes + OVERHEAD) as part:
        dataset.to_netcdf(part, engine="netcdf4")


def _coordinates(time: datetime, grid: CarringtonGrid) -> Values:
    lat_edges = np.degrees(np.arcsin(grid.sin_lat_edges))
    return {
        "time": (("time",), [time.timestamp()]),
        "lat": (("lat",), grid.lat),
        "lon": (("lon",), grid.lon),
        "lat_bnds": (("lat", "edge"), np.stack([lat_edges[:-1], lat_edges[1:]], axis=1)),
        "lon_bnds": (("lon", "edge"), np.stack([grid.lon_edges[:-1], grid.lon_edges[1:]], axis=1)),
        "crs": ((), np.int32(0)),
    }


def inputs_of(map_: GlobalMap) -> Values:
    """Every observation that entered, one per row of the dimension ``input``."""
    inputs = map_.inputs
    return {
        "input_instrument": (("input",), np.array([o.instrument for o in inputs], str)),
        "input_time": (("input",), np.array([o.time.timestamp() for o in inputs], np.float64)),
        "input_quick_look": (("input",), np.array([o.quick_look for o in inputs], np.int8)),
        "input_url": (("input",), np.array([o.file.url for o in inputs], str)),
        "input_sha256": (("input",), np.array([o.file.sha256 for o in inputs], str)),
        "input_networks": (("input",), np.array([in_words(o) for o in inputs], str)),
    }


def _checks(checks: Sequence[Check]) -> Values:
    """Every check of the map, one per row of the dimension ``check``."""
    severities = list(Severity)
    return {
        "check_name": (("check",), np.array([c.name for c in checks], str)),
        "check_value": (("check",), np.array([c.value for c in checks], np.float64)),
        "check_limit": (("check",), np.array([c.limit for c in checks], np.float64)),
        "check_severity": (
            ("check",),
            np.array([severities.index(c.severity) for c in checks], np.int8),
        ),
        "check_passed": (("check",), np.array([c.passed for c in checks], np.int8)),
        "check_finding": (("check",), np.array([c.sentence for c in checks], str)),
    }


def _read_checks(data: xr.Dataset) -> tuple[Check, ...]:
    names = ("name", "value", "limit", "severity", "passed", "finding")
    rows = zip(*(data[f"check_{name}"].values for name in names), strict=True)
    severities = list(Severity)
    return tuple(
        Check(str(name), float(value), float(limit), severities[severity], bool(passed), str(found))
        for name, value, limit, severity, passed, found in rows
    )


def _listed(text: str, separator: str) -> list[str]:
    """The entries of an attribute that holds a list."""
    return [] if text == NONE else text.split(separator)


def field(values: NDArray[np.generic]) -> tuple[tuple[str, ...], object]:
    """A map of the sphere as a variable of one time."""
    return contract.FIELD, values[np.newaxis]
