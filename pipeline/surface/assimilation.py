"""From images to the map: what each observation says, and how much it is believed.

Every cell holds an estimate and its error variance. Between observations the
estimate is carried by flux transport while its variance grows; an observation pulls
it towards itself by the ratio of variances, so simultaneous instruments combine
instead of overwriting one another, and the limb counts little. Members are pulled
alike, each towards an observation that errs in its own way. A dozen members cannot
tell the variance of a cell, so it comes from an error model fitted to real frames, and
is raised to what the members disagree by where that is more.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.core import (
    BadFile,
    BadRequest,
    CarringtonGrid,
    Disk,
    GlobalMap,
    Observation,
    Quantity,
    SolarImage,
    Source,
    earth,
)
from pipeline.surface.ensemble import carried, doubts, members_of, spread
from pipeline.surface.flows import Flow
from pipeline.surface.regrid import regrid
from pipeline.surface.remap import cell_means, radial_field
from pipeline.surface.rotation import rotate_labels
from pipeline.surface.uncertainty import REGIONS, grown, ignorance, strength, view_variance

Floats = NDArray[np.float64]
Single = NDArray[np.float32]

FLOW = Flow()
# An instrument errs in the next frame as in the last (inclined fields change little): the
# correlation of its errors begins below one, for the noise, and falls by e in so many days.
# Of .5, 1 and 5 days no one returned clearly better in January 2014. A network that makes
# magnetograms of pictures errs alike on a region for as long as that lives: a rotation.
REPEATED, MEMORY_DAYS, NETWORK_MEMORY_DAYS = 0.99, 1.0, 27.0
# Where the surroundings are stronger than so many times what the map has (towards the limb the
# same region looks 1.25 times as strong), something has emerged, and the map is off by what it
# lacks there, and the longer it has not seen the place, the more: at last by as much as any map
# that has not seen a region of that strength.
EMERGED, UNFORESEEN = 1.5, 1.0
MU_MIN = 0.1
# Of the best view that a latitude ever offers, below which a look adds nothing west of the
# meridian: the place has been seen far better days before. East of it nobody has for two weeks.
# With it the flux of what leaves was 5 % nearer to what had been seen, in January 2014.
BELIEVED = 0.4
# A synoptic map is a mean of views up to 60° from disk centre and of a day or more.
SYNOPTIC_MU, SYNOPTIC_DAYS = 0.5, 1.0
MIN_COVERAGE = 0.5
# A pixel rests on its instrument until a daily frame would have come and gone; after that
# it is a transported one.
FRESH_HOURS = 36.0
# Factors to the scale of HMI (Munoz-Jaramillo et al. 2024, the bicubic baseline).
# and for ADAPT's maps of GONG, which multiply it by 1.85 (FLUXSCAL).
HMI_SCALE = {"hmi": 1.0, "gong": 1 / 0.7, "mdi": 1 / 1.31, "adapt": 1 / (0.7 * 1.85)}
SOURCE = {
    "hmi": Source.HMI,
    "gong": Source.GONG,
    "mdi": Source.HMI,
    "adapt": Source.GONG,
    "euvi-a": Source.EUV,
    "euvi-b": Source.EUV,
    "aia": Source.EUV,
}

_EPOCH = datetime.fromisoformat("2000-01-01T00:00Z")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One observation on the grid: br and sigma in gauss, NaN where nothing was seen.

    sigma is infinite where a look is too slanted to be believed.
    noise : gauss, the part of sigma that pixels make; by it weak field looks stronger than it is
    """

    br: Floats
    sigma: Floats
    observation: Observation
    noise: Floats | float = 0.0


def observe(image: SolarImage, grid: CarringtonGrid) -> Layer:
    """Average a full-disk magnetogram, whoever saw it, onto *grid* as radial field.

    The field is put on HMI's scale. Its error is that of the pixels averaged over the cell,
    where pixels within its correlation length count as one, plus the error of taking the
    field as radial, which grows with the field around and towards the limb. Near the west limb,
    not at the poles, a look is not believed at all.

    Raises
    ------
    BadFile : it is something else.
    """
    scale, disk, observation = _scale(image), image.geometry, image.observation
    quantity = observation.quantity
    if not isinstance(disk, Disk) or quantity not in (Quantity.B_LOS, Quantity.B_R):
        path = observation.file.path
        raise BadFile(path, "it is not a full-disk magnetogram", "give one of HMI, MDI or GONG")
    radial = quantity is Quantity.B_R
    data = image.data if radial else radial_field(image.data, disk)
    cells = cell_means(data, image.mask, disk, grid, MU_MIN)
    seen = cells.coverage >= MIN_COVERAGE
    # Pixels that err alike average to no less than themselves.
    share = np.fmin(observation.noise_length * cells.gain * cells.mu, 1.0)
    noise: Floats
    if image.sigma is None:
        noise = np.full(grid.shape, np.nan_to_num(observation.noise))
    else:
        noise = cell_means(image.sigma, image.mask, disk, grid, MU_MIN).mean
    error = scale * noise * share / (1.0 if radial else cells.mu)
    br = np.where(seen, scale * cells.mean, np.nan)
    # A network that tells its error has taken the noise out.
    noisy: Floats | float = np.where(seen, error, np.nan) if image.sigma is None else 0.0
    sigma = np.sqrt(error**2 + view_variance(cells.mu, strength(br, grid, noisy)))
    observer = observation.observer
    best = observer.mu(np.full(grid.nlat, observer.carrington_longitude), grid.lat)
    leaving = np.sin(np.radians(grid.lon - observer.carrington_longitude)) > 0.0
    sigma = np.where(leaving & (cells.mu < BELIEVED * best[:, np.newaxis]), np.inf, sigma)
    return Layer(br, np.where(seen, sigma, np.nan), observation, noisy)


