"""The global attributes that products carry: ACDD 1.3 with NCEI's practice.

The conventions are those of https://wiki.esipfed.org/ACDD_1.3 and
https://www.ncei.noaa.gov/netcdf-templates.
"""

from __future__ import annotations

import numpy as np

from pipeline.core import CarringtonGrid, GlobalMap
from pipeline.publish import contract
from pipeline.publish.provenance import Provenance, enhancement

NONE = "none"


def global_attributes(
    identifier: str,
    title: str,
    summary: str,
    grid: CarringtonGrid,
    map_: GlobalMap,
    provenance: Provenance,
) -> dict[str, object]:
    """Global attributes of the product *identifier* on *grid* that follows from *map_*."""
    valid = f"{map_.time:%Y-%m-%dT%H:%M:%SZ}"
    instruments = sorted({o.instrument for o in map_.inputs})
    return {
        "Conventions": "CF-1.11, ACDD-1.3",
        "title": f"SIMULATED {title}" if map_.simulated else title,
        "summary": summary,
        "keywords": "Sun, solar magnetic field, synchronic map, Carrington coordinates, corona, "
        "space weather",
        "id": identifier,
        "naming_authority": "allsun",
        "product_version": contract.VERSION,
        "algorithm_version": f"allsun {provenance.software}",
        "settings_digest": provenance.settings_digest,
        "enhancement": enhancement(map_),
        "source": "simulated observations" if map_.simulated else "solar magnetograms",
        "simulated": np.int8(map_.simulated),
        "instrument": ", ".join(instruments) or "none since the previous map",
        "last_observed": ", ".join(f"{i} {t.isoformat()}" for i, t in map_.last_observed.items())
        or NONE,
        **_previous(map_),
        "failed_checks": ", ".join(c.name for c in map_.checks if not c.passed) or NONE,
        "comment": "\n".join(map_.notes) or NONE,
        "processing_level": "Level 4: assimilated map and what is derived from it",
        "history": f"{provenance.created_iso} allsun {provenance.software} wrote {identifier}",
        "date_created": provenance.created_iso,
        "institution": provenance.institution,
        **provenance.contact,
        "creator_type": "institution",
        "publisher_type": "institution",
        "project": "allsun",
        "acknowledgement": "Observations by courtesy of the teams of the instruments listed as "
        "inputs: NASA/SDO and HMI, NSO/GONG, NASA/STEREO SECCHI.",
        "license": "Freely available; please cite the instruments listed as inputs",
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "cdm_data_type": "Grid",
        "geospatial_lat_min": grid.lat[0],
        "geospatial_lat_max": grid.lat[-1],
        "geospatial_lat_units": "degrees_north",
        "geospatial_lat_resolution": f"{2 / grid.nlat:.6g} in sine latitude",
        "geospatial_lon_min": grid.lon[0],
        "geospatial_lon_max": grid.lon[-1],
        "geospatial_lon_units": "degrees_east",
        "geospatial_lon_resolution": f"{360 / grid.nlon:.6g} degrees",
        "geospatial_bounds": "POLYGON ((-90 0, -90 360, 90 360, 90 0, -90 0))",
        "geospatial_bounds_crs": "IAU_2015:1000",
        "geospatial_vertical_min": 1.0,
        "geospatial_vertical_max": 1.0,
        "geospatial_vertical_units": "solRad",
        "geospatial_vertical_positive": "up",
        "time_coverage_start": valid,
        "time_coverage_end": valid,
        "time_coverage_duration": "PT0S",
        "time_coverage_resolution": "PT0S",
    }


def _previous(map_: GlobalMap) -> dict[str, object]:
    """The map that this one was carried from."""
    if map_.previous is None:
        return {"previous_map": NONE}
    return {
        "previous_map": map_.previous.path.name,
        "previous_map_url": map_.previous.url,
        "previous_map_sha256": map_.previous.sha256,
    }
