"""Compiled field lines through a staggered grid, one exact step from face to face.

Inside a cell each component of the flux changes linearly between the two faces that it
crosses, which keeps the field free of charges to the last bit; the line through such a cell
is known in closed form (Pollock 1988, Ground Water 26, 743; for magnetic fields the lowest
Raviart-Thomas element). A line therefore takes no step longer than a cell, has no step to
choose and no error of integration: it carries its flux from the photosphere to the source
surface whatever the grid, and the poles, whose faces have no area, are no exception.

Knows: how a line continues. Refuses to know: where lines should begin and what they mean.
A place is a cell (k up, j north, i east) and a position (z, y, x) in it, from 0 to 1. Types
are numba's to infer, so these functions carry no annotations.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from math import expm1, log1p, sqrt

import numpy as np
from numba import njit, prange

SURFACE, LOST, TOP = -1, 0, 1
# Potential fields have no closed loops, but a line may graze a null; none took 1000 steps.
MOST_STEPS = 20_000
_LINEAR = 1e-3  # relative change of the flux below which its logarithm is a series


@njit(cache=True)
def _leave(v0, v1, x, low):
    """Time to leave a cell through the face ahead, at *low* or 1; never if the flux turns."""
    g = v1 - v0
    v = v0 + g * x
    if v > 0.0:
        ahead, d = v1, 1.0 - x
    else:
        ahead, d = v0 + g * low, low - x
    if v * ahead <= 0.0:
        return np.inf
    q = g * d / v
    if abs(q) < _LINEAR:
        return d / v * (1.0 - q * (0.5 - q / 3.0))
    return log1p(q) / g


@njit(cache=True)
def _drift(v0, v1, x, t):
    """Position along an axis after time *t*."""
    g = v1 - v0
    v = v0 + g * x
    a = g * t
    if abs(a) < _LINEAR:
        x += v * t * (1.0 + a * (0.5 + a / 6.0))
    else:
        x += v * expm1(a) / g
    return min(max(x, 0.0), 1.0)


@njit(cache=True)
def _chord(radius, size, k, j, z0, y0, x0, z1, y1, x1):
    """Length, solar radii, between two places in cells (k, j, ·)."""
    low, thick = radius[k], radius[k + 1] - radius[k]
    r = low + thick * 0.5 * (z0 + z1)
    sine = (j + 0.5 * (y0 + y1)) * size[0] - 1.0
    cos2 = 1.0 - sine * sine
    up, north, east = thick * (z1 - z0), size[0] * (y1 - y0), size[1] * (x1 - x0)
    return sqrt(up * up + r * r * (north * north / cos2 + east * east * cos2))


@njit(cache=True)
def follow(field, metric, floor, place, sign, path):
    """Follow the line from *place* along the field (*sign* 1) or against it (-1).

    field : br, b_east, b_north of a Field
    metric : radial and upright areas, east and north lengths of its Shells, the radii of the
        faces between shells, and the size of a cell in sine latitude and longitude (rad)
    floor : cell k and position z where the line ends below
    path : (n, 3), receives k + z, j + y, i + x after every step that fits

    Returns the end (SURFACE, LOST or TOP), number of steps, length, and the last place.
    """
    br, b_east, b_north = field
    radial, upright, east, north, radius, size = metric
    k, j, i, z, y, x = place
    nr, _, nlon = b_east.shape
    length = 0.0
    for step in range(MOST_STEPS):
        low = floor[1] if k == floor[0] else 0.0
        wall = upright[k] * sign
        z0, z1 = br[k, j, i] * radial[k] * sign, br[k + 1, j, i] * radial[k + 1] * sign
        y0, y1 = b_north[k, j, i] * north[j] * wall, b_north[k, j + 1, i] * north[j + 1] * wall
        x0 = b_east[k, j, i] * east[j] * wall
        x1 = b_east[k, j, i + 1 if i + 1 < nlon else 0] * east[j] * wall
        tz, ty, tx = _leave(z0, z1, z, low), _leave(y0, y1, y, 0.0), _leave(x0, x1, x, 0.0)
        t = min(tz, ty, tx)
        if t == np.inf:
            return LOST, step, length, (k, j, i, z, y, x)
        up, on, over = z0 + (z1 - z0) * z > 0.0, y0 + (y1 - y0) * y > 0.0, x0 + (x1 - x0) * x > 0.0
        old = (z, y, x)
        z = max(_drift(z0, z1, z, t), low) if t < tz else (1.0 if up else low)
        y = _drift(y0, y1, y, t) if t < ty else (1.0 if on else 0.0)
        x = _drift(x0, x1, x, t) if t < tx else (1.0 if over else 0.0)
        length += _chord(radius, size, k, j, old[0], old[1], old[2], z, y, x)
        if step < path.shape[0]:
            path[step, 0], path[step, 1], path[step, 2] = k + z, j + y, i + x
        if t == tz:
            if up and k == nr - 1:
                return TOP, step + 1, length, (k, j, i, z, y, x)
            if not up and k == floor[0]:
                return SURFACE, step + 1, length, (k, j, i, z, y, x)
            k, z = (k + 1, 0.0) if up else (k - 1, 1.0)
        elif t == ty:
            j, y = (j + 1, 0.0) if on else (j - 1, 1.0)
        else:
            i, x = ((i + 1) % nlon, 0.0) if over else ((i - 1) % nlon, 1.0)
    return LOST, MOST_STEPS, length, (k, j, i, z, y, x)


@njit(cache=True)
def flux_density(field, metric, k, j, i, z):
    """Radial flux through a cell at height *z* in it, times r² over area: gauss solar radii²."""
    br, radial, size = field[0], metric[0], metric[5]
    flux = br[k, j, i] * radial[k] * (1.0 - z) + br[k + 1, j, i] * radial[k + 1] * z
    return flux / (size[0] * size[1])


@njit(cache=True, parallel=True)
def map_cells(field, metric, floor, start, upward, end, position, length, density):
    """Follow the line through the middle of every cell at the height *start* (cell k, z).

    upward : 1 for lines away from the Sun, -1 for lines towards it
    end : int8 (nlat, nlon), receives SURFACE, LOST or TOP; LOST where there is no field
    position : (2, nlat, nlon), receives sine latitude and longitude (in cells) of the end
    length : (nlat, nlon), solar radii
    density : (2, nlat, nlon), receives the flux density at the start and at the end
    """
    nlat, nlon = end.shape
    for j in prange(nlat):
        nowhere = np.empty((0, 3))
        for i in range(nlon):
            here = flux_density(field, metric, start[0], j, i, start[1])
            density[0, j, i] = here
            if here == 0.0:
                continue
            sign = upward if here > 0.0 else -upward
            place = (start[0], np.int64(j), i, start[1], 0.5, 0.5)  # prange counts unsigned
            how, _, line, last = follow(field, metric, floor, place, sign, nowhere)
            end[j, i], length[j, i] = how, line
            position[0, j, i], position[1, j, i] = last[1] + last[4], last[2] + last[5]
            density[1, j, i] = flux_density(field, metric, last[0], last[1], last[2], last[3])


@njit(cache=True, parallel=True)
def count_open(field, metric, floor, side, out):
    """Part of the lines from side² evenly spread places in every cell that reach the top."""
    nlat, nlon = out.shape
    for j in prange(nlat):
        nowhere = np.empty((0, 3))
        for i in range(nlon):
            here = flux_density(field, metric, floor[0], j, i, floor[1])
            if here == 0.0:
                continue
            sign, reached = (1.0 if here > 0.0 else -1.0), 0
            for n in range(side * side):
                y, x = (n // side + 0.5) / side, (n % side + 0.5) / side
                place = (floor[0], np.int64(j), i, floor[1], y, x)
                how, _, _, _ = follow(field, metric, floor, place, sign, nowhere)
                reached += how == TOP
            out[j, i] = reached / (side * side)
