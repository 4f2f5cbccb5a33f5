"""The nouns that travel between rooms, and nothing else.

Knows: what an image of the Sun, a global map and a corona are; where a pixel
lies on the Sun; which clock a time was read from; how an error is worded.
Refuses to know: where any of it comes from, where it goes, how it is made.
"""

from pipeline.core.corona import Corona
from pipeline.core.ephemeris import earth
from pipeline.core.errors import (
    AllsunError,
    BadFile,
    BadRequest,
    CannotWrite,
    NothingObserved,
    NotPublished,
)
from pipeline.core.farside import ActiveRegion, Evidence, FarSide, FarSideRegion
from pipeline.core.geometry import (
    CylindricalEqualArea,
    Disk,
    Geometry,
    Observer,
    PlateCarree,
    Postel,
    great_circle,
)
from pipeline.core.grid import CarringtonGrid
from pipeline.core.nouns import (
    Check,
    GlobalMap,
    Inference,
    InputFile,
    Observation,
    Quality,
    Quantity,
    Severity,
    SolarImage,
    Source,
)
from pipeline.core.seismic import SeismicRegion, SeismicRegions
from pipeline.core.times import from_gps, from_tai, parse_utc, stamp, to_tai

__all__ = [
    "ActiveRegion",
    "AllsunError",
    "BadFile",
    "BadRequest",
    "CannotWrite",
    "CarringtonGrid",
    "Check",
    "Corona",
    "CylindricalEqualArea",
    "Disk",
    "Evidence",
    "FarSide",
    "FarSideRegion",
    "Geometry",
    "GlobalMap",
    "Inference",
    "InputFile",
    "NotPublished",
    "NothingObserved",
    "Observation",
    "Observer",
    "PlateCarree",
    "Postel",
    "Quality",
    "Quantity",
    "SeismicRegion",
    "SeismicRegions",
    "Severity",
    "SolarImage",
    "Source",
    "earth",
    "from_gps",
    "from_tai",
    "great_circle",
    "parse_utc",
    "stamp",
    "to_tai",
]
