"""Lists of far-side regions that the seismic networks publish as text.

GONG's (mrf6x) begins with a line of quoted headings; a row holds Carrington longitude and
latitude in degrees, then in columns 3 and 4, counted from 0, phase shift in radians and
probability in per cent. Its pipeline has hiccups of up to 8e37, so that a strength is only
believed up to what any region has shown, and a row without a place is no region.
Stanford's (AR_LIST) has seven lines of heading, and rows that begin with FS-: designation,
longitude, latitude, strength. The unit of that strength is not documented: it is left out.
A list without rows says that there are no regions. Neither gives its time in every year;
its name does.
"""

from __future__ import annotations

import math
from datetime import datetime

from pipeline.core import (
    BadFile,
    InputFile,
    Observation,
    Quantity,
    SeismicRegion,
    SeismicRegions,
    earth,
)

GONG_HEADING = '"C. Long"'
HMI_HEADING, HMI_ROW = "Far-Side Vantage", "FS-"
STRONGEST = 0.5  # rad, twice the largest of the maps of March 2014


def read_regions(file: InputFile, time: datetime) -> SeismicRegions:
    """The regions in a list of GONG or Stanford.

    time : UTC that the name of the file stands for

    Raises
    ------
    BadFile : it is no text, or no list of far-side regions.
    """
    try:
        lines = file.path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problem = f"it cannot be read as text ({type(error).__name__})"
        raise BadFile(file.path, problem, "fetch it again") from None
    if lines and lines[0].lstrip().startswith(GONG_HEADING):
        instrument, found = "gong-seismic", [_gong(line.split()) for line in lines[1:]]
    elif any(HMI_HEADING in line for line in lines[:3]):
        rows = (line.split() for line in lines if line.startswith(HMI_ROW))
        instrument, found = "hmi-seismic", [_hmi(row) for row in rows]
    else:
        problem = "it is no list of far-side regions that is known here"
        raise BadFile(file.path, problem, "give one of GONG (mrf6x) or Stanford (AR_LIST)")
    observation = Observation(
        instrument=instrument,
        quantity=Quantity.PHASE_SHIFT,
        time=time,
        observer=earth(time),
        file=file,
        quick_look=True,
        simulated=any("allsun simulator" in line for line in lines[:3]),
    )
    return SeismicRegions(tuple(region for region in found if region), observation)


def _gong(row: list[str]) -> SeismicRegion | None:
    lon, lat, strength, percent = (_number(row, column) for column in (0, 1, 3, 4))
    if not (_on_sphere(lon, lat) and math.isfinite(strength)):
        return None
    known = 0.0 <= percent <= 100.0
    phase = -min(abs(strength), STRONGEST)
    return SeismicRegion(lon % 360.0, lat, phase, percent / 100.0 if known else math.nan)


def _hmi(row: list[str]) -> SeismicRegion | None:
    lon, lat = _number(row, 1), _number(row, 2)
    return SeismicRegion(lon % 360.0, lat) if _on_sphere(lon, lat) else None


def _on_sphere(lon: float, lat: float) -> bool:
    return abs(lon) <= 360.0 and abs(lat) <= 90.0


def _number(row: list[str], column: int) -> float:
    """The word in a column as a number, NaN if it is none."""
    try:
        return float(row[column])
    except (IndexError, ValueError):
        return math.nan
