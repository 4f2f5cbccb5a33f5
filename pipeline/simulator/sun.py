"""A Sun that evolves: its radial field hour by hour, and the regions behind it.

    B_r = what transport carries + what young regions hold together + the network

The carried field obeys the same equation as the product's own maps, with a flow that
the seed draws and nobody is told. It is fed by what regions lose. The network lives
on its own (:mod:`~pipeline.simulator.network`) and gathers the carried field onto its lanes.
Numbers without a source are chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid
from pipeline.core.geometry import Floats
from pipeline.simulator.activity import polar_field, year_of
from pipeline.simulator.concentrations import Concentrations, paint
from pipeline.simulator.emergence import Region, alive, concentrations, losses
from pipeline.simulator.network import network
from pipeline.surface.transport import Flow, transport

__all__ = ["Moment", "Region", "simulate", "sun_flow"]

STREAM = 4

SPIN_UP_DAYS = 500  # on a coarse grid, so that unipolar streams reach the poles
SETTLE_DAYS = 15  # of day steps on the full grid
COARSE = CarringtonGrid(360, 180)
POLAR_FIELD = 7.5  # G at the poles at minimum; Svalgaard et al. (below) saw more than 10
POLAR_POWER = 8  # of sin lat (Svalgaard et al. 1978, Sol. Phys. 58, 225)
LISTED = 3e20  # Mx: what a list of regions leaves out
RESOLUTION = 2.0**-6  # G: the truth on disk takes half the space for it
CROWDED = 40.0  # G of carried field where lanes no longer tell


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The Sun at one time.

    br : float32 (nlat, nlon), gauss, whole steps of 1/64
    regions : those that hold more than 3e20 Mx
    """

    time: datetime
    grid: CarringtonGrid
    br: NDArray[np.float32]
    regions: tuple[Region, ...]


def simulate(
    start: datetime,
    hours: int,
    seed: int,
    grid: CarringtonGrid | None = None,
    every: int = 1,
) -> Iterator[Moment]:
    """The Sun of *seed* for *hours* from *start* on, a moment for every hour.

    start : any UTC time; the cycle's phase follows from it
    grid : 1440 by 720 by default
    every : hours from one moment to the next, and the step of its transport

    Two runs of one seed give the same bytes; two that start at different times have the
    same regions and the same network, and nearly the same carried field.
    """
    grid = grid or CarringtonGrid(1440, 720)
    flow = sun_flow(seed)
    day = _day(start)
    field = _mature(day, seed, grid, flow)
    for hour in range(0, hours, every):
        now = day + hour / 24.0
        if hour:
            field = _carried(field, grid, now, every / 24.0, seed, flow)
        yield _moment(start + timedelta(hours=hour), now, field, seed, grid, flow)


def sun_flow(seed: int) -> Flow:
    """The flow of this Sun: near what is measured, as far off as measurements differ.

    How far that is, is chosen; models and maps prefer diffusivities of 175 to 600 km²/s.
    """
    rng = np.random.default_rng((seed, STREAM))
    usual = Flow()
    a, b, c = np.array(usual.rotation) * rng.normal(1.0, (0.001, 0.05, 0.05))
    p, q, r = np.array(usual.meridional) * rng.normal(1.0, 0.15)
    return Flow((a, b, c), (p, q, r), rng.uniform(250.0, 450.0))


def _mature(day: float, seed: int, grid: CarringtonGrid, flow: Flow) -> Floats:
    """The carried field at *day*, after a year and more of emergence and transport."""
    began = day - SPIN_UP_DAYS
    s = COARSE.sin_lat[:, np.newaxis]
    cap = POLAR_FIELD * polar_field(year_of(began)) * np.sign(s) * np.abs(s) ** POLAR_POWER
    field = np.broadcast_to(cap, COARSE.shape)
    for step in range(1, SPIN_UP_DAYS - SETTLE_DAYS + 1):
        field = _carried(field, COARSE, began + step, 1.0, seed, flow)
    rows = (np.arange(grid.nlat) + 0.5) * COARSE.nlat // grid.nlat
    columns = (np.arange(grid.nlon) + 0.5) * COARSE.nlon // grid.nlon
    field = field[np.ix_(rows.astype(int), columns.astype(int))]
    for step in range(1 - SETTLE_DAYS, 1):
        field = _carried(field, grid, day + step, 1.0, seed, flow)
    return field


def _carried(
    field: Floats, grid: CarringtonGrid, now: float, days: float, seed: int, flow: Flow
) -> Floats:
    """*field* of *days* ago at the day *now*, with what regions have lost since."""
    field = transport(field, grid, days, flow)
    if bipoles := alive(seed, now):
        field += paint(losses(bipoles, now - days, now, flow), grid)
    return field


def _moment(
    time: datetime, now: float, field: Floats, seed: int, grid: CarringtonGrid, flow: Flow
) -> Moment:
    bipoles = alive(seed, now)
    feet = network(seed, now * 24.0, flow)
    up = feet.flux > 0.0
    plus, minus = (
        paint(Concentrations(*(part[sign] for part in feet)), grid) for sign in (up, ~up)
    )
    lanes = plus - minus
    lanes /= lanes.mean()
    br = field * (1.0 + (lanes - 1.0) / (1.0 + np.abs(field) / CROWDED)) + (plus + minus)
    if bipoles:
        br += paint(concentrations(bipoles, now, flow), grid)
    br -= br.mean() * lanes  # lanes gather field unevenly; the Sun as a whole has no net flux
    br = np.round(br / RESOLUTION) * RESOLUTION
    regions = (b.region(now, flow) for b in bipoles)
    return Moment(
        time=time.astimezone(UTC),
        grid=grid,
        br=br.astype(np.float32),
        regions=tuple(region for region in regions if region.flux > LISTED),
    )


def _day(time: datetime) -> float:
    """Days of the proleptic ordinal calendar, with the fraction of the day."""
    return 1.0 + (time - datetime(1, 1, 1, tzinfo=UTC)) / timedelta(days=1)
