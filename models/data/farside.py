"""Far sides of simulated Suns: what an imager sees in EUV, the field there, and what a map knew.

A scene is the disk from a place anywhere around the Sun. Its planes: ``euv 193`` and the
like, DN/s; ``prior``, the line-of-sight field of a map that the Earth's view fed and flux
transport carried, ``prior sigma``, its standard error, G, and ``age``, the days since a
place was last in view; ``before``, the field a rotation earlier; ``leading``, the polarity
that Hale's law lets lead. The relations between field and brightness are drawn anew twice
at every moment, so that no network learns one by heart.
Refuses to know: networks, and how scenes are stored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from scipy.ndimage import map_coordinates

from models.data import disks
from models.data.scene import SEMIDIAMETER, Field, Scene
from models.data.shards import Item
from pipeline.core import CarringtonGrid, Disk, Observer, earth
from pipeline.core.geometry import Floats
from pipeline.enhance.polarity import leading_polarity
from pipeline.simulator import euv, orbits
from pipeline.simulator.corona import open_field
from pipeline.simulator.sun import Moment, simulate
from pipeline.surface.transport import Flow, transport
from pipeline.surface.uncertainty import grown, strength

CHANNELS = (171, 193, 211, 284, 304)  # Å
SIDE, RADIUS = 240, 112.0  # px: half a degree in the middle, which is what a map holds
GRID = CarringtonGrid(720, 360)
STEP = timedelta(days=3)  # between moments, and between the ages of what a map has seen
ROTATION = 9  # steps: 27 days
SEEN = 65.0  # deg from the Earth's meridian: what a magnetograph fills in
DRIFT = 13.2  # deg/day, synodic
FLOOR = 5.0  # G: what is left of the error of a place that is in view

Relations = Mapping[int, euv.Relation]


@dataclass(frozen=True, slots=True)
class Sun:
    """A simulated Sun and how it is looked at.

    start : of its run; scenes begin a rotation later
    scenes : how many moments are looked at, three days apart
    separations : deg ahead of the Earth between which imagers stand
    relations : "drawn" around the measured ones, "nominal", or "beyond" what is ever drawn
    references : channels whose pictures of a rotation before are kept as well
    """

    seed: int
    start: datetime
    scenes: int
    separations: tuple[tuple[float, float], ...]
    relations: str = "drawn"
    references: tuple[int, ...] = ()

    @property
    def region(self) -> str:
        """The name under which it is held out."""
        return f"sun-{self.seed}"


def _date(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


LEARNT = ((50.0, 62.0), (84.0, 310.0))  # deg; between them STEREO-A stands in 2026 and 2027
TODAY, BEHIND = ((62.0, 84.0),), ((150.0, 210.0),)
TRAINING = tuple(
    Sun(seed, _date(year, month), 12, LEARNT)
    for seed, year, month in (
        (1, 2013, 9),
        (2, 2024, 5),
        (3, 2011, 2),
        (4, 2016, 6),
        (5, 2022, 9),
        (6, 2027, 2),
        (7, 2014, 6),
        (8, 2000, 3),
        (9, 2025, 9),
        (10, 2011, 11),
        (11, 2003, 4),
        (12, 2023, 9),
        (13, 2035, 6),
        (14, 1991, 2),
    )
)
# Ten, because they tell what stated errors are worth, which differs from
# Sun to Sun by a factor of two.
VALIDATION = tuple(
    Sun(seed, _date(year, month), 3, LEARNT)
    for seed, year, month in (
        (20, 1997, 6),
        (21, 2023, 3),
        (22, 2015, 1),
        (23, 2019, 10),
        (24, 2026, 4),
        (25, 2013, 1),
        (26, 2000, 9),
        (27, 2002, 2),
        (28, 2012, 9),
        (29, 2024, 11),
    )
)
REFERENCED = tuple(replace(sun, references=(171, 193, 304)) for sun in TRAINING + VALIDATION)
# Other Suns at other phases of the cycle, seen from where no training scene was.
TEST = (
    Sun(33, _date(2020, 9), 3, TODAY),
    *(
        Sun(seed + shift, start, 3, places, relations)
        for shift, relations, places in (
            (0, "drawn", TODAY),
            (10, "nominal", TODAY),
            (20, "beyond", TODAY),
            (30, "drawn", BEHIND),
        )
        for seed, start in ((31, _date(2012, 6)), (32, _date(2026, 8)))
    ),
)


def items(suns: Sequence[Sun], views: int = 2) -> list[Item]:
    """One for each of *suns*: relations drawn twice at every moment, *views* each."""
    return [Item(sun.region, partial(_scenes, sun, views)) for sun in suns]


def relations(kind: str, rng: np.random.Generator) -> Relations:
    """What ties brightness to field, by channel [Å].

    kind : as :attr:`Sun.relations`; "beyond" moves near, far, limb and scatter by factors
        of 1.5 to 1.9 (2.25 to 3.4 where a channel was chosen) either way, all of them
        outside what "drawn" can give
    """
    if kind == "nominal":
        return dict(euv.RELATIONS)
    if kind == "drawn":
        return {channel: one.drawn(rng) for channel, one in euv.RELATIONS.items()}
    found = {}
    for channel, one in euv.RELATIONS.items():
        spread = 1.0 if one.measured else 2.0
        factors = 1.5 ** (rng.choice([-1.0, 1.0], 5) * rng.uniform(1.0, 1.6, 5) * spread)
        near, far, limb1, rim, scatter = factors.tolist()
        found[channel] = replace(
            one,
            near=one.near * near,
            far=one.far * far,
            limb1=one.limb1 * limb1,
            rim=one.rim * rim,
            scatter=one.scatter * scatter,
        )
    return found


def frame(observer: Observer) -> Disk:
    """The disk that *observer* sees, in the pixels of every scene."""
    return Disk((SIDE - 1) / 2, (SIDE - 1) / 2, RADIUS, 0.0, observer)


def _scenes(sun: Sun, views: int) -> list[Scene]:
    rng = np.random.default_rng([sun.seed, 77])
    found: list[Scene] = []
    for past, maps in _history(sun):
        pasts = _Pasts(past, maps)
        for _ in range(2):
            drawn = relations(sun.relations, rng)
            now = _shining(past[-1], drawn, CHANNELS, sun.seed)
            then = _shining(past[0], drawn, sun.references, sun.seed)
            for _ in range(views):
                ahead = _drawn(sun.separations, rng)
                found.append(_scene(sun, pasts, ahead, drawn, now, then))
    return found


def _drawn(ranges: Sequence[tuple[float, float]], rng: np.random.Generator) -> float:
    """A number within one of the *ranges*, all alike."""
    widths = np.array([high - low for low, high in ranges])
    low, high = ranges[int(rng.choice(len(ranges), p=widths / widths.sum()))]
    return float(rng.uniform(low, high))


@dataclass(frozen=True, slots=True, eq=False)
class _Pasts:
    """Moments of one rotation, oldest first; *maps* are what transport makes of them now."""

    moments: Sequence[Moment]
    maps: Floats


def _history(sun: Sun) -> Iterator[tuple[list[Moment], Floats]]:
    """Every moment after the first rotation, with the rotation before it."""
    hours = STEP // timedelta(hours=1)
    past: deque[Moment] = deque(maxlen=ROTATION + 1)
    maps = np.zeros((0, *GRID.shape))
    moments = simulate(sun.start, hours * (ROTATION + sun.scenes), sun.seed, GRID, hours)
    for number, moment in enumerate(moments):
        past.append(moment)
        carried = transport(maps, GRID, STEP.days, Flow()) if len(maps) else maps
        maps = np.concatenate([carried, moment.br[np.newaxis]])[-(ROTATION + 1) :]
        if number >= ROTATION:
            yield list(past), maps


def _shining(
    moment: Moment, drawn: Relations, channels: Sequence[int], seed: int
) -> dict[int, Field]:
    if not channels:
        return {}
    above = open_field(moment)
    return {c: euv.intensity(moment, above, drawn[c], seed) for c in channels}


def _scene(
    sun: Sun,
    pasts: _Pasts,
    ahead: float,
    drawn: Relations,
    now: Mapping[int, Field],
    then: Mapping[int, Field],
) -> Scene:
    moment = pasts.moments[-1]
    here = earth(moment.time)
    observer = Observer(
        carrington_longitude=(here.carrington_longitude + ahead) % 360.0,
        latitude=orbits.latitude(moment.time, ahead),
        distance=here.distance,
    )
    disk = frame(observer)
    known, sigma, age = _map(pasts, here.carrington_longitude)
    fields = np.stack([moment.br, known, sigma, pasts.moments[0].br])
    truth, prior, error, before = line_of_sight(fields, disk)
    lon, lat = disk.sphere(*np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    planes = {"prior": prior, "prior sigma": error, "before": before}
    column = np.nan_to_num(GRID.geometry.pixel(lon, lat)[0]).round().astype(int) % GRID.nlon
    planes["age"] = np.where(np.isfinite(lon), age[column], np.nan).astype(np.float32)
    planes["leading"] = np.nan_to_num(leading_polarity(moment.time, lat))
    for name, shining in (("euv", now), ("reference", then)):
        for channel, bright in shining.items():
            picture = euv.image(bright, GRID, drawn[channel], disk, (SIDE, SIDE))
            planes[f"{name} {channel}"] = np.asarray(picture, np.float32)
    return Scene(
        field=truth,
        radius=disks.radius(disk, truth.shape),
        pixel=SEMIDIAMETER / RADIUS,
        region=sun.region,
        time=moment.time,
        planes=planes,
    )


def _map(pasts: _Pasts, meridian: float) -> tuple[Floats, Floats, Floats]:
    """What a map of the Earth's views shows everywhere, its standard error [G], and the days
    since each column was last in view.

    meridian : Carrington longitude of the Earth; a place was seen last when it went out of
        view in the west, and its map is the truth of then, carried without what emerged since
    """
    west = (GRID.lon - meridian) % 360.0
    days = np.where(west > 360.0 - SEEN, 0.0, np.maximum(0.0, west - SEEN) / DRIFT)
    steps = np.minimum(np.ceil(days / STEP.days - 0.5).astype(int), ROTATION)
    known = pasts.maps[len(pasts.maps) - 1 - steps, :, np.arange(GRID.nlon)].T
    strong = strength(known, GRID)
    seen = FLOOR**2 + (0.3 * strong) ** 2
    variance = grown(seen, strong, np.broadcast_to(steps * float(STEP.days), GRID.shape))
    return known, np.sqrt(variance), steps * float(STEP.days)


def line_of_sight(fields: Floats, disk: Disk) -> Field:
    """B_los of radial *fields* (n, nlat, nlon) in the pixels of *disk*, NaN beyond the limb.

    A pixel is the mean of two by two points, so that flux is averaged and not sampled.
    """
    fine = 2
    offsets = (np.arange(SIDE * fine) + 0.5) / fine - 0.5
    x, y = np.meshgrid(offsets, offsets)
    lon, lat = disk.sphere(x, y)
    mu = np.nan_to_num(disk.observer.mu(lon, lat))
    column, row = GRID.geometry.pixel(lon, lat)
    place = np.nan_to_num(np.stack([row, column])) + 1.0
    seen = np.isfinite(lon)
    out = np.empty((len(fields), SIDE, SIDE), np.float32)
    for n, field in enumerate(fields):
        around = np.pad(np.pad(field, ((0, 0), (1, 1)), mode="wrap"), ((1, 1), (0, 0)), mode="edge")
        values = map_coordinates(around, place, order=1) * mu * seen
        total, count = (
            each.reshape(SIDE, fine, SIDE, fine).sum((1, 3), dtype=np.float64)
            for each in (values, seen)
        )
        out[n] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    out[:, disks.radius(disk, (SIDE, SIDE)) >= 1.0] = np.nan
    return out
