"""The scores of a map: for every sector and what its cells rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core import GlobalMap, Source, earth
from pipeline.scores import fields, regions
from pipeline.scores.sectors import SECTORS
from pipeline.surface.regions import centres_of
from pipeline.surface.transport import blur

WIDTHS = (1, 2, 4, 8)  # deg, full width at half maximum
ANY = "any"
STRONG, STRONG_AT = 50.0, 2  # gauss of the truth smoothed to so many deg

Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MapScore:
    """Skill on the cells of one sector that rest on one source.

    sector : name from :data:`SECTORS`; source : lower-case name, or ``any``
    area : fraction of the sphere
    correlation, slope, rmse (gauss) : by width of the smoothing in deg
    unsigned_flux_ratio, net_flux_ratio : product over truth, at the grid's resolution
    polarity_agreement : share of cells above 50 G at 2° in the truth with the right sign
    hits, misses, false_alarms : active regions with their centre here
    spread_skill, coverage_68, coverage_95 : whether ``br_sigma`` is the true error;
        1, .683 and .954 (one and two sigma) if it is and errors are normal

    A figure that the cells cannot give is NaN.
    """

    sector: str
    source: str
    area: float
    correlation: Mapping[int, float]
    slope: Mapping[int, float]
    rmse: Mapping[int, float]
    unsigned_flux_ratio: float
    net_flux_ratio: float
    polarity_agreement: float
    hits: int
    misses: int
    false_alarms: int
    spread_skill: float
    coverage_68: float
    coverage_95: float


def score_map(map_: GlobalMap, truth: NDArray[np.floating]) -> tuple[MapScore, ...]:
    """Scores of *map_* against the true radial field on its grid, (nlat, nlon) gauss.

    Smoothing and the search for regions see the whole sphere; only then are cells chosen.
    """
    grid = map_.grid
    smooth = {w: blur(np.stack([map_.br, truth]), grid, w) for w in WIDTHS}
    found, real = (centres_of(br, grid) for br in (map_.br, truth))
    false, missed = ~regions.matched(found, real), ~regions.matched(real, found)
    error = map_.br - truth

    def score(sector: str, source: str, cells: Cells) -> MapScore:
        at = {width: (product[cells], true[cells]) for width, (product, true) in smooth.items()}
        here, present = (regions.inside(places, cells, grid) for places in (found, real))
        return MapScore(
            sector,
            source,
            area=float(cells.mean()),
            correlation={w: fields.correlation(*pair) for w, pair in at.items()},
            slope={w: fields.slope(*pair) for w, pair in at.items()},
            rmse={w: fields.rms(product - true) for w, (product, true) in at.items()},
            unsigned_flux_ratio=fields.unsigned_flux_ratio(map_.br[cells], truth[cells]),
            net_flux_ratio=fields.net_flux_ratio(map_.br[cells], truth[cells]),
            polarity_agreement=fields.polarity_agreement(*at[STRONG_AT], above=STRONG),
            hits=int((present & ~missed).sum()),
            misses=int((present & missed).sum()),
            false_alarms=int((here & false).sum()),
            spread_skill=fields.spread_skill(error[cells], map_.sigma[cells]),
            coverage_68=fields.coverage(error[cells], map_.sigma[cells], 1),
            coverage_95=fields.coverage(error[cells], map_.sigma[cells], 2),
        )

    return tuple(score(*selection) for selection in _selections(map_))


def _selections(map_: GlobalMap) -> Iterator[tuple[str, str, Cells]]:
    """Sector, source and the cells of both, for every pair."""
    meridian = earth(map_.time).carrington_longitude
    for sector in SECTORS:
        cells = sector.cells(map_.grid, meridian)
        yield sector.name, ANY, cells
        for source in Source:
            yield sector.name, source.name.lower(), cells & (map_.source == source)
