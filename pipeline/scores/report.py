"""Scores for programs and for people."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.scores.comparison import Comparison
from pipeline.scores.coronae import CoronaScore
from pipeline.scores.maps import WIDTHS, MapScore

SHOWN_AT = 2  # deg: slope and RMSE in the table for people
COLUMNS = 120  # characters
HEADINGS = (
    "sector", "source", "area", *(f"r {w}°" for w in WIDTHS), "slope", "RMSE", "flux", "net",
    "sign", "hit", "miss", "false", "σ/err", "68 %", "95 %",
)  # fmt: skip
KEY = (
    f"r: correlation by smoothing; slope and RMSE (G) at {SHOWN_AT}°; flux, net: unsigned and "
    "net flux over the truth's; sign: share of strong cells with the right polarity; hit, miss, "
    "false: active regions; σ/err: claimed over true error, and coverage of 1 and 2 σ."
)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The whole table as plain values; what is not a finite number is None."""
    corona = comparison.corona
    return {
        "valid_time": f"{comparison.map_.time:%Y-%m-%dT%H:%M:%SZ}",
        "grid": f"{comparison.map_.grid.nlon}x{comparison.map_.grid.nlat}",
        "simulated": comparison.map_.simulated,
        "map": [_plain(asdict(score)) for score in comparison.maps],
        "corona": _plain(asdict(corona)) if corona else None,
        "absent": list(comparison.absent),
    }


def as_text(comparison: Comparison) -> str:
    """A table of the sectors and sources that have cells, the corona, and what is absent."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in HEADINGS[:2] else "right")
    sector = ""
    for score in comparison.maps:
        if score.area:
            if score.sector != sector:
                table.add_section()
            table.add_row(score.sector if score.sector != sector else "", *_row(score))
            sector = score.sector
    text = io.StringIO()
    page = Console(file=text, width=COLUMNS, highlight=False)
    page.print(f"Scores of the map valid {comparison.map_.time:%Y-%m-%d %H:%M} UTC\n")
    page.print(table)
    page.print(KEY, style="dim")
    if comparison.corona:
        page.print(_corona(comparison.corona))
    for line in comparison.absent:
        page.print(f"absent: {line}")
    return text.getvalue()


def _row(score: MapScore) -> list[str]:
    """One line of the table, after the sector."""
    return [
        score.source,
        f"{score.area:.1%}",
        *(_figure(score.correlation[width]) for width in WIDTHS),
        _figure(score.slope[SHOWN_AT]),
        _figure(score.rmse[SHOWN_AT], 1),
        _figure(score.unsigned_flux_ratio),
        _figure(score.net_flux_ratio),
        _figure(score.polarity_agreement),
        f"{score.hits}",
        f"{score.misses}",
        f"{score.false_alarms}",
        _figure(score.spread_skill),
        _figure(score.coverage_68),
        _figure(score.coverage_95),
    ]


def _corona(score: CoronaScore) -> str:
    overlaps = ", ".join(f"{name} {_figure(iou)}" for name, iou in score.open_field_iou.items())
    return (
        f"\nopen field, shared over joint area: {overlaps}"
        f"\nneutral line: {_figure(score.neutral_line_distance, 1)}° apart on average"
        f"\nopen flux over the truth's: {_figure(score.open_flux_ratio)}"
        f"\nwind speed on the source surface: {_figure(score.wind_speed_rmse, 0)} km/s rms apart, "
        f"correlation {_figure(score.wind_speed_correlation)}"
    )


def _figure(value: float, places: int = 2) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else "–"


def _plain(value: Any) -> Any:
    """*value* with None for the numbers that JSON does not know."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
