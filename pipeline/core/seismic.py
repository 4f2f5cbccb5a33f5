"""What helioseismology suspects on the far side, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.nouns import Observation


@dataclass(frozen=True, slots=True)
class SeismicRegion:
    """A place where waves come back early, as under an active region.

    lon, lat : Carrington longitude and latitude, deg, at the time of the observation
    phase : rad, negative over active regions; NaN where a list does not give it
    probability : that it is real, 0 to 1; NaN where nobody says
    """

    lon: float
    lat: float
    phase: float = float("nan")
    probability: float = float("nan")


@dataclass(frozen=True, slots=True)
class SeismicRegions:
    """What one map or list tells; no regions is a message too."""

    regions: tuple[SeismicRegion, ...]
    observation: Observation
