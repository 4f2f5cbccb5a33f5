"""Compiled loops over the pixels of a disk: where each lies, and which cells it covers.

A ``disk`` arrives as plain numbers (see ``remap.py``): centre in pixels, tangent of
the viewing angle per pixel, sine and cosine of the tilt of north, Carrington longitude
(rad) and sine and cosine of the latitude below the observer, and the observer's
distance in solar radii. Grid coordinates ``u, v`` count cells along Carrington
longitude and from the south in sine latitude. Types are numba's to infer, so these
functions carry no annotations.
"""

import numpy as np
from numba import njit, prange

# Bands of image rows with sums of their own, added in a fixed order: the result
# does not depend on how many threads there are.
_BANDS = 8
# The edge of a pixel, straight in the image, is straight enough in grid coordinates if it
# spans no more than this part of a turn; where meridians converge it is cut into pieces.
_STRAIGHT = 1.0 / 72.0
# Towards the limb an edge of h solar radii bows by h/8 mu² of its length; from h/mu² on it
# is cut into four.
_BOWED = 0.008
_PIECES = 2**20
_VERTICES = 1024


@njit(cache=True)
def _facing(x, y, disk):
    """West, north and facing components of what pixel position (x, y) shows, or NaN."""
    x0, y0, scale, sin_n, cos_n, _, _, _, distance = disk
    dx, dy = (x - x0) * scale, (y - y0) * scale
    west, north = dx * cos_n - dy * sin_n, dx * sin_n + dy * cos_n
    t = west * west + north * north
    s = 1.0 + t - t * distance * distance
    z = (t * distance + np.sqrt(s)) / (1.0 + t) if s >= 0.0 else np.nan
    return west * (distance - z), north * (distance - z), z


@njit(cache=True)
def _mu(x, y, disk):
    """Cosine of the heliocentric angle at pixel position (x, y), or NaN."""
    _, _, z = _facing(x, y, disk)
    distance = disk[8]
    return (distance * z - 1.0) / np.sqrt(distance * distance - 2.0 * distance * z + 1.0)


@njit(cache=True, parallel=True)
def divide_by_mu(b, disk):
    out = np.empty_like(b)
    for j in prange(b.shape[0]):
        for i in range(b.shape[1]):
            out[j, i] = b[j, i] / _mu(i, j, disk)
    return out


@njit(cache=True)
def _to_grid(x, y, disk, nlon, nlat):
    """Grid coordinates of pixel position (x, y); NaN off the disk."""
    _, _, _, _, _, lon0, sin_b, cos_b, _ = disk
    west, north, z = _facing(x, y, disk)
    lon = np.arctan2(west, z * cos_b - north * sin_b) + lon0
    return (lon / (2.0 * np.pi)) % 1.0 * nlon, (north * cos_b + z * sin_b + 1.0) * 0.5 * nlat


@njit(cache=True)
def _corner_row(u, v, j, disk, nlon, nlat):
    """Grid coordinates of the lower corners of image row *j*."""
    for i in range(u.size):
        u[i], v[i] = _to_grid(i - 0.5, j - 0.5, disk, nlon, nlat)


@njit(cache=True)
def _bowed(x, y, disk):
    """Whether a pixel edge around (x, y) bows too much to be drawn as a straight line."""
    x0, y0, scale, _, _, _, _, _, distance = disk
    edge2 = scale * scale * (distance * distance - 1.0)
    return np.sqrt(edge2) > _BOWED * (1.0 - edge2 * ((x - x0) ** 2 + (y - y0) ** 2))


@njit(cache=True)
def _outline(u, v, i, j, disk, nlon, nlat):
    """The polygon of pixel (i, j), several vertices to an edge near pole or limb; its size.

    *u*, *v* hold the four corners and receive the vertices. An edge is halved until its
    pieces are straight enough, which both pixels that share it do alike.
    """
    x, y, dx, dy = i - 0.5, j - 0.5, 1.0, 0.0
    for k in range(4):
        step = abs(u[k] - u[(k + 1) % 4])
        if min(step, nlon - step) > _STRAIGHT * nlon or _bowed(x + dx / 2, y + dy / 2, disk):
            break
        x, y, dx, dy = x + dx, y + dy, -dy, dx
    else:
        return 4
    n, x, y, dx, dy = 0, i - 0.5, j - 0.5, 1.0, 0.0
    for _ in range(4):
        done, longest = 0, _PIECES
        if _bowed(x + dx / 2, y + dy / 2, disk):
            longest //= 4
        u[n], v[n] = _to_grid(x, y, disk, nlon, nlat)
        while done < _PIECES:
            piece = min(done & -done if done else _PIECES, longest)
            while True:
                part = (done + piece) / _PIECES
                end_u, end_v = _to_grid(x + part * dx, y + part * dy, disk, nlon, nlat)
                step = abs(end_u - u[n])
                if min(step, nlon - step) <= _STRAIGHT * nlon or piece == 1:
                    break
                piece //= 2
            done += piece
            n += 1
            u[n], v[n] = end_u, end_v
        x, y, dx, dy = x + dx, y + dy, -dy, dx
    return n


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
def _unroll(u, v, n, nlon, nlat):
    """Make the longitudes of *n* vertices continuous; add the pole if it lies inside.

    Returns the number of vertices: n, or n + 3 with the pole.
    """
    u[n], v[n] = u[0], v[0]
    turn, before = 0.0, u[0]
    for k in range(1, n + 1):
        # Both neighbours must judge an edge that passes over the pole alike.
        step, before = u[k] - before, u[k]
        if step > 0.5 * nlon:
            turn -= nlon
        elif step < -0.5 * nlon:
            turn += nlon
        u[k] += turn
    if turn == 0.0:
        return n
    pole = nlat if v[0] > 0.5 * nlat else 0.0
    u[n + 1], v[n + 1], u[n + 2], v[n + 2] = u[n], pole, u[0], pole
    return n + 3


@njit(cache=True, parallel=True)
def accumulate(data, mask, disk, nlon, nlat, mu_min):
    """Sums of area, area*value, area*mu and (area/mu)² per cell, for each band of rows."""
    ny, nx = data.shape
    sums = np.zeros((_BANDS, 4, nlat, nlon))
    for band in prange(_BANDS):
        u, v = np.empty((2, nx + 1)), np.empty((2, nx + 1))
        pu, pv, work = np.empty(_VERTICES), np.empty(_VERTICES), np.empty((6, _VERTICES))
        first, last = band * ny // _BANDS, (band + 1) * ny // _BANDS
        _corner_row(u[0], v[0], first, disk, nlon, nlat)
        for j in range(first, last):
            low, high = (j - first) % 2, (j - first + 1) % 2
            _corner_row(u[high], v[high], j + 1, disk, nlon, nlat)
            for i in range(nx):
                mu = _mu(i, j, disk)
                if not (mask[j, i] and mu > mu_min):
                    continue
                pu[0], pu[1], pu[2], pu[3] = u[low, i], u[low, i + 1], u[high, i + 1], u[high, i]
                pv[0], pv[1], pv[2], pv[3] = v[low, i], v[low, i + 1], v[high, i + 1], v[high, i]
                if np.isnan(pu[0] + pu[1] + pu[2] + pu[3]):
                    continue
                n = _outline(pu, pv, i, j, disk, nlon, nlat)
                n = _unroll(pu, pv, n, nlon, nlat)
                _deposit(sums[band], pu, pv, n, work, data[j, i], mu, nlon, nlat)
    return sums
