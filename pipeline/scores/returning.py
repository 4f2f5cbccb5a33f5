"""Return skill: what a map says of longitudes that nobody sees, against what rotates on.

At the time T the strip 95° to 125° east of the central meridian is out of sight and about to
rotate on. A map made of frames up to T is compared there with the frame of four days later,
carried back by one fixed law of rotation. Beside the map stand three baselines made of the
same frames, each of which replaces the weight mu⁴ of the field, as in HipFT (Upton et al. 2024):
Carrington persistence, differential rotation, and transport without anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, earth
from pipeline.scores import fields
from pipeline.scores.sectors import Sector
from pipeline.surface import Layer, analyse, blank, forecast, with_members
from pipeline.surface.flows import Flow
from pipeline.surface.rotation import CARRINGTON_RATE, ROTATION, rotate_field
from pipeline.surface.transport import blur, transport

Floats = NDArray[np.floating]
Cells = NDArray[np.bool_]

LEAD = timedelta(days=4)
NEAR = timedelta(hours=1)  # how far from four days later the frame may be
STRIP = Sector("return", -125, -95)
SEEN = Sector("seen", -60, 60)  # where the map was just seen
WIDTHS = (2, 4, 8)  # deg, full width at half maximum
FLUX_AT = 4  # deg: smoothing for the unsigned flux
PRODUCT = "allsun"
NOTHING: Mapping[str, Rival] = {}
STILL = (0.0, 0.0, 0.0)
BASELINES = {
    "Carrington persistence": Flow((CARRINGTON_RATE, 0.0, 0.0), STILL, 0.0),
    "differential rotation": Flow(ROTATION, STILL, 0.0),
    "plain transport": Flow(),
}


@dataclass(frozen=True, slots=True)
class DayScore:
    """One map on one day.

    correlation, slope : by smoothing in deg; gauss of the frame per gauss of the map
    unsigned_flux : in the strip over that within 60° of the central meridian, smoothed to 4°
    within : shares of cells whose error is within one and two of what the map claims, and the
        same with the frame's own error added; empty where a map claims none
    """

    correlation: Mapping[int, float]
    slope: Mapping[int, float]
    unsigned_flux: float
    within: tuple[float, ...] = ()


class Rival(Protocol):
    """A map made in another way, scored beside ours."""

    @property
    def br(self) -> Floats:
        """Gauss, (nlat, nlon)."""
        ...

    def at(self, time: datetime, grid: CarringtonGrid) -> Self:
        """The map carried to *time*."""
        ...

    def blended(self, layer: Layer, grid: CarringtonGrid) -> Self:
        """The map carried to the time of *layer* and combined with it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Blended:
    """The field of a baseline at a time."""

    br: Floats
    time: datetime
    flow: Flow

    def at(self, time: datetime, grid: CarringtonGrid) -> Self:
        days = (time - self.time) / timedelta(days=1)
        return replace(self, br=transport(self.br, grid, days, self.flow), time=time)

    def blended(self, layer: Layer, grid: CarringtonGrid) -> Self:
        now = self.at(layer.observation.time, grid)
        weight = layer.observation.observer.mu(*grid.mesh()) ** 4
        seen = np.isfinite(layer.br)
        return replace(now, br=np.where(seen, now.br + weight * (layer.br - now.br), now.br))


@dataclass(frozen=True, slots=True, eq=False)
class _Prediction:
    """What every map says at *time*, gauss; *sigma* is what ours claims."""

    time: datetime
    maps: Mapping[str, Floats]
    sigma: Floats


def daily_scores(
    layers: Iterable[Layer],
    days: Sequence[datetime],
    grid: CarringtonGrid,
    members: int = 1,
    others: Mapping[str, Rival] = NOTHING,
) -> Iterator[tuple[datetime, Mapping[str, DayScore]]]:
    """Score of every map by name, for each of *days* that a frame follows four days later.

    layers : frames on *grid* in order of time, beginning more than a rotation before *days*
    members : of our map
    others : further maps, as they are before the first frame
    """
    for prediction, layer in _pairs(layers, days, grid, members, others):
        yield prediction.time, _judged(prediction, layer, grid)


def _pairs(
    layers: Iterable[Layer],
    days: Sequence[datetime],
    grid: CarringtonGrid,
    members: int,
    others: Mapping[str, Rival],
) -> Iterator[tuple[_Prediction, Layer]]:
    """Predictions from frames up to their time, with the frame that judges them."""
    state, ahead = None, list(days)
    rivals: dict[str, Rival] = {}
    waiting: list[_Prediction] = []
    for layer in layers:
        time = layer.observation.time
        if state is None:
            state = with_members(blank(time, grid), members)
            rivals = {n: Blended(state.br, time, flow) for n, flow in BASELINES.items()}
            rivals |= others
        while ahead and ahead[0] < time:
            day = ahead.pop(0)
            if state.time <= day:
                carried = forecast(state, day)
                maps = {name: rival.at(day, grid).br for name, rival in rivals.items()}
                waiting.append(_Prediction(day, {**maps, PRODUCT: carried.br}, carried.sigma))
        for prediction in [p for p in waiting if abs(time - p.time - LEAD) <= NEAR]:
            waiting.remove(prediction)
            yield prediction, layer
        waiting = [p for p in waiting if time - p.time < LEAD]
        state = analyse(state, layer)
        rivals = {name: rival.blended(layer, grid) for name, rival in rivals.items()}


def _judged(prediction: _Prediction, layer: Layer, grid: CarringtonGrid) -> Mapping[str, DayScore]:
    """Scores in the part of the strip that *layer* shows.

    What the frame does not show is left out of both before smoothing, alike.
    """
    back = (prediction.time - layer.observation.time) / timedelta(days=1)
    shown = np.isfinite(layer.br)
    believed = np.isfinite(layer.sigma)
    parts = np.stack([shown, np.where(shown, layer.br, 0), np.where(believed, layer.sigma, 0) ** 2])
    share, truth, variance = (rotate_field(part, grid, back) for part in parts)
    known = share > 0.9
    meridian = earth(prediction.time).carrington_longitude
    cells, near = (sector.cells(grid, meridian) for sector in (STRIP, SEEN))
    cells &= known

    def smooth(field: Floats) -> Mapping[int, Floats]:
        both = np.stack([np.where(known, field, 0.0), known])
        parts = {width: blur(both, grid, width) for width in WIDTHS}
        return {width: total[cells] / weight[cells] for width, (total, weight) in parts.items()}

    def score(name: str, br: Floats) -> DayScore:
        pairs = {width: (smoothed, frame[width]) for width, smoothed in smooth(br).items()}
        strength = np.abs(blur(br, grid, FLUX_AT))
        claims = (prediction.sigma, np.hypot(prediction.sigma, np.sqrt(variance.clip(min=0.0))))
        error = (br - truth)[cells]
        return DayScore(
            correlation={width: fields.correlation(*pair) for width, pair in pairs.items()},
            slope={width: fields.slope(real, given) for width, (given, real) in pairs.items()},
            unsigned_flux=fields.unsigned_flux_ratio(strength[cells], strength[near]),
            within=tuple(fields.coverage(error, s[cells], n) for s in claims for n in (1, 2))
            if name == PRODUCT
            else (),
        )

    frame = smooth(truth)
    return {name: score(name, br) for name, br in prediction.maps.items()}
