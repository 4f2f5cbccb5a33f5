"""From images to the map: what each observation says, and how much it is believed.

Every cell holds an estimate and its error variance. Between observations the
estimate is carried by rotation while its variance grows; an observation pulls it
towards itself by the ratio of variances, so simultaneous instruments combine
instead of overwriting one another, and the limb counts little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    Disk,
    GlobalMap,
    Observation,
    Quantity,
    SolarImage,
    Source,
    earth,
)
from pipeline.surface.regrid import regrid
from pipeline.surface.remap import cell_means, radial_field
from pipeline.surface.rotation import rotate_field, rotate_labels

Floats = NDArray[np.float64]

# Error of a carried 0.5° cell, fitted to 102 daily HMI frames of January-April 2014:
# where the field was weak its rms error is 16, 20, 24, 28, 31 G after 1, 2, 3, 5, 7 days
# and 35-40 G after 20-26 days; where it was strong the square of the field adds to that.
CLIMATE_SIGMA = 37.0  # G
MEMORY_DAYS = 5.0
# Same frames: the extra error of B_los/mu grows as 1/mu² (17 G at .55, 37 G at .35), which
# is the mu⁴ weighting of HipFT and AFT.
VIEW_SIGMA = 5.0  # G at disk centre
MU_MIN = 0.1
MIN_COVERAGE = 0.5
# A pixel rests on its instrument until a daily frame would have come and gone; after that
# it is a transported one.
FRESH_HOURS = 36.0
# Factors to the scale of HMI (Munoz-Jaramillo et al. 2024, the bicubic baseline).
HMI_SCALE = {"hmi": 1.0, "gong": 1 / 0.7, "mdi": 1 / 1.31}
SOURCE = {"hmi": Source.HMI, "gong": Source.GONG, "mdi": Source.HMI}

_EPOCH = datetime.fromisoformat("2000-01-01T00:00Z")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One observation on the grid: br and sigma in gauss, NaN where nothing was seen."""

    br: Floats
    sigma: Floats
    observation: Observation


def observe(image: SolarImage, grid: CarringtonGrid) -> Layer:
    """Average a full-disk magnetogram onto *grid* as radial field on HMI's scale.

    The error is the noise averaged over the cell, where pixels within its correlation
    length count as one, plus the error of taking the field as radial, which grows
    towards the limb.

    Raises
    ------
    BadFile : it is something else.
    """
    scale = _scale(image)
    if not isinstance(image.geometry, Disk) or image.observation.quantity is not Quantity.B_LOS:
        path = image.observation.file.path
        raise BadFile(path, "it is not a full-disk magnetogram", "give one of HMI, MDI or GONG")
    cells = cell_means(
        radial_field(image.data, image.geometry), image.mask, image.geometry, grid, MU_MIN
    )
    seen = cells.coverage >= MIN_COVERAGE
    noise = np.nan_to_num(image.observation.noise) * image.observation.noise_length
    with np.errstate(invalid="ignore"):
        sigma = scale * np.hypot(noise * cells.gain, VIEW_SIGMA / cells.mu**2)
    return Layer(
        np.where(seen, scale * cells.mean, np.nan),
        np.where(seen, sigma, np.nan),
        image.observation,
    )


def blank(time: datetime, grid: CarringtonGrid) -> GlobalMap:
    """The map of one who has seen nothing: zero field, climatological error."""
    return GlobalMap(
        time=time,
        grid=grid,
        br=np.zeros(grid.shape, np.float32),
        sigma=np.full(grid.shape, CLIMATE_SIGMA, np.float32),
        source=np.full(grid.shape, Source.TRANSPORTED, np.uint8),
        age=np.full(grid.shape, np.nan, np.float32),
    )


def first_guess(synoptic: SolarImage, grid: CarringtonGrid) -> GlobalMap:
    """Start from a synoptic map, each longitude as old as its passage of the disk.

    A synoptic map is renewed within 60° of the central meridian, so a longitude that
    lies further west was last seen when it left that zone.

    Raises
    ------
    BadFile : the map is not a whole sphere, or of an instrument whose scale is unknown.
    """
    observation = synoptic.observation
    west = (grid.lon - earth(observation.time).carrington_longitude) % 360.0
    days = np.where(west > 300.0, 0.0, np.clip(west - 60.0, 0.0, None)) * 27.2753 / 360.0
    age = np.broadcast_to(24.0 * days, grid.shape)
    scale = _scale(synoptic)
    br = scale * regrid(synoptic, grid)
    variance = _grown(np.full(grid.shape, (scale * VIEW_SIGMA) ** 2), br, age / 24.0)
    return GlobalMap(
        time=observation.time,
        grid=grid,
        br=br.astype(np.float32),
        sigma=np.sqrt(variance).astype(np.float32),
        source=np.where(
            age < FRESH_HOURS, SOURCE[observation.instrument], Source.TRANSPORTED
        ).astype(np.uint8),
        age=age.astype(np.float32),
        inputs=(observation,),
        simulated=observation.simulated,
    )


