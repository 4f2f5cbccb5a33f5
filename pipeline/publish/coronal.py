"""The corona product: what its variables are called and mean, writing it, reading it back.

Knows: where every part of a :class:`Corona` goes in a NetCDF file. Refuses to know: how any
of it came about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.core import BadFile, CarringtonGrid, Corona, GlobalMap, Observer
from pipeline.core.corona import (
    Connection,
    CoronalHole,
    Ensemble,
    Member,
    Moments,
    Sector,
    Wind,
)
from pipeline.publish.attributes import NONE, global_attributes
from pipeline.publish.contract import CORONA
from pipeline.publish.netcdf import field, load, save
from pipeline.publish.provenance import Provenance

# Parts of a connection and of a hole, as they are called in the file.
CONNECTION = ("source_lon", "source_lat", "lon", "lat", "polarity", "speed")
HOLE = ("polarity", "lon", "lat", "area", "flux")


def write_corona(path: Path, corona: Corona, map_: GlobalMap, provenance: Provenance) -> None:
    """Write the corona above *map_*, on its own grid; its ``id`` is the file's name.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    values = _surfaces(corona) | _lists(corona) | _ensemble(corona)
    title = f"Solar corona (PFSS), {corona.time:%Y-%m-%d %H:%M} UTC"
    summary = (
        "Potential-field source-surface corona above the synchronic magnetic map: open field "
        "and its probability, source surface and neutral line, solar wind, coronal holes, and "
        "where the Earth and spacecraft are connected to the Sun."
    )
    attributes = global_attributes(path.stem, title, summary, corona.grid, map_, provenance)
    attributes |= {
        "geospatial_vertical_max": corona.source_surface_radius,
        "solver": corona.solver,
        "radial_cells": corona.radial_cells,
        "field_line_start_radius": corona.start_radius,
        "expansion_factor_field": corona.wind.expansion,
        "wind_law": corona.wind.law,
        "wind_formula": f"{corona.wind.formula}; f the expansion factor, d the coronal hole "
        "distance of the foot",
        **_observed(corona),
    }
    save(path, CORONA, values, corona.grid, map_, attributes)


def _observed(corona: Corona) -> dict[str, object]:
    """How open field fares beside the coronal holes of a picture, where there was one."""
    if corona.observed is None or corona.hole_score is None:
        return {"observed_holes_picture": NONE}
    return {
        "observed_holes_picture": f"{corona.observed.picture} {corona.observed.time.isoformat()}",
        **{f"observed_holes_{name}": value for name, value in asdict(corona.hole_score).items()},
    }


def _surfaces(corona: Corona) -> dict[str, tuple[tuple[str, ...], object]]:
    """Maps and single figures."""
    wind, ensemble = corona.wind, corona.ensemble
    lines = corona.neutral_line
    lon, lat = np.concatenate([*lines, np.empty((0, 2))]).T
    part = np.repeat(np.arange(len(lines), dtype=np.int32), [len(line) for line in lines])
    degrees = corona.photosphere.degrees
    return {
        "open_field": field(corona.open_field),
        "open_fraction": field(corona.open_fraction),
        "open_probability": field(ensemble.open_probability),
        "br_source_surface": field(corona.br_source_surface),
        "outward_probability": field(ensemble.outward_probability),
        "expansion_factor": field(wind.expansion_factor),
        "foot_lon": field(wind.foot_lon),
        "foot_lat": field(wind.foot_lat),
        "coronal_hole_distance": field(wind.coronal_hole_distance),
        "wind_speed": field(wind.speed),
        "wind_speed_spread": field(ensemble.wind_speed_spread),
        "wind_speed_21_5": field(wind.speed_21_5),
        "wind_speed_1au": field(wind.speed_1au),
        "br_outflow": field(wind.br_outflow),
        "outflow_radius": ((), wind.outflow_radius),
        "source_surface_radius": ((), corona.source_surface_radius),
        "open_flux": ((), corona.open_flux),
        "neutral_line_tilt": ((), corona.tilt),
        "neutral_line_lon": (("vertex",), lon),
        "neutral_line_lat": (("vertex",), lat),
        "neutral_line_part": (("vertex",), part),
        "degree": (("degree",), np.arange(degrees + 1, dtype=np.int8)),
        "order": (("order",), np.arange(-degrees, degrees + 1, dtype=np.int8)),
        "photosphere_moments": (("degree", "order"), corona.photosphere.coefficients),
        "source_surface_moments": (("degree", "order"), corona.source_surface.coefficients),
    }


def _lists(corona: Corona) -> dict[str, tuple[tuple[str, ...], object]]:
    """Holes, observers with their connections, and the days to come."""
    holes, sectors = corona.holes, corona.sectors
    observers = corona.observers
    return {
        **{f"hole_{name}": (("hole",), _column(holes, name)) for name in HOLE},
        "observer_name": (("observer",), np.array(list(observers), str)),
        "observer_lon": (
            ("observer",),
            np.array([o.carrington_longitude for o in observers.values()], float),
        ),
        "observer_lat": (("observer",), _column(observers.values(), "latitude")),
        "observer_distance": (("observer",), _column(observers.values(), "distance")),
        **{
            f"connection_{name}": (
                ("observer",),
                _column([corona.connections[observer] for observer in observers], name),
            )
            for name in CONNECTION
        },
        "sector_time": (("sector_time",), np.array([s.time.timestamp() for s in sectors], float)),
        "sector_polarity": (("sector_time",), _column(sectors, "polarity")),
        "sector_outward_probability": (("sector_time",), _column(sectors, "outward")),
        "sector_speed": (("sector_time",), _column(sectors, "speed")),
    }


