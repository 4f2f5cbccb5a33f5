"""Compiled loop that draws Gaussians on longitude by sine latitude.

Each is taken as separable about its centre and integrated over the cells, so that one
smaller than a cell is not lost between centres. Types are numba's to infer, so these
functions carry no annotations.
"""

import math

import numpy as np
from numba import njit

_REACH = 3.5  # standard deviations


@njit(cache=True)
def _shares(out, centre, width, first):
    """Share of a Gaussian in each unit interval from *first* on. Returns their sum."""
    scale, total = 1.0 / (math.sqrt(2.0) * width), 0.0
    below = math.erf((first - centre) * scale)
    for k in range(out.size):
        above = math.erf((first + k + 1 - centre) * scale)
        out[k] = above - below
        total += out[k]
        below = above
    return total


@njit(cache=True)
def spread(field, column, sine, value, width):
    """Add Gaussians to *field* (nlat, nlon), each keeping its sum *value*.

    column : position in cells; sine : of latitude; width : standard deviation, rad
    """
    nlat, nlon = field.shape
    for k in range(column.size):
        # Near a pole a cell spans more than the circle of latitude has room for.
        cosine = max(math.sqrt(max(0.0, 1.0 - sine[k] ** 2)), math.sqrt(1.0 / nlat))
        along = width[k] / cosine * nlon / (2.0 * math.pi)
        across = width[k] * cosine * nlat / 2.0
        row = (sine[k] + 1.0) * 0.5 * nlat
        first_row = max(0, math.floor(row - _REACH * across))
        last_row = min(nlat - 1, math.floor(row + _REACH * across))
        first = math.floor(column[k] - _REACH * along)
        count = min(nlon, math.floor(column[k] + _REACH * along) - first + 1)
        rows, columns = np.empty(last_row - first_row + 1), np.empty(count)
        total = _shares(rows, row, across, first_row) * _shares(columns, column[k], along, first)
        for j in range(rows.size):
            weight = value[k] * rows[j] / total
            for i in range(count):
                field[first_row + j, (first + i) % nlon] += weight * columns[i]
