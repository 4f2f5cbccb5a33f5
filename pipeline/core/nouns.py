"""Images, maps and coronae: what one room hands to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag, StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core.geometry import Geometry, Observer
from pipeline.core.grid import CarringtonGrid

__all__ = [
    "Check",
    "GlobalMap",
    "Inference",
    "InputFile",
    "Observation",
    "Quality",
    "Quantity",
    "Severity",
    "SolarImage",
    "Source",
]


class Quantity(StrEnum):
    """What an image measures."""

    B_LOS = "b_los"  # field along the line of sight, gauss
    B_R = "b_r"  # radial field, gauss
    INTENSITY = "intensity"  # extreme-ultraviolet brightness, DN/s
    PHASE_SHIFT = "phase_shift"  # helioseismic travel-time phase, radians


class Source(IntEnum):
    """What a map pixel rests on; the ``source`` flag of the products."""

    TRANSPORTED = 0
    HMI = 1
    GONG = 2
    EUV = 3
    SEISMIC = 4
    POLAR = 5


class Quality(IntFlag):
    """What a user should know before trusting a map; the ``qc`` flags of the products."""

    GOOD = 0
    COLD_START = 1  # no previous map: begun from a first guess
    STALE_INPUT = 2  # the newest observation is older than its instrument promises
    INSTRUMENT_ABSENT = 4  # an expected instrument gave nothing usable
    FLUX_IMBALANCE = 8  # the net flux removed is too large to be observational error
    NETWORK_ABSENT = 16  # a network chosen in the settings was refused or failed
    UNTRAINED_INPUT = 32  # an image lay beyond what its network was trained on
    CHECK_FAILED = 64  # a check of the map failed; the table of checks says which
    WITHHELD = 128  # new observations failed a critical check: the earlier map, carried to now


class Severity(StrEnum):
    """What a failed check costs."""

    WARNING = "warning"  # a flag and a note
    CRITICAL = "critical"  # the map: it is not published


@dataclass(frozen=True, slots=True)
class InputFile:
    """A complete file on this machine and where it came from."""

    path: Path
    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Inference:
    """What one network did to an image, for the record.

    network : name and version, ``hmi-denoise/1``
    sha256 : of its weights
    provider : what computed it, e.g. ``cpu fp32`` or ``tensorrt fp16``
    parity : largest difference from the reference answer on the golden input, gauss
    outside : fraction of the measured pixels beyond the range that it was trained on
    seconds : wall time
    notes : what the reader must know, e.g. which provider failed before
    """

    network: str
    sha256: str
    provider: str
    parity: float
    outside: float
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """The circumstances under which an image was taken.

    instrument : lower-case name: hmi, mdi, gong, aia, euvi-a, …
    time : UTC, middle of the exposure
    observer : who saw it; for global maps, the Earth at *time*
    wavelength : Å, for extreme-ultraviolet images
    noise : standard deviation of one pixel in the image's unit; NaN if unknown
    noise_length : over how many pixels that error is alike; 1 for white noise
    quality : the instrument's own quality word, 0 when nothing is wrong
    quick_look : True for near-real-time data that a definitive file will replace
    simulated : True if the file says that no telescope took it
    scale : instrument on whose field scale a network has put the values, if not its own
    inferences : the networks that the image has passed through, in order
    """

    instrument: str
    quantity: Quantity
    time: datetime
    observer: Observer
    file: InputFile
    wavelength: int | None = None
    noise: float = float("nan")
    noise_length: float = 1.0
    quality: int = 0
    quick_look: bool = False
    simulated: bool = False
    scale: str | None = None
    inferences: tuple[Inference, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SolarImage:
    """A picture of (part of) the Sun.

    data : float32, (ny, nx), in *unit*; NaN wherever *mask* is False
    mask : bool, (ny, nx), True where the pixel is a measurement
    unit : ``G``, ``DN/s`` or ``rad``
    geometry : where its pixels lie on the Sun
    sigma : float32, (ny, nx), standard error of each pixel in *unit*, where a network tells
    """

    data: NDArray[np.float32]
    mask: NDArray[np.bool_]
    unit: str
    geometry: Geometry
    observation: Observation
    sigma: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What one check of a map found before the map was published.

    value : what was measured, in the unit of *limit*; NaN if the question did not arise
    limit : what it was held to
    sentence : what was found, for a person
    """

    name: str
    value: float
    limit: float
    severity: Severity
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class GlobalMap:
    """The radial field of the whole Sun at one moment.

    br, sigma : float32 (nlat, nlon), gauss: the radial field and its standard error
    source : uint8 (nlat, nlon), :class:`Source` of each pixel
    age : float32 (nlat, nlon), hours since the pixel was last observed; NaN if never
    inputs : every observation that entered since *previous*
    last_observed : time of the newest frame ever assimilated, by instrument
    previous : the map this one was carried from, if any
    net_flux_removed : Mx, taken out by the flux balance
    qc : conditions that weaken trust in the map as a whole
    notes : what the reader must know, e.g. which instruments were absent
    members : float32 (n, nlat, nlon), gauss: maps that could all be the Sun, *br* their mean
    checks : what was asked before publishing; of the refused map if this one was put in its place
    """

    time: datetime
    grid: CarringtonGrid
    br: NDArray[np.float32]
    sigma: NDArray[np.float32]
    source: NDArray[np.uint8]
    age: NDArray[np.float32]
    inputs: tuple[Observation, ...] = ()
    last_observed: Mapping[str, datetime] = field(default_factory=dict)
    previous: InputFile | None = None
    net_flux_removed: float = 0.0
    qc: Quality = Quality.GOOD
    simulated: bool = False
    notes: tuple[str, ...] = ()
    members: NDArray[np.float32] | None = None
    checks: tuple[Check, ...] = ()

    @property
    def unsigned_flux(self) -> float:
        """Total unsigned flux, Mx."""
        return float(np.abs(self.br, dtype=np.float64).sum() * self.grid.cell_area)

    @property
    def net_flux(self) -> float:
        """Net flux, Mx."""
        return float(self.br.sum(dtype=np.float64) * self.grid.cell_area)

    def polar_field(self, hemisphere: int, above: float = 60.0) -> float:
        """Mean radial field, gauss, poleward of *above* deg in the north (+1) or south (-1)."""
        rows = hemisphere * self.grid.lat > above
        return float(self.br[rows].mean(dtype=np.float64))

    def area_fractions(self) -> Mapping[str, float]:
        """Fraction of the sphere that rests on each source, by lower-case name."""
        counts = np.bincount(self.source.ravel(), minlength=len(Source))
        return {s.name.lower(): float(counts[s] / self.source.size) for s in Source}
