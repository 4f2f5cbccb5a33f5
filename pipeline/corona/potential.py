"""The potential field between the photosphere and a source surface, for many maps.

Knows: pfsspy's discretisation (see ``modes.py``), solved mode by mode: along the radius each
is a sum of a falling and a rising power, fixed by the photosphere below and by the tangential
field that vanishes above. All that does not depend on the map is prepared once.
Refuses to know: what maps are made from, and where field lines lead.

The tangential field lies half a cell above and below the shells and vanishes in the uppermost
layer, so the source surface that is solved for lies half a cell below the nominal one: the
field is of second order for the radius ``exp((nr - 1/2) step)``, of first order for *rss*.
Potentials are differenced, so all of it is float64 until the field is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.core import BadRequest, CarringtonGrid
from pipeline.corona import faces
from pipeline.corona.field import Field, Shells
from pipeline.corona.modes import BLAS, AngularModes, Edges, prepare_modes

Floats = NDArray[np.float64]

MAX_RADIUS = 10.0  # solar radii; the wind has long opened the field there
MAX_RADIAL_CELLS = 192  # pfsspy 1.2 returns NaN from 193 on, and nobody needs them
# Modes weaker than this part of their photospheric value are below the rounding of the rest.
NEGLIGIBLE = 1e-14
ROUNDING = 1e-12  # of a map's mean, as part of the map


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """Everything about a potential solve that no map can change.

    radial : per azimuthal order (2, nlat / 2, shells): the potential of a mode on the lower
        shells, per unit of its radial field at the photosphere; above, it is negligible
    waves, psi : room for the potential of every shell, by azimuthal order and by longitude. Fresh
        memory costs more than the mathematics, so all maps share it: one solve at a time
    """

    shells: Shells
    modes: AngularModes
    radial: tuple[Floats, ...]
    waves: NDArray[np.complex128]
    psi: Floats


def prepare(grid: CarringtonGrid, rss: float, nr: int, cache: Path | None = None) -> Operator:
    """Operator for maps on *grid* and a source surface at *rss* solar radii.

    nr : radial cells between the two surfaces
    cache : folder that keeps the part that depends on the grid alone

    Raises
    ------
    BadRequest : *rss*, *nr* or *grid* is out of range.
    """
    check_range(rss, nr)  # before the work that follows
    return operator_at(prepare_modes(grid, cache), rss, nr)


def operator_at(modes: AngularModes, rss: float, nr: int) -> Operator:
    """The same from *modes* that are at hand, which all source surfaces of a grid share.

    Raises
    ------
    BadRequest : *rss* or *nr* is out of range.
    """
    check_range(rss, nr)
    shells = Shells(modes.grid, nr, rss)
    eigenvalues = np.array(modes.eigenvalues)
    eigenvalues[0, 0, 0] = 1.0  # the monopole, which has no potential field
    radial = tuple(_radial(values, shells) for values in eigenvalues)
    radial[0][0, 0] = 0.0
    nlat, nlon = shells.grid.shape
    waves = np.zeros((nr + 1, nlat, nlon // 2 + 1), np.complex128)
    return Operator(shells, modes, radial, waves, np.empty((nr + 1, nlat, nlon)))


def check_range(rss: float, nr: int) -> None:
    """Refuse a source surface or a number of cells that makes no sense."""
    if not 1.0 < rss <= MAX_RADIUS:
        raise BadRequest(
            f"The source surface cannot lie at {rss} solar radii; "
            f"give more than 1 and at most {MAX_RADIUS:g}."
        )
    if not 2 <= nr <= MAX_RADIAL_CELLS:
        raise BadRequest(f"{nr} radial cells are out of range; give 2 to {MAX_RADIAL_CELLS}.")


def check_map(br: NDArray[np.floating], grid: CarringtonGrid) -> None:
    """Refuse a map that does not cover the whole sphere."""
    if br.shape != grid.shape:
        raise BadRequest(
            f"The map has {br.shape} cells where the whole Sun has {grid.shape}; "
            "give one that reaches from pole to pole and all around."
        )
    if not np.isfinite(br).all():
        raise BadRequest("The map has pixels without a value; fill them before extrapolating.")


def solve(operator: Operator, br: NDArray[np.floating]) -> Field:
    """Potential field above the radial field *br*, gauss, (nlat, nlon).

    The net flux of the map is left out: no potential field of this kind carries any.

    Raises
    ------
    BadRequest : *br* is not finite everywhere or not on the operator's grid.
    """
    shells = operator.shells
    check_map(br, shells.grid)
    with BLAS.limit(limits=1, user_api="blas"):
        psi = _potential(operator, _balanced(br))
    nlat, nlon = shells.grid.shape
    edges = Edges.of(shells.grid)
    field = Field(
        shells,
        br=np.empty((shells.nr + 1, nlat, nlon), np.float32),
        b_east=np.empty((shells.nr, nlat, nlon), np.float32),
        b_north=np.empty((shells.nr, nlat + 1, nlon), np.float32),
    )
    faces.radial(psi, edges.east, edges.north, 1.0 / shells.radial_area, field.br)
    north = np.zeros(nlat + 1)
    north[1:-1] = edges.north[1:-1] / shells.north_length[1:-1]
    faces.tangential(
        psi, edges.east / shells.east_length, north, 1.0 / shells.upright_area,
        field.b_east, field.b_north,
    )  # fmt: skip
    return field


def _balanced(br: NDArray[np.floating]) -> Floats:
    """The map without its mean; nothing at all if the rest is no more than rounding."""
    rest = np.asarray(br, np.float64) - br.mean(dtype=np.float64)
    if np.abs(rest).max() <= ROUNDING * np.abs(br).max():
        rest[:] = 0.0  # or lines would be followed through noise
    return np.asarray(rest)


def _radial(eigenvalues: Floats, shells: Shells) -> Floats:
    """Potential of modes on the shells that they reach, per unit of photospheric field.

    On the grid, a mode's potential obeys x² - (1 + q + t) x + q = 0 from shell to shell, with
    q = exp(step) and t = eigenvalue (q - 1) sinh(step); its two roots fall and rise. Both are
    written as powers below one, which neither overflow nor cancel however many the shells.
    """
    q, nr = np.exp(shells.step), shells.nr
    middle = 0.5 * (1.0 + q + eigenvalues * (q - 1.0) * np.sinh(shells.step))
    inverse_rise = 1.0 / (middle + np.sqrt(middle**2 - q))
    fall = q * inverse_rise
    reach = 1 + int(np.ceil(np.log(NEGLIGIBLE) / np.log(fall.max())))
    k = np.arange(min(nr + 1, reach))
    below = np.minimum(k, nr - 1)  # the uppermost layer has no tangential field
    mirror = (1.0 - fall) * inverse_rise / (1.0 - inverse_rise)
    rising = inverse_rise[..., None] ** (nr - 1 - below)
    rising *= (mirror * fall ** (nr - 1))[..., None]
    profile = fall[..., None] ** below + rising
    return np.asarray(profile / (eigenvalues[..., None] * profile[..., :1]))


def _potential(operator: Operator, br: Floats) -> Floats:
    """Potential on every shell, (nr + 1, nlat, nlon), whose differences are fluxes."""
    half, nlon = br.shape[0] // 2, br.shape[1]
    south, north = br[:half], br[: half - 1 : -1]
    waves = fft.rfft(np.stack([south + north, south - north]) * 0.5, axis=-1)
    waves = np.ascontiguousarray(waves.transpose(2, 0, 1))
    by_order, psi = operator.waves, operator.psi
    for order, (vectors, radial) in enumerate(
        zip(operator.modes.vectors, operator.radial, strict=True)
    ):
        reach = radial.shape[-1]
        parts = waves[order].view(np.float64).reshape(2, half, 2)  # real and imaginary
        amplitudes = np.matmul(vectors.transpose(0, 2, 1), parts)
        profiles = (radial[..., None] * amplitudes[:, :, None]).reshape(2, half, 2 * reach)
        even, odd = np.matmul(vectors, profiles).view(np.complex128).transpose(0, 2, 1)
        by_order[:reach, :half, order] = even + odd
        by_order[:reach, : half - 1 : -1, order] = even - odd
    for shell, row in zip(psi, by_order, strict=True):
        shell[:] = fft.irfft(row, nlon, axis=-1)
    psi[-1] = psi[-2]  # to the last bit: no tangential field in the uppermost layer
    return psi
