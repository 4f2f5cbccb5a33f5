"""Version 1 of the products: what each NetCDF variable is called, measures and means.

Files follow CF-1.11 and ACDD-1.3. CF knows only the Earth, so the body is named
in the grid mapping (``IAU_2015:1000``, the Sun as a sphere of 695 700 km), and
latitude and longitude are heliographic (Carrington). CF has standard names for
no solar quantity; ``long_name`` says what a variable is. Age is in ``h`` because
xarray takes ``hours`` for a duration and changes its type.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyproj import CRS

from pipeline.core import Quality, Severity, Source

VERSION = "1"
FIELD = ("time", "lat", "lon")

Attributes = Mapping[str, object]

_MODEL = {"coverage_content_type": "modelResult"}
_TRUST = {"coverage_content_type": "qualityInformation"}
_ORIGIN = {"coverage_content_type": "referenceInformation"}
_AXIS = {"coverage_content_type": "coordinate"}
_ON_SUN = {"grid_mapping": "crs", "cell_methods": "area: mean"}
_OUTWARD = {"units": "gauss", "positive_direction": "outward"}
_CLOCK = {
    "standard_name": "time",
    "units": "seconds since 1970-01-01T00:00:00",
    "calendar": "standard",
    "units_metadata": "leap_seconds: none",
}

SYNCHRONIC: Mapping[str, Attributes] = {
    "br": {
        "long_name": "radial magnetic field at the photosphere",
        "ancillary_variables": "br_sigma source age",
        **_OUTWARD,
        **_ON_SUN,
        **_MODEL,
    },
    "br_sigma": {
        "long_name": "standard error of the radial magnetic field",
        "units": "gauss",
        **_ON_SUN,
        **_TRUST,
    },
    "source": {
        "long_name": "what the field of the cell rests on",
        "standard_name": "status_flag",
        "flag_values": np.array(list(Source), np.int8),
        "flag_meanings": " ".join(s.name.lower() for s in Source),
        "grid_mapping": "crs",
        **_TRUST,
    },
    "age": {
        "long_name": "time since the cell was last observed; missing if never",
        "units": "h",
        "grid_mapping": "crs",
        **_TRUST,
    },
    "net_flux_removed": {
        "long_name": "net magnetic flux taken out by the flux balance",
        "units": "maxwell",
        **_MODEL,
    },
    "unsigned_flux": {
        "long_name": "total unsigned magnetic flux",
        "units": "maxwell",
        **_MODEL,
    },
    "polar_field_north": {
        "long_name": "mean radial field north of 60 degrees",
        **_OUTWARD,
        **_MODEL,
    },
    "polar_field_south": {
        "long_name": "mean radial field south of -60 degrees",
        **_OUTWARD,
        **_MODEL,
    },
    "qc": {
        "long_name": "conditions that weaken trust in the map as a whole",
        "standard_name": "quality_flag",
        "flag_masks": np.array(list(Quality), np.int16),
        "flag_meanings": " ".join(str(q.name).lower() for q in Quality),
        **_TRUST,
    },
    "check_name": {"long_name": "checks of the map before it was published", **_TRUST},
    "check_value": {
        "long_name": "what each check measured; missing if the question did not arise",
        "comment": "a ratio, unless check_finding names a unit",
        "units": "1",
        **_TRUST,
    },
    "check_limit": {"long_name": "what each value was held to", "units": "1", **_TRUST},
    "check_severity": {
        "long_name": "what a failed check costs: a warning, or the map",
        "standard_name": "status_flag",
        "flag_values": np.arange(len(Severity), dtype=np.int8),
        "flag_meanings": " ".join(Severity),
        **_TRUST,
    },
    "check_passed": {
        "long_name": "whether the map passed each check",
        "standard_name": "status_flag",
        "flag_values": np.array([0, 1], np.int8),
        "flag_meanings": "failed passed",
        **_TRUST,
    },
    "check_finding": {"long_name": "what each check found, in words", **_TRUST},
}


def _map(long_name: str, units: str, **more: object) -> Attributes:
    """A field on the whole sphere."""
    return {"long_name": long_name, "units": units, "grid_mapping": "crs", **_MODEL, **more}


def _figure(long_name: str, units: str, **more: object) -> Attributes:
    return {"long_name": long_name, "units": units, **_MODEL, **more}


_POLARITY = {
    "standard_name": "status_flag",
    "flag_values": np.array([-1, 0, 1], np.int8),
    **_MODEL,
}
_SIGN = {"flag_meanings": "inward no_field outward", **_POLARITY}
_MET = "the wind that each observer meets left the source surface"


def _connection(prefix: str, whose: str) -> Mapping[str, Attributes]:
    """Where the wind at observers comes from."""
    return {
        f"{prefix}_source_lon": _figure(
            f"Carrington longitude at which {_MET}{whose}", "degrees_east"
        ),
        f"{prefix}_source_lat": _figure(
            f"heliographic latitude at which {_MET}{whose}", "degrees_north"
        ),
        f"{prefix}_lon": _figure(
            f"Carrington longitude of the foot point of each observer's field line{whose}",
            "degrees_east",
        ),
        f"{prefix}_lat": _figure(
            f"heliographic latitude of the foot point of each observer's field line{whose}",
            "degrees_north",
        ),
        f"{prefix}_polarity": {
            "long_name": f"polarity of the field at each observer{whose}",
            **_SIGN,
        },
        f"{prefix}_speed": _figure(f"speed of the wind that each observer meets{whose}", "km s-1"),
    }


CORONA: Mapping[str, Attributes] = {
    "open_field": {
        "long_name": "polarity of open magnetic field at the photosphere",
        "flag_meanings": "inward closed outward",
        "grid_mapping": "crs",
        "ancillary_variables": "open_probability open_fraction",
        "comment": "of the field line from the middle of the cell",
        **_POLARITY,
    },
    "open_fraction": _map(
        "part of the cell of the photosphere from which field lines are open",
        "1",
        comment="weighted with it, the unsigned field of the photosphere, less the mean of the "
        "field, gives open_flux",
    ),
    "open_probability": _map(
        "part of the members of the ensemble in which the photospheric field is open", "1", **_TRUST
    ),
    "br_source_surface": _map(
        "radial magnetic field on the source surface",
        ancillary_variables="outward_probability",
        **_OUTWARD,
        **_ON_SUN,
    ),
    "outward_probability": _map(
        "part of the members in which the field on the source surface points outward",
        "1",
        **_TRUST,
    ),
    "expansion_factor": _map(
        "expansion factor of the field line from the cell of the source surface",
        "1",
        comment="field over field at the source surface, times the radii squared; of the radial "
        "field or of the total, as the global attribute expansion_factor_field says",
    ),
    "foot_lon": _map(
        "Carrington longitude where the field line from the cell of the source surface comes down",
        "degrees_east",
    ),
    "foot_lat": _map(
        "heliographic latitude where the field line from the cell of the source surface comes down",
        "degrees_north",
    ),
    "coronal_hole_distance": _map(
        "distance of that place from the nearest coronal-hole boundary", "degree"
    ),
    "wind_speed": _map(
        "speed of the solar wind from the cell of the source surface",
        "km s-1",
        ancillary_variables="wind_speed_spread",
    ),
    "wind_speed_spread": _map(
        "standard deviation of the wind speed over the ensemble", "km s-1", **_TRUST
    ),
    "wind_speed_21_5": _map("speed of the solar wind at 21.5 solar radii", "km s-1"),
    "wind_speed_1au": _map("speed of the solar wind at 1 astronomical unit", "km s-1"),
    "br_outflow": _map(
        "radial magnetic field where the wind leaves, at outflow_radius", **_OUTWARD, **_ON_SUN
    ),
    "outflow_radius": _figure(
        "radius of the sphere that the wind leaves, over the solar radius: of the source surface, "
        "or of the end of a current sheet above it",
        "1",
    ),
    "source_surface_radius": _figure("radius of the source surface over the solar radius", "1"),
    "open_flux": _figure("unsigned open magnetic flux", "maxwell"),
    "neutral_line_tilt": _figure(
        "tilt of the neutral line: mean of its largest latitudes north and south", "degree"
    ),
    "neutral_line_lon": _figure(
        "Carrington longitude of the neutral line on the source surface", "degrees_east"
    ),
    "neutral_line_lat": _figure(
        "heliographic latitude of the neutral line on the source surface", "degrees_north"
    ),
    "neutral_line_part": {
        "long_name": "which of the neutral line's curves the vertex belongs to",
        "units": "1",
        "coordinates": "neutral_line_lon neutral_line_lat",
        **_ORIGIN,
    },
    "degree": {"long_name": "degree of the spherical harmonic", "units": "1", **_AXIS},
    "order": {
        "long_name": "order of the spherical harmonic; sines are negative",
        "units": "1",
        **_AXIS,
    },
    **{
        f"{where}_moments": _figure(
            f"multipole moments of the radial field at the {where.replace('_', ' ')}",
            "gauss",
            comment="real harmonics of mean square one on the sphere, no Condon-Shortley phase",
        )
        for where in ("photosphere", "source_surface")
    },
    "hole_polarity": {"long_name": "polarity of each coronal hole", **_SIGN},
    "hole_lon": _figure("Carrington longitude of each coronal hole's centre", "degrees_east"),
    "hole_lat": _figure("heliographic latitude of each coronal hole's centre", "degrees_north"),
    "hole_area": _figure("area of each coronal hole over that of the solar surface", "1"),
    "hole_flux": _figure("magnetic flux of each coronal hole", "maxwell"),
    "observer_name": {"long_name": "who is connected to the Sun", **_ORIGIN},
    "observer_lon": _figure("Carrington longitude of each observer", "degrees_east"),
    "observer_lat": _figure("heliographic latitude of each observer", "degrees_north"),
    "observer_distance": _figure("distance of each observer over the solar radius", "1"),
    **_connection("connection", ""),
    "footpoint_probability": _map(
        "part of the members whose field line from the observer comes down in the cell",
        "1",
        **_TRUST,
    ),
    "member_source_surface_radius": _figure("source-surface radius of each member", "1"),
    "member_open_flux": _figure("unsigned open magnetic flux of each member", "maxwell"),
    "member_neutral_line_tilt": _figure("tilt of each member's neutral line", "degree"),
    **_connection("member_connection", ", by member"),
    "sector_time": {
        "long_name": "time at which the Earth will meet the wind",
        **_CLOCK,
        **_AXIS,
    },
    "sector_polarity": {"long_name": "polarity of the field at the Earth", **_SIGN},
    "sector_outward_probability": _figure(
        "part of the members in which the field at the Earth points outward", "1", **_TRUST
    ),
    "sector_speed": _figure("speed of the wind that the Earth will meet", "km s-1"),
}

# Missing where there is no field, or what else its long name says.
MAYBE_MISSING = {
    "age", "expansion_factor", "foot_lon", "foot_lat", "coronal_hole_distance",
    "neutral_line_tilt", "photosphere_moments", "source_surface_moments", "connection_lon",
    "connection_lat", "member_connection_lon", "member_connection_lat",
    "member_neutral_line_tilt",
}  # fmt: skip

PRODUCTS = {"synchronic": SYNCHRONIC, "corona": CORONA}

INPUTS: Mapping[str, Attributes] = {
    "input_instrument": {"long_name": "instrument of each input file", **_ORIGIN},
    "input_time": {"long_name": "middle of the exposure of each input", **_CLOCK, **_ORIGIN},
    "input_quick_look": {
        "long_name": "whether a definitive file will replace the input file",
        "standard_name": "status_flag",
        "flag_values": np.array([0, 1], np.int8),
        "flag_meanings": "definitive quick_look",
        **_ORIGIN,
    },
    "input_url": {"long_name": "origin of each input file", **_ORIGIN},
    "input_sha256": {"long_name": "SHA-256 of each input file", **_ORIGIN},
    "input_networks": {
        "long_name": "neural networks that each input passed through, and what computed them",
        **_ORIGIN,
    },
}

COORDINATES: Mapping[str, Attributes] = {
    "time": {
        "long_name": "time for which the map is valid",
        "axis": "T",
        **_CLOCK,
        **_AXIS,
    },
    "lat": {
        "long_name": "heliographic latitude",
        "standard_name": "latitude",
        "units": "degrees_north",
        "axis": "Y",
        "bounds": "lat_bnds",
        "comment": "cells have equal steps in sine latitude; lat is their middle in it",
        **_AXIS,
    },
    "lon": {
        "long_name": "Carrington longitude",
        "standard_name": "longitude",
        "units": "degrees_east",
        "axis": "X",
        "bounds": "lon_bnds",
        **_AXIS,
    },
    "lat_bnds": {},
    "lon_bnds": {},
    "crs": {
        "long_name": "heliographic (Carrington) coordinates on the Sun",
        **CRS.from_user_input("IAU_2015:1000").to_cf(),
    },
}
