"""The return skill of a period: frames from the archives, a map each day, means with errors."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline import archives, instruments, publish, surface
from pipeline.archives import Fetched, Fetcher, Ledger
from pipeline.core import BadFile, BadRequest, CarringtonGrid, NothingObserved
from pipeline.scores.returning import (
    LEAD,
    NOTHING,
    PRODUCT,
    WIDTHS,
    DayScore,
    Rival,
    daily_scores,
)
from pipeline.settings import Settings, grid
from pipeline.surface import Layer

Track = Callable[[Iterable[Fetched]], Iterable[Fetched]]
Floats = NDArray[np.float64]

DAY = timedelta(days=1)
SLOT = timedelta(minutes=5)
SPIN_UP = timedelta(days=41)  # a rotation and a half
# A strip of 30° passes in two days, regions live for a week or more: days nearer than that
# are drawn together (moving blocks, Künsch 1989, Ann. Statist. 17, 1217, on a circle).
BLOCK_DAYS, SAMPLES = 7, 2000
BASELINE = "plain transport"
KEY = (
    "r: correlation, and slope: gauss of the frame per gauss of the map, smoothed to so many "
    "degrees; flux: unsigned, in the strip over where the map was just seen, at 4°; 1σ, 2σ: cells "
    "whose error is within one and two of the claimed, and in brackets with the frame's own error "
    "added; ±: standard error, of days drawn in blocks of a week."
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over days and its standard error."""

    mean: float
    error: float


@dataclass(frozen=True, slots=True)
class ReturnSkill:
    """Figures by name of the map and name of the figure, and what the days were.

    gain : in correlation over plain transport, by smoothing in deg, from the same days
    problems : frames that were left out, and why
    """

    days: tuple[datetime, ...]
    maps: Mapping[str, Mapping[str, Estimate]]
    gain: Mapping[int, Estimate]
    problems: tuple[str, ...]


def return_skill(
    settings: Settings,
    start: datetime,
    end: datetime,
    track: Track = iter,
    others: Mapping[str, Rival] = NOTHING,
) -> ReturnSkill:
    """Score maps of every day from *start* to *end*, made of one HMI frame a day up to then.

    The frames begin 41 days earlier, from a map that knows nothing. No network touches them.
    others : further maps to score, as they are before the first frame

    Raises
    ------
    BadRequest : *end* is before *start*.
    CannotWrite : the data directory refuses.
    NothingObserved : no day is followed by a frame four days later.
    """
    if end < start:
        raise BadRequest(f"{end:%Y-%m-%d} is before {start:%Y-%m-%d}; give --end after --start.")
    days = [start + n * DAY for n in range((end - start) // DAY + 1)]
    cells, problems = grid(settings.surface.grid), list[str]()
    publish.Store(settings.data).recover()  # what is fetched is kept in the data directory
    with (
        closing(Ledger(settings.ledger_url)) as ledger,
        Fetcher(settings.data / "cache", ledger, settings.archives.mirror) as fetcher,
    ):
        found = fetcher.between(archives.HMI, start - SPIN_UP, end + LEAD + SLOT, DAY - SLOT)
    frames = _layers(track(found.files), cells, problems)
    scores = dict(daily_scores(frames, days, cells, settings.surface.members, others))
    if not scores:
        nothing = (
            f"No HMI frame follows four days after any day from {start:%Y-%m-%d} to {end:%Y-%m-%d}"
        )
        raise NothingObserved(
            " ".join([f"{nothing}; check --archive.", *found.problems, *problems])
        )
    return _summary(scores, (*found.problems, *problems))


def _layers(
    files: Iterable[Fetched], cells: CarringtonGrid, problems: list[str]
) -> Iterator[Layer]:
    """The frames on the grid; those that cannot be used join the *problems*."""
    for fetched in files:
        try:
            yield surface.observe(instruments.read(fetched.file), cells)
        except BadFile as error:
            problems.append(str(error))


def _summary(
    scores: Mapping[datetime, Mapping[str, DayScore]], problems: tuple[str, ...]
) -> ReturnSkill:
    figures = {
        name: {figure: np.array(values) for figure, values in _columns(scores, name).items()}
        for name in next(iter(scores.values()))
    }
    product, plain = figures[PRODUCT], figures[BASELINE]
    return ReturnSkill(
        days=tuple(scores),
        maps={n: {f: _estimate(v) for f, v in own.items()} for n, own in figures.items()},
        gain={w: _estimate(product[f"r{w}"] - plain[f"r{w}"]) for w in WIDTHS},
        problems=problems,
    )


def _columns(
    scores: Mapping[datetime, Mapping[str, DayScore]], name: str
) -> Mapping[str, list[float]]:
    """Daily values of every figure of one map."""
    own = [score[name] for score in scores.values()]
    columns = {f"r{w}": [day.correlation[w] for day in own] for w in WIDTHS}
    columns |= {f"slope{w}": [day.slope[w] for day in own] for w in WIDTHS}
    columns["flux"] = [day.unsigned_flux for day in own]
    names = ("within1", "within2", "within1_both", "within2_both")
    return columns | {
        figure: [day.within[k] for day in own] for k, figure in enumerate(names) if own[0].within
    }


def _estimate(values: Floats) -> Estimate:
    """Mean over days; its error from means over blocks of days drawn with replacement."""
    n = values.size
    rng = np.random.default_rng(0)
    blocks = -(-n // BLOCK_DAYS)
    first = rng.integers(n, size=(SAMPLES, blocks, 1))
    drawn = ((first + np.arange(BLOCK_DAYS)) % n).reshape(SAMPLES, -1)[:, :n]
    return Estimate(float(values.mean()), float(values[drawn].mean(axis=1).std()))


def as_json(skill: ReturnSkill) -> dict[str, Any]:
    """Every figure with its error as plain values."""

    def plain(estimate: Estimate) -> dict[str, float]:
        return {"mean": estimate.mean, "error": estimate.error}

    return {
        "days": [f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in skill.days],
        "maps": {n: {f: plain(e) for f, e in own.items()} for n, own in skill.maps.items()},
        "gain_over_plain_transport": {f"r{w}": plain(e) for w, e in skill.gain.items()},
        "problems": list(skill.problems),
    }


def as_text(skill: ReturnSkill) -> str:
    """A table of the maps, baselines first."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("map")
    headings = (*(f"r {w}°" for w in WIDTHS), *(f"slope {w}°" for w in WIDTHS), "flux", "1σ", "2σ")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, own in skill.maps.items():
        shown = [_shown(own[f"r{w}"]) for w in WIDTHS]
        shown += [f"{own[f'slope{w}'].mean:.2f}" for w in WIDTHS]
        shown.append(_shown(own["flux"]))
        if "within1" in own:
            shown += [
                f"{own[f'within{n}'].mean:.0%} ({own[f'within{n}_both'].mean:.0%})" for n in (1, 2)
            ]
        table.add_row(name, *shown)
    text = io.StringIO()
    page = Console(file=text, width=120, highlight=False)
    first, last = skill.days[0], skill.days[-1]
    page.print(f"Return skill on {len(skill.days)} days, {first:%Y-%m-%d} to {last:%Y-%m-%d}\n")
    page.print(table)
    gains = ", ".join(f"{_shown(gain)} at {w}°" for w, gain in skill.gain.items())
    page.print(f"r of {PRODUCT} over {BASELINE}: {gains}")
    page.print(KEY)
    for problem in skill.problems:
        page.print(f"left out: {problem}")
    return text.getvalue()


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:.2f}±{estimate.error:.2f}"
