"""Compiled loops over the pixels of a disk: where each lies, and which cells it covers.

A disk arrives as plain numbers (see ``remap.py``): centre ``x0, y0`` in pixels,
``scale`` (tangent of the viewing angle per pixel), sine and cosine of the tilt of
north, Carrington longitude (rad) and sine and cosine of the latitude below the
observer, and the observer's ``distance`` in solar radii. Grid coordinates ``u, v``
count cells along Carrington longitude and from the south in sine latitude.
Types are numba's to infer, so these functions carry no annotations.
"""

import numpy as np
from numba import njit, prange

# Bands of image rows with sums of their own, added in a fixed order: the result
# does not depend on how many threads there are.
_BANDS = 8


@njit(cache=True)
def _toward_observer(west, north, distance):
    """Component towards the observer of the unit-sphere point seen at those tangents, or NaN."""
    t = west * west + north * north
    s = 1.0 + t - t * distance * distance
    return (t * distance + np.sqrt(s)) / (1.0 + t) if s >= 0.0 else np.nan


@njit(cache=True)
def _mu(z, distance):
    """Cosine of the heliocentric angle at the facing component *z*."""
    return (distance * z - 1.0) / np.sqrt(distance * distance - 2.0 * distance * z + 1.0)


@njit(cache=True, parallel=True)
def divide_by_mu(b, x0, y0, scale, sin_n, cos_n, lon0, sin_b, cos_b, distance):
    out = np.empty_like(b)
    for j in prange(b.shape[0]):
        for i in range(b.shape[1]):
            dx, dy = (i - x0) * scale, (j - y0) * scale
            z = _toward_observer(dx * cos_n - dy * sin_n, dx * sin_n + dy * cos_n, distance)
            out[j, i] = b[j, i] / _mu(z, distance)
    return out


@njit(cache=True)
def _corner_row(u, v, j, x0, y0, scale, sin_n, cos_n, lon0, sin_b, cos_b, distance, nlon, nlat):
    """Grid coordinates (in cells) of the lower corners of image row *j*; NaN off the disk."""
    dy = (j - 0.5 - y0) * scale
    for i in range(u.size):
        dx = (i - 0.5 - x0) * scale
        west, north = dx * cos_n - dy * sin_n, dx * sin_n + dy * cos_n
        z = _toward_observer(west, north, distance)
        west, north = west * (distance - z), north * (distance - z)
        lon = np.arctan2(west, z * cos_b - north * sin_b) + lon0
        u[i] = (lon / (2.0 * np.pi)) % 1.0 * nlon
        v[i] = (north * cos_b + z * sin_b + 1.0) * 0.5 * nlat


@njit(cache=True)
def _clip(px, py, n, qx, qy, bound, keep_above):
    """Cut polygon p (n vertices) at px = bound; the kept part goes to q. Returns its size."""
    m = 0
    for k in range(n):
        previous = k - 1 if k else n - 1
        a, b = px[previous] - bound, px[k] - bound
        if not keep_above:
            a, b = -a, -b
        if (a < 0.0) != (b < 0.0):
            qx[m] = bound
            qy[m] = py[previous] + (py[k] - py[previous]) * (a / (a - b))
            m += 1
        if b >= 0.0:
            qx[m], qy[m] = px[k], py[k]
            m += 1
    return m


@njit(cache=True)
def _area(px, py, n):
    """Signed area of a polygon, positive when anticlockwise."""
    total = 0.0
    for k in range(n):
        previous = k - 1 if k else n - 1
        total += px[previous] * py[k] - px[k] * py[previous]
    return 0.5 * total


@njit(cache=True)
def _add(sums, row, column, area, value, mu):
    sums[0, row, column] += area
    sums[1, row, column] += area * value
    sums[2, row, column] += area * mu
    sums[3, row, column] += (area / mu) ** 2


