"""The speed of the solar wind, by the relation of Wang, Sheeley and Arge.

Knows: how speed at the source surface follows from the shape of the field, and how far the
Sun turns while the wind travels. Refuses to know: field lines, and where planets are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core import BadRequest

Floats = NDArray[np.float64]

R_SUN_KM = 6.957e5  # IAU 2015 Resolution B3
AU = 1.495978707e8 / R_SUN_KM  # solar radii
OUTER_BOUNDARY = 21.5  # solar radii, where models of the heliosphere begin
TURN = np.radians(360.0 / (25.38 * 86400.0))  # rad/s, Carrington's sidereal rotation


@dataclass(frozen=True, slots=True)
class WindLaw:
    """Coefficients of v = slow + span (1 + f)^-power [1 - depth exp(-(d / width)^shape)]^3.

    f is the expansion factor and d the distance of the foot point from the boundary of its
    coronal hole (Arge et al. 2003, Solar Wind Ten; Riley et al. 2015, Space Weather 13, 154).

    slow, span : km/s; width : deg
    """

    slow: float
    span: float
    power: float
    width: float
    shape: float
    depth: float = 0.8

    def speed(self, expansion: NDArray[np.floating], distance: NDArray[np.floating]) -> Floats:
        """Speed, km/s, from expansion factors and distances (deg); NaN where either is."""
        hole = 1.0 - self.depth * np.exp(-((np.asarray(distance) / self.width) ** self.shape))
        f = np.asarray(expansion, np.float64)
        return np.asarray(self.slow + self.span * (1.0 + f) ** -self.power * hole**3)

    def in_words(self) -> str:
        """The relation with its coefficients."""
        return (
            f"v = {self.slow:g} + {self.span:g} (1 + f)^-{self.power:.4g} "
            f"[1 - {self.depth:g} exp(-(d / {self.width:.4g} deg)^{self.shape:g})]^3 km/s"
        )


LAWS: Mapping[str, WindLaw] = {
    # Schonfeld et al. 2022, as used with WSA
    "schonfeld2022": WindLaw(285.0, 625.0, 2.0 / 9.0, 2.0, 2.0),
    # E-SWiM (Predictive Science) with its own default: the same for maps of 1° cells
    "eswim": WindLaw(285.0, 625.0, 2.0 / 9.0, 1.0, 2.0),
    # steeper at boundaries, with a wider range
    "wide-range": WindLaw(250.0, 750.0, 0.222, float(np.degrees(0.028)), 1.25),
}


def law(name: str) -> WindLaw:
    """A published set of coefficients.

    Raises
    ------
    BadRequest : there is none of that *name*.
    """
    if name not in LAWS:
        raise BadRequest(f"No wind speeds are known as '{name}'; give one of {', '.join(LAWS)}.")
    return LAWS[name]


def longitude_shift(speed: NDArray[np.floating] | float, start: float, end: float) -> Floats:
    """Carrington longitude, deg, by which wind from *start* falls behind on its way to *end*.

    speed : km/s, kept all the way; start, end : solar radii. What arrives above longitude L
    left the Sun at L plus this.
    """
    return np.asarray(np.degrees(TURN * (end - start) * R_SUN_KM / np.asarray(speed)))


def carry_outward(speed: NDArray[np.floating], start: float, end: float) -> Floats:
    """Speeds on a sphere of *end* solar radii from those on one of *start*, km/s.

    speed : (nlat, nlon), all around the Sun, finite. Ballistic: every parcel keeps its speed
    until one from behind overtakes it, as in Riley & Lionello (2011, Solar Phys. 270, 575),
    without acceleration: dv/dr = turn d(ln v)/d(longitude), whose upwind steps in this form
    keep what is pressed together sharp and spread what is drawn out.
    """
    carried = np.array(speed, np.float64)
    dlon = 2.0 * np.pi / carried.shape[1]
    travelled, distance = 0.0, (end - start) * R_SUN_KM
    while travelled < distance:
        # The slowest wind lags by no more than one cell in a step.
        step = min(carried.min() * dlon / TURN, distance - travelled)
        carried += step * TURN / dlon * np.log(np.roll(carried, -1, axis=1) / carried)
        travelled += step
    return carried
