"""What moves flux over the surface: laws of rotation, meridional flow and diffusion.

Knows: published profiles by name, and how far the members of an ensemble differ from one.
Refuses to know: how a field is carried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.core.grid import R_SUN_CM
from pipeline.surface.rotation import CARRINGTON_RATE, ROTATION

Floats = NDArray[np.float64]

DAY = 86400.0  # s
# deg/day, by which measured laws differ for magnetic features of different size and age
# (Howard 1996, ARA&A 34, 75): all latitudes together, and at the pole over the equator.
ROTATION_SPREAD, SHEAR_SPREAD = 0.06, 0.15
# Meridional flow varies by a third within a cycle (Hathaway & Rightmire 2010, Science 327, 1350).
MERIDIONAL_SPREAD = 0.3
DIFFUSIVITY_SPREAD = 0.35  # of the logarithm: published values are 175 to 600 km²/s


@dataclass(frozen=True, slots=True)
class Flow:
    """What moves flux over the surface.

    rotation : deg/day sidereal; coefficients of 1, sin²λ, sin⁴λ.
    meridional : m/s; coefficients of sinλ, sin³λ, sin⁵λ in v = cosλ (…), poleward positive.
        The default is HipFT's (Upton et al. 2024).
    diffusivity : km²/s; 300-600 did best for flux that returns from the far side.
    attenuation : gauss, of the field that stops three quarters of the flow; infinite: none
    """

    rotation: tuple[float, float, float] = ROTATION
    meridional: tuple[float, float, float] = (22.0, 11.0, -28.0)
    diffusivity: float = 300.0
    attenuation: float = math.inf

    def northward(self, lat: Floats) -> Floats:
        """Meridional velocity, m/s, northward positive, at latitude *lat* in deg."""
        s = np.sin(np.radians(lat))
        p, q, r = self.meridional
        return np.asarray(np.cos(np.radians(lat)) * s * (p + q * s**2 + r * s**4))

    def eastward(self, lat: Floats) -> Floats:
        """Velocity of rotation in the Carrington frame, m/s westward on the sky, at *lat*."""
        s2 = np.sin(np.radians(lat)) ** 2
        a, b, c = self.rotation
        rate = np.radians(a - CARRINGTON_RATE + b * s2 + c * s2**2) / DAY
        return np.asarray(rate * R_SUN_CM / 100.0 * np.cos(np.radians(lat)))


STILL = Flow(rotation=(CARRINGTON_RATE, 0.0, 0.0), meridional=(0.0, 0.0, 0.0))


def _relative(a: float, b: float, c: float) -> tuple[float, float, float]:
    """Rotation, deg/day, of v = cosλ (a + b sin²λ + c sin⁴λ) m/s in the Carrington frame."""
    a, b, c = (math.degrees(100.0 * v * DAY / R_SUN_CM) for v in (a, b, c))
    return CARRINGTON_RATE + a, b, c


def _sidereal(a: float, b: float, c: float) -> tuple[float, float, float]:
    """Rotation, deg/day, from coefficients in µrad/s."""
    a, b, c = (math.degrees(1e-6 * v * DAY) for v in (a, b, c))
    return a, b, c


FLOWS = {
    # Rotation measured on HMI frames (see ROTATION), meridional flow of HipFT.
    "hmi": Flow(),
    # The defaults of HipFT and AFT (Upton et al. 2024; Hathaway & Rightmire 2011).
    "hipft": Flow(rotation=_relative(46.0, -262.0, -379.0), attenuation=500.0),
    # Rotation as in sunpy: Howard, Harvey & Forgach 1990, Solar Phys. 130, 295; Snodgrass 1983,
    # ApJ 270, 288.
    "howard": Flow(rotation=_sidereal(2.894, -0.428, -0.370)),
    "snodgrass": Flow(rotation=_sidereal(2.851, -0.343, -0.474)),
}


def member(base: Flow, number: int) -> Flow:
    """The flow of member *number* of an ensemble about *base*, the same at every time.

    Member 0 has *base* itself; the others differ by normal (diffusivity: log-normal) draws, in
    pairs of opposite sign, so that few members already have *base* in their middle.
    """
    if number == 0:
        return base
    draws = np.random.default_rng((number + 1) // 2).normal(size=4)
    fast, shear, poleward, spreading = draws if number % 2 else -draws
    (a, b, c), (p, q, r) = base.rotation, base.meridional
    faster = 1.0 + MERIDIONAL_SPREAD * poleward
    return replace(
        base,
        rotation=(a + ROTATION_SPREAD * fast, b + SHEAR_SPREAD * shear, c),
        meridional=(faster * p, faster * q, faster * r),
        diffusivity=base.diffusivity * float(np.exp(DIFFUSIVITY_SPREAD * spreading)),
    )
