"""Active regions: as a map shows them, and as they are followed behind the limb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag

__all__ = ["ActiveRegion", "Evidence", "FarSide", "FarSideRegion"]


class Evidence(IntFlag):
    """What a region of the far side rests on; the ``evidence`` flags of the products."""

    EUV = 1  # a magnetogram that a network made of extreme-ultraviolet images
    SEISMIC = 2  # sound waves that passed under it
    TRANSPORTED = 4  # flux that was observed earlier and carried here


@dataclass(frozen=True, slots=True)
class ActiveRegion:
    """An active region in a map at the map's time.

    lon, lat : Carrington, deg, of its centre weighted by unsigned field
    area : millionths of the hemisphere
    flux, flux_sigma : Mx, unsigned, and its standard error
    leading_polarity : +1 or -1 of the western part; 0 if the error leaves it open
    age : hours since its flux was observed, weighted by flux; NaN if never
    evidence : what most of its flux rests on
    """

    lon: float
    lat: float
    area: float
    flux: float
    flux_sigma: float
    leading_polarity: int
    age: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class FarSideRegion:
    """A region behind the limb that is followed from list to list under one number.

    lon, lat : Carrington, deg, at the time of the list
    area : millionths of the hemisphere; NaN if no map shows it
    flux, flux_sigma : Mx, unsigned, and its standard error; NaN if nobody knows
    leading_polarity : +1 or -1 of the western part; 0 if it is open
    first_seen, last_seen : UTC, of the first and newest evidence
    probabilities : that it is there, by each kind of evidence for it
    limb_return : UTC, when it comes to the Earth's east limb
    """

    number: int
    lon: float
    lat: float
    area: float
    flux: float
    flux_sigma: float
    leading_polarity: int
    first_seen: datetime
    last_seen: datetime
    probabilities: Mapping[Evidence, float]
    limb_return: datetime

    @property
    def evidence(self) -> Evidence:
        """All kinds of evidence there are."""
        return Evidence(sum(self.probabilities))

    @property
    def probability(self) -> float:
        """That at least one kind of evidence is right, as if they erred independently."""
        doubt = 1.0
        for probability in self.probabilities.values():
            doubt *= 1.0 - probability
        return 1.0 - doubt


@dataclass(frozen=True, slots=True)
class FarSide:
    """The regions behind the limb at one moment.

    regions : in order of their return
    numbered : highest number ever given
    """

    time: datetime
    regions: tuple[FarSideRegion, ...]
    numbered: int