def blank(time: datetime, grid: CarringtonGrid) -> GlobalMap:
    """The map of one who has seen nothing: zero field, climatological error."""
    return GlobalMap(
        time=time,
        grid=grid,
        br=np.zeros(grid.shape, np.float32),
        sigma=ignorance(grid).astype(np.float32),
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
    strong = strength(br, grid)
    seen = view_variance(np.full(grid.shape, SYNOPTIC_MU), strong)
    variance = grown(seen, strong, SYNOPTIC_DAYS + age / 24.0)
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


def forecast(state: GlobalMap, time: datetime, flow: Flow = FLOW) -> GlobalMap:
    """Carry *state* to *time* by flux transport; its error grows on the way.

    Quiet-Sun flux emerges at random, the same whenever the same step is made.
    flow : of member 0; the others' differ from it

    Raises
    ------
    BadRequest : *time* is before that of *state*; diffusion has no way back.
    """
    if time == state.time:
        return state
    if time < state.time:
        raise BadRequest(
            f"A map valid at {state.time:%Y-%m-%dT%H:%M:%SZ} cannot be carried back to "
            f"{time:%Y-%m-%dT%H:%M:%SZ}; give a later time, or an earlier map."
        )
    start, stop = _days(state.time), _days(time)
    grid, days = state.grid, stop - start
    members = carried(members_of(state), grid, state.time, time, flow)
    br = members.mean(axis=0, dtype=np.float64)
    variance = rotate_labels(state.sigma, grid, start, stop).astype(np.float64) ** 2
    variance = np.fmax(grown(variance, strength(br, grid), days), spread(members) ** 2)
    age = rotate_labels(state.age, grid, start, stop) + np.float32(24.0 * days)
    source = rotate_labels(state.source, grid, start, stop)
    return replace(
        state,
        time=time,
        br=br.astype(np.float32),
        members=None if state.members is None else members,
        sigma=np.sqrt(variance).astype(np.float32),
        source=np.where(age < FRESH_HOURS, source, Source.TRANSPORTED).astype(np.uint8),
        age=age,
    )


def analyse(state: GlobalMap, layer: Layer, flow: Flow = FLOW) -> GlobalMap:
    """Combine *state* and *layer* by the Kalman gain of errors that may be correlated.

    The older of the two is first carried to the time of the newer. An instrument repeats
    its error from frame to frame (the field is taken as radial each time), so what the map
    owes to it shares the error of its next frame: a better view replaces a worse one, a worse
    one changes little, however often it comes, and a late frame does not undo a newer one.
    Of frames less than a day apart none makes the map surer than it is by one.
    Where a region has emerged, the map was more wrong than it claimed.

    A cell rests on an instrument, and is as old as its look, if that makes up half of the cell
    or more; one that rests on it already grows young if the look errs hardly more than the map
    (variance up to twice its own). Otherwise both stay, and no cell grows older. So of two that
    look at the same time the one that errs less is named, whichever comes first.
    """
    observation = layer.observation
    time = max(state.time, observation.time)
    state, layer = forecast(state, time, flow), _carried(layer, state.grid, time)
    seen = np.isfinite(layer.br) & np.isfinite(layer.sigma)
    layer = replace(layer, br=np.where(seen, layer.br, np.nan))
    expected = EMERGED * strength(np.where(seen, state.br, np.nan), state.grid)
    emerged = np.fmax(strength(layer.br, state.grid, layer.noise) - expected, 0.0)
    prior = state.sigma.astype(np.float64) ** 2 + _unforeseen(state) * emerged**2
    error = np.where(seen, layer.sigma, np.nan) ** 2
    repeated, age = _repeated(state, observation), _hours(observation.time, time)
    shared = repeated * np.fmin(prior, error)
    gain = np.where(seen, (prior - shared) / (prior + error - 2.0 * shared), 0.0)
    both = prior - gain * (prior - shared)
    least = np.fmin(prior, error) if repeated > REPEATED / math.e else 0.0
    variance = np.where(seen, np.fmax(both, least), state.sigma**2)
    members = _pulled(members_of(state), layer, gain)
    kind = SOURCE[observation.instrument]
    renewed = (gain >= 0.5) | ((state.source == kind) & (error <= 2.0 * prior))
    renewed &= ~(state.age < age)
    newest = max(observation.time, state.last_observed.get(observation.instrument, _EPOCH))
    return replace(
        state,
        br=members.mean(axis=0, dtype=np.float64).astype(np.float32),
        members=None if state.members is None else members,
        sigma=np.sqrt(variance).astype(np.float32),
        source=np.where(renewed, kind, state.source).astype(np.uint8),
        age=np.where(renewed, age, state.age).astype(np.float32),
        inputs=(*state.inputs, observation),
        last_observed={**state.last_observed, observation.instrument: newest},
        simulated=state.simulated or observation.simulated,
    )


def _unforeseen(state: GlobalMap) -> Floats:
    """Error variance per square of the field that the map lacks where something has emerged.

    Where nobody ever looked, the error of the climate says it already.
    """
    part, memory = REGIONS[1:]
    days = np.nan_to_num(state.age.astype(np.float64) / 24.0, nan=0.0)
    return UNFORESEEN**2 - (part**2 - UNFORESEEN**2) * np.expm1(-days / memory)


def _pulled(members: Single, layer: Layer, gain: Floats) -> Single:
    """Every member drawn by *gain* to the field of *layer*, each seeing it with its own error.

    An instrument errs alike all day, so the errors are the same for its frames of a day.
    """
    seen = np.isfinite(layer.br)
    weight = gain.astype(np.float32)
    target = np.where(seen, layer.br, 0.0).astype(np.float32)
    error = np.where(seen, layer.sigma, 0.0).astype(np.float32)
    nlat, nlon = target.shape
    observation = layer.observation
    seed = zlib.crc32(f"{observation.instrument} {observation.time:%Y-%m-%d}".encode())
    seen_by_each = target + error * doubts(CarringtonGrid(nlon, nlat), len(members), seed)
    return np.asarray(members + weight * (seen_by_each - members), dtype=np.float32)


def _scale(image: SolarImage) -> float:
    """Factor from the image's gauss to HMI's."""
    observation = image.observation
    instrument, path = observation.scale or observation.instrument, observation.file.path
    if instrument not in HMI_SCALE:
        problem = f"it is of {instrument}, whose field cannot be put on HMI's scale"
        raise BadFile(path, problem, "give a magnetogram of HMI, MDI or GONG")
    return HMI_SCALE[instrument]


def _repeated(state: GlobalMap, observation: Observation) -> float:
    """Correlation of the error of *observation* with that of the instrument's last one."""
    last = state.last_observed.get(observation.instrument)
    if last is None:
        return 0.0
    apart = abs(_days(observation.time) - _days(last))
    imagined = SOURCE[observation.instrument] is Source.EUV
    return REPEATED * math.exp(-apart / (NETWORK_MEMORY_DAYS if imagined else MEMORY_DAYS))


def _carried(layer: Layer, grid: CarringtonGrid, time: datetime) -> Layer:
    """Take a *layer* that is older than *time* there, by whole cells: it has gaps."""
    start, stop = _days(layer.observation.time), _days(time)
    br, sigma, noise = (
        rotate_labels(np.broadcast_to(part, grid.shape), grid, start, stop)
        for part in (layer.br, layer.sigma, layer.noise)
    )
    variance = grown(sigma**2, strength(br, grid, noise), stop - start)
    return replace(layer, br=br, sigma=np.sqrt(variance), noise=noise)


def balance(state: GlobalMap) -> GlobalMap:
    """Make the net flux zero by scaling both polarities towards each other (HipFT's default).

    Every member is balanced by itself. ``net_flux_removed`` says how much was taken out.
    """
    fields = members_of(state)
    positive = fields.clip(min=0.0).sum(axis=(1, 2), dtype=np.float64)
    negative = -fields.clip(max=0.0).sum(axis=(1, 2), dtype=np.float64)
    if not (positive * negative).all():
        return state
    mean = np.sqrt(positive * negative)
    up, down = ((mean / part)[:, np.newaxis, np.newaxis] for part in (positive, negative))
    fields = np.where(fields > 0, fields * up, fields * down).astype(np.float32)
    removed = float((positive - negative).mean() * state.grid.cell_area)
    return replace(
        state,
        br=fields.mean(axis=0, dtype=np.float64).astype(np.float32),
        members=None if state.members is None else fields,
        net_flux_removed=removed,
    )


def _days(time: datetime) -> float:
    """Days since the epoch from which whole-cell shifts are counted."""
    return (time - _EPOCH).total_seconds() / 86400.0


def _hours(start: datetime, stop: datetime) -> float:
    return (stop - start).total_seconds() / 3600.0
