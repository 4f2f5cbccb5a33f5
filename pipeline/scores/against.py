"""A map against a peer's: how alike two maps are where neither is the truth."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline import publish
from pipeline.acts import peers
from pipeline.core import BadRequest, CarringtonGrid, GlobalMap, earth
from pipeline.scores import fields
from pipeline.scores.sectors import SECTORS
from pipeline.surface.rotation import rotate_labels
from pipeline.surface.transport import blur

Floats = NDArray[np.float64]

COMMON = CarringtonGrid(360, 180)  # of GONG's and ADAPT's maps
WIDTHS = (2, 4, 8)  # deg, full width at half maximum
FLUX_AT = 2  # deg: finer structure depends on the telescope
FARTHEST = timedelta(days=3)  # that one map may be rotated to the other's time
DAY = timedelta(days=1)
KEY = (
    "r and slope (gauss of the map per gauss of the peer) by smoothing in degrees; flux, net: "
    "unsigned flux of the map over the peer's at 2°, and the difference of mean fields, G; area: "
    "of the sphere, where the peer has values."
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike map and peer are in one sector; what the cells cannot give is NaN.

    area : fraction of the sphere
    correlation, slope : by width of the smoothing, deg
    unsigned_flux_ratio : map over peer, smoothed to 2°
    net_difference : mean field of the map less the peer's, gauss
    """

    sector: str
    area: float
    correlation: Mapping[int, float]
    slope: Mapping[int, float]
    unsigned_flux_ratio: float
    net_difference: float


@dataclass(frozen=True, slots=True)
class Against:
    """A map held against a peer's.

    hours : by which the peer was rotated forward to the map's time
    """

    time: datetime
    peer: str
    peer_time: datetime
    hours: float
    sectors: tuple[Likeness, ...]


def against(product: Path, file: Path, realisation: int | None = None) -> Against:
    """Hold a synchronic product against a global map in a *file* of ADAPT, HMI, GONG or allsun.

    Both are averaged to one degree; the peer is carried to the map's time by differential
    rotation. Fields are compared as the files give them: scales differ between telescopes.

    Raises
    ------
    BadFile : a file is no map of the whole Sun.
    BadRequest : the times are more than three days apart, or there is no such realisation.
    """
    map_ = publish.read_map(product)
    grid = COMMON if _divides(map_.grid, COMMON) else map_.grid
    peer = peers.read(file, grid, realisation)
    apart = map_.time - peer.time
    if abs(apart) > FARTHEST:
        raise BadRequest(
            f"{file}: it is valid at {peer.time:%Y-%m-%dT%H:%MZ}, {abs(apart) / DAY:.1f} days from "
            f"the map; give one within {FARTHEST.days} days of {map_.time:%Y-%m-%dT%H:%MZ}."
        )
    turned = rotate_labels(peer.br, grid, 0.0, apart / DAY)
    pair = map_.grid.block_mean(map_.br, grid), turned
    hours = apart / timedelta(hours=1)
    return Against(map_.time, peer.name, peer.time, hours, _sectors(*pair, grid, map_))


def _divides(fine: CarringtonGrid, coarse: CarringtonGrid) -> bool:
    return not (fine.nlon % coarse.nlon or fine.nlat % coarse.nlat)


def _sectors(
    br: Floats, peer: Floats, grid: CarringtonGrid, map_: GlobalMap
) -> tuple[Likeness, ...]:
    """Likeness by sector; what the peer lacks is left out of both before smoothing, alike."""
    known = np.isfinite(peer)
    stack = np.stack([np.where(known, br, 0.0), np.where(known, peer, 0.0), known])
    smooth: dict[int, tuple[Floats, Floats]] = {}
    for width in WIDTHS:
        ours, theirs, share = blur(stack, grid, width)
        weight = np.where(known, share, 1.0)
        smooth[width] = ours / weight, theirs / weight
    meridian = earth(map_.time).carrington_longitude

    def likeness(name: str, cells: NDArray[np.bool_]) -> Likeness:
        at = {width: (ours[cells], theirs[cells]) for width, (ours, theirs) in smooth.items()}
        return Likeness(
            name,
            area=float(cells.mean()),
            correlation={width: fields.correlation(*both) for width, both in at.items()},
            slope={width: fields.slope(*both) for width, both in at.items()},
            unsigned_flux_ratio=fields.unsigned_flux_ratio(*at[FLUX_AT]),
            net_difference=fields.mean(br[cells]) - fields.mean(peer[cells]),
        )

    return tuple(likeness(s.name, s.cells(grid, meridian) & known) for s in SECTORS)


def as_json(found: Against) -> dict[str, Any]:
    """Everything as plain values; what is not a finite number is None."""
    return {
        "valid_time": f"{found.time:%Y-%m-%dT%H:%M:%SZ}",
        "peer": found.peer,
        "peer_time": f"{found.peer_time:%Y-%m-%dT%H:%M:%SZ}",
        "peer_rotated_hours": found.hours,
        "sectors": [_plain(asdict(sector)) for sector in found.sectors],
    }


def as_text(found: Against) -> str:
    """A table of the sectors."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    headings = (*(f"r {w}°" for w in WIDTHS), *(f"slope {w}°" for w in WIDTHS), "flux", "net")
    table.add_column("sector")
    for heading in ("area", *headings):
        table.add_column(heading, justify="right")
    for one in found.sectors:
        figures = [*one.correlation.values(), *one.slope.values(), one.unsigned_flux_ratio]
        row = [f"{one.area:.1%}", *(_figure(figure) for figure in figures)]
        table.add_row(one.sector, *row, _figure(one.net_difference))
    text = io.StringIO()
    page = Console(file=text, width=120, highlight=False)
    page.print(
        f"The map valid {found.time:%Y-%m-%d %H:%M} UTC against {found.peer} of "
        f"{found.peer_time:%Y-%m-%d %H:%M}, rotated by {found.hours:+.1f} h\n"
    )
    page.print(table)
    page.print(KEY)
    return text.getvalue()


def _figure(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
