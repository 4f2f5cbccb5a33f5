"""Compiled differences of a potential: the flux through every face of a staggered grid.

Knows: how the field lies on the faces of cells that are uniform in the logarithm of the
radius, sine latitude and longitude. Refuses to know: where the potential comes from.
Types are numba's to infer, so these functions carry no annotations.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from numba import njit, prange


@njit(cache=True, parallel=True)
def radial(psi, east, north, scale, out):
    """Field on the faces between shells: minus the angular Laplacian of *psi*, times *scale*.

    psi : (shells, nlat, nlon); scale : (shells,), one over the area of a face
    east (nlat,), north (nlat + 1,) : width over distance of the edges across which differences
        are taken
    """
    shells, nlat, nlon = psi.shape
    for k in prange(shells):
        for j in range(nlat):
            here, row = psi[k, j], out[k, j]
            below, above = psi[k, max(j - 1, 0)], psi[k, min(j + 1, nlat - 1)]
            e, s, n, w = east[j], north[j], north[j + 1], scale[k]
            c = 2.0 * e + s + n
            for i in range(1, nlon - 1):
                beside = here[i - 1] + here[i + 1]
                row[i] = (c * here[i] - e * beside - s * below[i] - n * above[i]) * w
            for i in (0, nlon - 1):
                beside = here[i - 1] + here[(i + 1) % nlon]
                row[i] = (c * here[i] - e * beside - s * below[i] - n * above[i]) * w


@njit(cache=True, parallel=True)
def tangential(psi, east, north, scale, out_east, out_north):
    """Field on the faces that stand upright: mixed differences of *psi* over their areas.

    scale : (shells - 1,), the part of one over the area that depends on the shell; east (nlat,)
    and north (nlat + 1,) hold the rest, and the width over distance
    """
    shells, nlat, nlon = psi.shape
    for k in prange(shells - 1):
        for j in range(nlat):
            low, high, row = psi[k, j], psi[k + 1, j], out_east[k, j]
            w = east[j] * scale[k]
            row[0] = ((high[0] - low[0]) - (high[-1] - low[-1])) * w
            for i in range(1, nlon):
                row[i] = ((high[i] - low[i]) - (high[i - 1] - low[i - 1])) * w
        for j in range(1, nlat):
            low, high, row = psi[k, j], psi[k + 1, j], out_north[k, j]
            low_s, high_s = psi[k, j - 1], psi[k + 1, j - 1]
            w = north[j] * scale[k]
            for i in range(nlon):
                row[i] = ((high[i] - low[i]) - (high_s[i] - low_s[i])) * w
        out_north[k, 0, :] = 0.0  # the faces at the poles have no area
        out_north[k, nlat, :] = 0.0
