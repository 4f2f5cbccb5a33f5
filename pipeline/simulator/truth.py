"""The truth beside the simulated observations: one NetCDF file a day, hour by hour.

``DIR/truth/YYYY/MM/DD/allsun_truth_YYYYMMDD.nc`` holds ``br`` (time, lat, lon) and the
regions of all its times in one table, row by row.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr

from pipeline.core import BadFile, BadRequest, CarringtonGrid
from pipeline.simulator.emergence import Region
from pipeline.simulator.files import whole
from pipeline.simulator.sun import Moment

CLOCK = {"units": "seconds since 1970-01-01T00:00:00", "calendar": "standard"}
ROW = "region_row"
TABLE = {
    "region_time_index": {"long_name": "index of the time at which the row holds", "units": "1"},
    "region_number": {"long_name": "number of the region: year, day of year, two digits"},
    "region_lon": {"long_name": "Carrington longitude of the centre", "units": "degrees_east"},
    "region_lat": {"long_name": "heliographic latitude of the centre", "units": "degrees_north"},
    "region_flux": {"long_name": "unsigned flux that the region holds", "units": "maxwell"},
    "region_area": {"long_name": "area in millionths of the hemisphere", "units": "1e-6"},
    "region_born": {"long_name": "time when its first flux came up", **CLOCK},
    "region_leading_polarity": {"long_name": "sign of the western polarity", "units": "1"},
    "region_tilt": {
        "long_name": "angle of the axis to the parallel, positive if the west is equatorward",
        "units": "degree",
    },
}
AXES = {
    "time": {"standard_name": "time", **CLOCK},
    "lat": {"long_name": "heliographic latitude", "units": "degrees_north"},
    "lon": {"long_name": "Carrington longitude", "units": "degrees_east"},
}


def truth_path(folder: Path, time: datetime) -> Path:
    """Where the truth of the day of *time* lies in a simulated archive."""
    return folder / f"truth/{time:%Y/%m/%d}/allsun_truth_{time:%Y%m%d}.nc"


def write_day(folder: Path, moments: Sequence[Moment]) -> Path:
    """Write the *moments* of one UTC day below *folder*; returns the file's path.

    The same moments give the same bytes.

    Raises
    ------
    CannotWrite : the file system refuses; nothing is left behind.
    """
    path = truth_path(folder, moments[0].time)
    grid = moments[0].grid
    rows = [(i, region) for i, moment in enumerate(moments) for region in moment.regions]
    columns = {
        "region_time_index": np.array([i for i, _ in rows], np.int32),
        "region_number": np.array([r.number for _, r in rows], np.int32),
        "region_lon": np.array([r.lon for _, r in rows], np.float64),
        "region_lat": np.array([r.lat for _, r in rows], np.float64),
        "region_flux": np.array([r.flux for _, r in rows], np.float64),
        "region_area": np.array([r.area for _, r in rows], np.float64),
        "region_born": np.array([r.born.timestamp() for _, r in rows], np.float64),
        "region_leading_polarity": np.array([r.leading_polarity for _, r in rows], np.int8),
        "region_tilt": np.array([r.tilt for _, r in rows], np.float64),
    }
    br = np.stack([moment.br for moment in moments])
    field = {"long_name": "radial magnetic field of the simulated Sun", "units": "gauss"}
    dataset = xr.Dataset(
        {
            "br": (("time", "lat", "lon"), br, field),
            **{name: (ROW, values, TABLE[name]) for name, values in columns.items()},
        },
        coords={
            "time": ("time", [m.time.timestamp() for m in moments], AXES["time"]),
            "lat": ("lat", grid.lat, AXES["lat"]),
            "lon": ("lon", grid.lon, AXES["lon"]),
        },
        attrs={"title": "SIMULATED Sun: the truth", "Conventions": "CF-1.11"},
    )
    for variable in dataset.variables.values():
        variable.encoding = {"_FillValue": None}
    dataset["br"].encoding |= {"chunksizes": (1, *grid.shape), "zlib": True, "complevel": 1}
    with whole(path) as part:
        try:
            dataset.to_netcdf(part, engine="netcdf4")
        except RuntimeError as error:  # how netCDF4 speaks of a full disk
            raise OSError(errno.EIO, str(error)) from error
    return path


def read_truth(source: Path, time: datetime) -> Moment:
    """The simulated Sun at *time*, from a file of :func:`write_day` or the folder it wrote to.

    Raises
    ------
    BadFile : the file is missing or not the truth.
    BadRequest : the file does not hold that time.
    """
    path = truth_path(source, time.astimezone(UTC)) if source.is_dir() else source
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_cf=False) as data:
            times = data["time"].values
            index = int(np.abs(times - time.timestamp()).argmin())
            if abs(times[index] - time.timestamp()) > 1.0:
                first, last = (datetime.fromtimestamp(t, UTC) for t in (times[0], times[-1]))
                raise BadRequest(
                    f"{path}: the truth at {time:%Y-%m-%dT%H:%M:%SZ} is not there; ask for a "
                    f"whole hour from {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}."
                )
            table = data[list(TABLE)].load()
            br = data["br"][index].values
    except FileNotFoundError as error:
        raise BadFile(path, "there is no such file", "ask for a time that was simulated") from error
    except (OSError, KeyError) as error:
        raise BadFile(
            path, "it is not the truth of a simulated Sun", "simulate it again"
        ) from error
    rows = table.isel({ROW: np.flatnonzero(table["region_time_index"].values == index)})
    nlat, nlon = br.shape
    return Moment(
        time=datetime.fromtimestamp(float(times[index]), UTC),
        grid=CarringtonGrid(nlon, nlat),
        br=br,
        regions=tuple(_regions(rows)),
    )


def _regions(rows: xr.Dataset) -> list[Region]:
    columns = [rows[name].values.tolist() for name in TABLE if name != "region_time_index"]
    return [
        Region(number, lon, lat, flux, area, datetime.fromtimestamp(born, UTC), leading, tilt)
        for number, lon, lat, flux, area, born, leading, tilt in zip(*columns, strict=True)
    ]
