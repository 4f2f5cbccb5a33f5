"""The table of a trial: for people, for programs, and for the network's card."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from models.evaluation.figures import KINDS, best
from models.metrics import FREQUENCIES
from pipeline.enhance.card import Metric

__all__ = ["Row", "TrialTable", "as_json", "as_text", "card_metrics", "rows_of"]

COLUMNS = 200  # characters
NO_RIVALS = ("zero", "identity")  # they repeat perfectly and keep all power: best of nothing
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One method under one trial.

    values : figures by name; none if it could not run, and *remark* says why
    blocks, regions : 95 % intervals of them; see :mod:`models.evaluation.bootstrap`
    coherence, transfer : γ² and power over the truth's, at ``models.metrics.FREQUENCIES``
    """

    name: str
    remark: str
    values: Mapping[str, float] = field(default_factory=dict)
    blocks: Mapping[str, Interval] = field(default_factory=dict)
    regions: Mapping[str, Interval] = field(default_factory=dict)
    coherence: Sequence[float] = ()
    transfer: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class TrialTable:
    """All methods under one trial on the same regions; *network* names the one on trial."""

    trial: str
    regions: tuple[str, ...]
    rows: tuple[Row, ...]
    network: str | None = None

    @property
    def figures(self) -> list[str]:
        """Names of all figures that any method has."""
        return list(dict.fromkeys(name for row in self.rows for name in row.values))

    def best_baseline(self, figure: str) -> Row | None:
        """The real filter that comes nearest to the ideal."""
        rivals = [row for row in self.rows if row.name not in (*NO_RIVALS, self.network)]
        name = best({row.name: row.values.get(figure, math.nan) for row in rivals}, figure)
        return next((row for row in rivals if row.name == name), None)


def as_text(table: TrialTable) -> str:
    """Figures down, methods across; the network's intervals beside it, the best in bold."""
    grid = Table(box=None, padding=(0, 2, 0, 0))
    grid.add_column(f"{table.trial}\non {', '.join(table.regions)}", vertical="bottom")
    ran = [row for row in table.rows if row.values]
    for row in ran:
        grid.add_column(f"{row.name}\n[dim]{row.remark}[/dim]", justify="right", vertical="bottom")
        if row.name == table.network:
            grid.add_column("95 %\n[dim]blocks[/dim]", style="dim", vertical="bottom")
            grid.add_column("95 %\n[dim]regions[/dim]", style="dim", vertical="bottom")
    for figure in table.figures:
        cells = []
        winner = table.best_baseline(figure)
        for row in ran:
            text = _shown(row.values.get(figure, math.nan), figure)
            cells.append(f"[bold]{text}[/bold]" if row is winner else text)
            if row.name == table.network:
                cells += [_between(row.blocks, figure), _between(row.regions, figure)]
        kind = KINDS[figure]
        grid.add_row(f"{figure} [dim]{kind.unit}[/dim]", *cells)
    page = Console(file=io.StringIO(), width=COLUMNS, highlight=False, record=True)
    page.print(grid)
    for row in table.rows:
        if not row.values:
            page.print(f"{row.name}: did not run, {row.remark}")
    return page.export_text()


def as_json(table: TrialTable) -> dict[str, Any]:
    """The whole table as plain values; what is not a finite number is None."""
    return {
        "trial": table.trial,
        "regions": list(table.regions),
        "units": {name: KINDS[name].unit for name in table.figures},
        "about": {name: KINDS[name].about for name in table.figures},
        "frequencies": [float(f) for f in FREQUENCIES],
        "network": table.network,
        "rows": [
            {
                "name": row.name,
                "remark": row.remark,
                "values": {name: _plain(value) for name, value in row.values.items()},
                "blocks": {name: list(map(_plain, pair)) for name, pair in row.blocks.items()},
                "regions": {name: list(map(_plain, pair)) for name, pair in row.regions.items()},
                "coherence": list(map(_plain, row.coherence)),
                "transfer": list(map(_plain, row.transfer)),
            }
            for row in table.rows
        ],
    }


def rows_of(content: Mapping[str, Any]) -> list[Row]:
    """The rows in what :func:`as_json` made."""
    return [
        Row(
            name=row["name"],
            remark=row["remark"],
            values={name: _number(value) for name, value in row["values"].items()},
            blocks={
                name: (_number(low), _number(high)) for name, (low, high) in row["blocks"].items()
            },
            regions={
                name: (_number(low), _number(high)) for name, (low, high) in row["regions"].items()
            },
            coherence=list(map(_number, row["coherence"])),
            transfer=list(map(_number, row["transfer"])),
        )
        for row in content["rows"]
    ]


def card_metrics(table: TrialTable) -> list[Metric]:
    """The network's figures as its card tells them, each with the best baseline."""
    network = next((row for row in table.rows if row.name == table.network), None)
    if network is None:
        return []
    metrics = []
    finite = {name: value for name, value in network.values.items() if math.isfinite(value)}
    for name, value in finite.items():
        rival = table.best_baseline(name)
        interval = network.blocks.get(name)
        metrics.append(
            Metric(
                name=name,
                value=value,
                unit=KINDS[name].unit,
                interval=interval if interval and all(map(math.isfinite, interval)) else None,
                baseline=f"{rival.name} {_shown(rival.values[name], name)}" if rival else "",
                test_set=f"{table.trial}; {', '.join(table.regions)}",
            )
        )
    return metrics


def _shown(value: float, figure: str) -> str:
    return f"{value:.{KINDS[figure].places}f}" if math.isfinite(value) else "–"


def _between(intervals: Mapping[str, Interval], figure: str) -> str:
    return "…".join(_shown(value, figure) for value in intervals.get(figure, ()))


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value