@njit(cache=True)
def _deposit(sums, u, v, n, work, value, mu, nlon, nlat):
    """Spread one pixel, a polygon of *n* corners in grid coordinates, over the cells it meets."""
    west, east, south, north = u[0], u[0], v[0], v[0]
    for k in range(1, n):
        west, east = min(west, u[k]), max(east, u[k])
        south, north = min(south, v[k]), max(north, v[k])
    first_column, last_column = int(np.floor(west)), int(np.floor(east))
    first_row, last_row = min(int(south), nlat - 1), min(int(north), nlat - 1)
    if first_column == last_column and first_row == last_row:
        _add(sums, first_row, first_column % nlon, _area(u, v, n), value, mu)
        return
    ax, ay, bx, by, cx, cy = work
    for row in range(first_row, last_row + 1):
        m = _clip(v, u, n, ay, ax, float(row), True)
        m = _clip(ay, ax, m, by, bx, row + 1.0, False)
        for column in range(first_column, last_column + 1):
            k = _clip(bx, by, m, ax, ay, float(column), True)
            k = _clip(ax, ay, k, cx, cy, column + 1.0, False)
            if k > 2:
                _add(sums, row, column % nlon, _area(cx, cy, k), value, mu)


@njit(cache=True)
def _unroll(u, v, nlon, nlat):
    """Make the longitudes of a pixel's corners continuous; add the pole if it lies inside.

    Returns the number of vertices: 4, or 7 with the pole.
    """
    for k in range(1, 5):
        if u[k] - u[k - 1] > 0.5 * nlon:
            u[k] -= nlon
        elif u[k] - u[k - 1] < -0.5 * nlon:
            u[k] += nlon
    if abs(u[4] - u[0]) < 0.5 * nlon:
        return 4
    pole = nlat if v[0] > 0.5 * nlat else 0.0
    v[4], u[5], v[5], u[6], v[6] = v[0], u[4], pole, u[0], pole
    return 7


@njit(cache=True, parallel=True)
def accumulate(
    data, mask, x0, y0, scale, sin_n, cos_n, lon0, sin_b, cos_b, distance, nlon, nlat, mu_min
):
    """Sums of area, area*value, area*mu and (area/mu)² per cell, for each band of rows."""
    ny, nx = data.shape
    sums = np.zeros((_BANDS, 4, nlat, nlon))
    for band in prange(_BANDS):
        u, v = np.empty((2, nx + 1)), np.empty((2, nx + 1))
        pu, pv, work = np.empty(8), np.empty(8), np.empty((6, 16))
        first, last = band * ny // _BANDS, (band + 1) * ny // _BANDS
        _corner_row(
            u[0], v[0], first, x0, y0, scale, sin_n, cos_n, lon0, sin_b, cos_b, distance, nlon, nlat
        )
        for j in range(first, last):
            low, high = (j - first) % 2, (j - first + 1) % 2
            _corner_row(
                u[high], v[high], j + 1,
                x0, y0, scale, sin_n, cos_n, lon0, sin_b, cos_b, distance, nlon, nlat,
            )  # fmt: skip
            dy = (j - y0) * scale
            for i in range(nx):
                if not mask[j, i]:
                    continue
                dx = (i - x0) * scale
                z = _toward_observer(dx * cos_n - dy * sin_n, dx * sin_n + dy * cos_n, distance)
                mu = _mu(z, distance)
                if not mu > mu_min:
                    continue
                pu[0], pu[1], pu[2], pu[3] = u[low, i], u[low, i + 1], u[high, i + 1], u[high, i]
                pv[0], pv[1], pv[2], pv[3] = v[low, i], v[low, i + 1], v[high, i + 1], v[high, i]
                if np.isnan(pu[0] + pu[1] + pu[2] + pu[3]):
                    continue
                pu[4] = pu[0]
                n = _unroll(pu, pv, nlon, nlat)
                _deposit(sums[band], pu, pv, n, work, data[j, i], mu, nlon, nlat)
    return sums
