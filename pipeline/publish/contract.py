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

from pipeline.core import Quality, Source

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
        "flag_masks": np.array(list(Quality), np.int8),
        "flag_meanings": " ".join(str(q.name).lower() for q in Quality),
        **_TRUST,
    },
}

CORONA: Mapping[str, Attributes] = {
    "open_field": {
        "long_name": "polarity of open magnetic field at the photosphere",
        "standard_name": "status_flag",
        "flag_values": np.array([-1, 0, 1], np.int8),
        "flag_meanings": "inward closed outward",
        "grid_mapping": "crs",
        **_MODEL,
    },
    "br_source_surface": {
        "long_name": "radial magnetic field on the source surface",
        **_OUTWARD,
        **_ON_SUN,
        **_MODEL,
    },
    "source_surface_radius": {
        "long_name": "radius of the source surface over the solar radius",
        "units": "1",
        **_MODEL,
    },
    "open_flux": {
        "long_name": "unsigned open magnetic flux",
        "units": "maxwell",
        **_MODEL,
    },
    "neutral_line_lon": {
        "long_name": "Carrington longitude of the neutral line on the source surface",
        "units": "degrees_east",
        **_MODEL,
    },
    "neutral_line_lat": {
        "long_name": "heliographic latitude of the neutral line on the source surface",
        "units": "degrees_north",
        **_MODEL,
    },
    "neutral_line_part": {
        "long_name": "which of the neutral line's curves the vertex belongs to",
        "units": "1",
        "coordinates": "neutral_line_lon neutral_line_lat",
        **_ORIGIN,
    },
}

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
