"""What a setting's value may be, and how it is written.

Knows: durations, grids, databases with their passwords, names of networks' providers, observers
and checks. Refuses to know: which settings there are.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer

from pipeline.core import CarringtonGrid

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=36525)  # a century; there have been magnetograms for half of one


def parse_duration(text: object) -> timedelta:
    """Read ``90m``, ``36h`` or ``28d``.

    Raises
    ------
    ValueError : anything else (a sentence that says so).
    """
    if isinstance(text, timedelta):
        return text
    number, unit = str(text)[:-1], str(text)[-1:]
    try:
        duration = timedelta(**{UNITS[unit]: float(number)})
    except (KeyError, ValueError, OverflowError):
        duration = timedelta()
    if not timedelta() < duration <= LONGEST:
        raise ValueError("a duration is a positive number and a unit, like 90m, 36h or 28d")
    return duration


def write_duration(duration: timedelta) -> str:
    """The shortest form that :func:`parse_duration` reads back."""
    minutes = duration.total_seconds() / 60
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes / length:.15g}{unit}"
    return f"{minutes:.15g}m"


def without_password(url: str) -> str:
    """The *url* of a database as it may be shown."""
    return re.sub(r"(://[^/@:]*:).*@|(password=)[^&]*", _masked, url)


def _masked(secret: re.Match[str]) -> str:
    return f"{secret[1]}***@" if secret[1] else f"{secret[2]}***"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
Name = Annotated[str, Field(min_length=1)]
Database = Annotated[Name, PlainSerializer(without_password, when_used="json-unless-none")]
GridName = Literal["720x360", "360x180"]
Provider = Literal["tensorrt", "cuda", "cpu"]
ObserverName = Annotated[
    str,
    Field(
        pattern=r"^(earth|stereo-a|mercury|venus|mars|jupiter|saturn"
        r"|[a-z][a-z0-9-]*=-?\d+(\.\d+)?,-?[0-8]?\d(\.\d+)?,\d+(\.\d+)?)$"
    ),
]
CheckName = Literal[
    "finite",
    "field_strength",
    "net_flux",
    "unsigned_flux_jump",
    "frame_flux",
    "frame_scale",
    "polar_field",
    "seam",
    "hmi_gong_correlation",
    "hmi_gong_scale",
    "far_side_flux",
    "observed_share",
    "newest_age",
    "unseen_share",
]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
MODEL = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def grid(name: GridName) -> CarringtonGrid:
    """The grid that a setting such as ``720x360`` names."""
    nlon, nlat = (int(n) for n in name.split("x"))
    return CarringtonGrid(nlon, nlat)