def _ensemble(corona: Corona) -> dict[str, tuple[tuple[str, ...], object]]:
    """Every member's own figures."""
    members, observers = corona.ensemble.members, corona.observers
    shape = len(members), len(observers)
    feet = [corona.ensemble.footpoint_probability[observer] for observer in observers]
    return {
        "footpoint_probability": (
            ("observer", "lat", "lon"),
            np.array(feet, np.float32).reshape(len(observers), *corona.grid.shape),
        ),
        "member_source_surface_radius": (("member",), _column(members, "source_surface_radius")),
        "member_open_flux": (("member",), _column(members, "open_flux")),
        "member_neutral_line_tilt": (("member",), _column(members, "tilt")),
        **{
            f"member_connection_{name}": (
                ("member", "observer"),
                _column([m.connections[o] for m in members for o in observers], name).reshape(
                    shape
                ),
            )
            for name in CONNECTION
        },
    }


def _column(rows: Iterable[Any], name: str) -> NDArray[np.generic]:
    """One attribute of each of the *rows*; polarities are small integers."""
    values = [getattr(row, name) for row in rows]
    return np.array(values, np.int8 if name == "polarity" else np.float64)


def read_corona(path: Path) -> Corona:
    """Read a corona product back as it was written.

    Raises
    ------
    BadFile : the file is missing, broken, or not a corona of this contract.
    """
    data = load(path)
    try:
        nlat, nlon = data["open_field"].shape[1:]
        vertices = np.stack([data["neutral_line_lon"], data["neutral_line_lat"]], axis=1)
        ends = np.flatnonzero(np.diff(data["neutral_line_part"])) + 1
        observers = _read_observers(data)
        return Corona(
            time=datetime.fromtimestamp(data["time"].values.item(), UTC),
            grid=CarringtonGrid(nlon=nlon, nlat=nlat),
            open_field=data["open_field"].values[0],
            open_fraction=data["open_fraction"].values[0],
            br_source_surface=data["br_source_surface"].values[0],
            source_surface_radius=float(data["source_surface_radius"]),
            start_radius=float(data.attrs["field_line_start_radius"]),
            radial_cells=int(data.attrs["radial_cells"]),
            neutral_line=tuple(np.split(vertices, ends)) if vertices.size else (),
            tilt=float(data["neutral_line_tilt"]),
            open_flux=float(data["open_flux"]),
            photosphere=Moments(data["photosphere_moments"].values),
            source_surface=Moments(data["source_surface_moments"].values),
            holes=tuple(
                CoronalHole(int(polarity), *map(float, rest))
                for polarity, *rest in _rows(data, "hole", HOLE)
            ),
            wind=_read_wind(data),
            observers=observers,
            connections=_read_connections(data, list(observers)),
            sectors=_read_sectors(data),
            ensemble=_read_ensemble(data, list(observers)),
            solver=data.attrs["solver"],
        )
    except (KeyError, ValueError) as error:
        raise BadFile(path, "it is not a corona of allsun", "give a corona product") from error


def _rows(data: xr.Dataset, prefix: str, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return list(zip(*(data[f"{prefix}_{name}"].values for name in names), strict=True))


def _read_wind(data: xr.Dataset) -> Wind:
    return Wind(
        expansion_factor=data["expansion_factor"].values[0],
        foot_lon=data["foot_lon"].values[0],
        foot_lat=data["foot_lat"].values[0],
        coronal_hole_distance=data["coronal_hole_distance"].values[0],
        speed=data["wind_speed"].values[0],
        speed_21_5=data["wind_speed_21_5"].values[0],
        speed_1au=data["wind_speed_1au"].values[0],
        expansion=data.attrs["expansion_factor_field"],
        law=data.attrs["wind_law"],
        formula=data.attrs["wind_formula"].partition(";")[0],
        outflow_radius=float(data["outflow_radius"]),
        br_outflow=data["br_outflow"].values[0],
    )


def _read_observers(data: xr.Dataset) -> dict[str, Observer]:
    rows = _rows(data, "observer", ("name", "lon", "lat", "distance"))
    return {str(name): Observer(*map(float, place)) for name, *place in rows}


def _read_connections(
    data: xr.Dataset, observers: list[str], prefix: str = "connection"
) -> dict[str, Connection]:
    found = {}
    for name, row in zip(observers, _rows(data, prefix, CONNECTION), strict=True):
        source_lon, source_lat, lon, lat, polarity, speed = map(float, row)
        found[name] = Connection(source_lon, source_lat, lon, lat, int(polarity), speed)
    return found


def _read_sectors(data: xr.Dataset) -> tuple[Sector, ...]:
    times = [datetime.fromtimestamp(float(t), UTC) for t in data["sector_time"].values]
    rows = _rows(data, "sector", ("polarity", "outward_probability", "speed"))
    return tuple(
        Sector(time, int(polarity), float(outward), float(speed))
        for time, (polarity, outward, speed) in zip(times, rows, strict=True)
    )


def _read_ensemble(data: xr.Dataset, observers: list[str]) -> Ensemble:
    figures = _rows(data, "member", ("source_surface_radius", "open_flux", "neutral_line_tilt"))
    members = tuple(
        Member(
            float(radius),
            float(flux),
            float(tilt),
            _read_connections(data.isel(member=n), observers, "member_connection"),
        )
        for n, (radius, flux, tilt) in enumerate(figures)
    )
    feet = data["footpoint_probability"].values
    return Ensemble(
        members=members,
        open_probability=data["open_probability"].values[0],
        outward_probability=data["outward_probability"].values[0],
        wind_speed_spread=data["wind_speed_spread"].values[0],
        footpoint_probability=dict(zip(observers, feet, strict=True)),
    )