def forecast(state: GlobalMap, time: datetime) -> GlobalMap:
    """Carry *state* to *time* by differential rotation; its error grows on the way."""
    if time == state.time:
        return state
    start, stop = _days(state.time), _days(time)
    grid, days = state.grid, stop - start
    br = rotate_field(state.br, grid, days)
    variance = rotate_labels(state.sigma, grid, start, stop).astype(np.float64) ** 2
    age = rotate_labels(state.age, grid, start, stop) + np.float32(24.0 * days)
    source = rotate_labels(state.source, grid, start, stop)
    return replace(
        state,
        time=time,
        br=br.astype(np.float32),
        sigma=np.sqrt(_grown(variance, br, days)).astype(np.float32),
        source=np.where(age < FRESH_HOURS, source, Source.TRANSPORTED).astype(np.uint8),
        age=age,
    )


def analyse(state: GlobalMap, layer: Layer) -> GlobalMap:
    """Combine *state* and *layer*, each weighted by its precision.

    The older of the two is first carried to the time of the newer. An instrument repeats
    its error from frame to frame (the field is taken as radial each time), so of its
    further frames the map takes the field but no smaller error than that of one frame.
    """
    observation = layer.observation
    time = max(state.time, observation.time)
    state, layer = forecast(state, time), _carried(layer, state.grid, time)
    prior = state.sigma.astype(np.float64) ** 2
    seen = np.isfinite(layer.br)
    gain = np.where(seen, prior / (prior + layer.sigma**2), 0.0)
    br = state.br + gain * np.where(seen, layer.br - state.br, 0.0)
    variance = (1.0 - gain) * prior
    if _repeats(state, observation):
        variance = np.where(seen, np.fmax(variance, np.fmin(prior, layer.sigma**2)), prior)
    trusted = gain >= 0.5
    newest = max(observation.time, state.last_observed.get(observation.instrument, _EPOCH))
    return replace(
        state,
        br=br.astype(np.float32),
        sigma=np.sqrt(variance).astype(np.float32),
        source=np.where(trusted, SOURCE[observation.instrument], state.source).astype(np.uint8),
        age=np.where(trusted, _hours(observation.time, time), state.age).astype(np.float32),
        inputs=(*state.inputs, observation),
        last_observed={**state.last_observed, observation.instrument: newest},
        simulated=state.simulated or observation.simulated,
    )


def _scale(image: SolarImage) -> float:
    """Factor from the image's gauss to HMI's."""
    observation = image.observation
    instrument, path = observation.scale or observation.instrument, observation.file.path
    if instrument not in HMI_SCALE:
        problem = f"it is of {instrument}, whose field cannot be put on HMI's scale"
        raise BadFile(path, problem, "give a magnetogram of HMI, MDI or GONG")
    return HMI_SCALE[instrument]


def _repeats(state: GlobalMap, observation: Observation) -> bool:
    """Whether *state* still holds what the same instrument saw before."""
    last = state.last_observed.get(observation.instrument)
    return last is not None and observation.time - last < timedelta(days=MEMORY_DAYS)


def _carried(layer: Layer, grid: CarringtonGrid, time: datetime) -> Layer:
    """Take a *layer* that is older than *time* there, by whole cells: it has gaps."""
    start, stop = _days(layer.observation.time), _days(time)
    br = rotate_labels(layer.br, grid, start, stop)
    variance = rotate_labels(layer.sigma, grid, start, stop) ** 2
    return replace(layer, br=br, sigma=np.sqrt(_grown(variance, br, stop - start)))


def balance(state: GlobalMap) -> GlobalMap:
    """Make the net flux zero by scaling both polarities towards each other (HipFT's default).

    ``net_flux_removed`` says how much was taken out.
    """
    positive = state.br.clip(min=0).sum(dtype=np.float64)
    negative = -state.br.clip(max=0).sum(dtype=np.float64)
    if positive == 0.0 or negative == 0.0:
        return state
    mean = np.sqrt(positive * negative)
    br = np.where(state.br > 0, state.br * (mean / positive), state.br * (mean / negative))
    removed = (positive - negative) * state.grid.cell_area
    return replace(state, br=br.astype(np.float32), net_flux_removed=float(removed))


def _grown(variance: Floats, br: Floats, days: Floats | float) -> Floats:
    """Error variance after *days* without observation: it relaxes to climate plus field²."""
    limit = CLIMATE_SIGMA**2 + br**2
    return limit + (variance - limit) * np.exp(-np.asarray(days) / MEMORY_DAYS)


def _days(time: datetime) -> float:
    """Days since the epoch from which whole-cell shifts are counted."""
    return (time - _EPOCH).total_seconds() / 86400.0


def _hours(start: datetime, stop: datetime) -> float:
    return (stop - start).total_seconds() / 3600.0
