"""Compiled loops over the pixels of a camera: what lies behind each of them.

A ``view`` holds plain numbers (see ``optics.py``): centre in pixels, tangent of the
viewing angle per pixel, sine and cosine of the tilt of north, Carrington longitude
(rad) and sine and cosine of the latitude below the observer, and the observer's
distance in solar radii. Types are numba's to infer, so these functions carry no
annotations.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True)
def _hit(x, y, view):
    """West, north and facing components of the surface behind (x, y), or NaN beyond the limb."""
    x0, y0, scale, sin_n, cos_n, _, _, _, distance = view
    dx, dy = (x - x0) * scale, (y - y0) * scale
    west, north = dx * cos_n - dy * sin_n, dx * sin_n + dy * cos_n
    t = west * west + north * north
    inside = 1.0 + t - t * distance * distance
    if inside < 0.0:
        return np.nan, np.nan, np.nan
    z = (t * distance + np.sqrt(inside)) / (1.0 + t)
    return west * (distance - z), north * (distance - z), z


@njit(cache=True, parallel=True)
def average(cells, view, size, fine):
    """Mean over fine² points in every pixel of the cell behind each; 0 beyond the limb."""
    _, _, _, _, _, lon0, sin_b, cos_b, _ = view
    nlat, nlon = cells.shape
    out = np.zeros((size, size), np.float32)
    for j in prange(size):
        for i in range(size):
            total = 0.0
            for n in range(fine * fine):
                x = i + (n % fine + 0.5) / fine - 0.5
                y = j + (n // fine + 0.5) / fine - 0.5
                west, north, z = _hit(x, y, view)
                if np.isnan(z):
                    continue
                turn = (np.arctan2(west, z * cos_b - north * sin_b) + lon0) / (2.0 * np.pi)
                column = int((turn - np.floor(turn)) * nlon) % nlon
                row = int((north * cos_b + z * sin_b + 1.0) * 0.5 * nlat)
                total += cells[min(max(row, 0), nlat - 1), column]
            out[j, i] = total / (fine * fine)
    return out


@njit(cache=True, parallel=True)
def slant(view, size):
    """Cosine of the heliocentric angle in every pixel's centre, NaN beyond the limb."""
    distance = view[8]
    out = np.empty((size, size), np.float32)
    for j in prange(size):
        for i in range(size):
            _, _, z = _hit(float(i), float(j), view)
            ray = np.sqrt(distance * distance - 2.0 * distance * z + 1.0)
            out[j, i] = (distance * z - 1.0) / ray
    return out
