"""Commands that make and show products from the archives, or from a simulated Sun."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.asked import duration, later, valid_time
from pipeline.core import BadRequest, parse_utc
from pipeline.settings import Settings
from pipeline.terminal import Report, as_text, command, progress

app = typer.Typer()


@command(app)
def once(
    settings: Settings,
    at: Annotated[str | None, typer.Option(help="Valid time, UTC; default: the last hour.")] = None,
    spinup: Annotated[
        str | None, typer.Option(help="Begin this long before, e.g. 28d, not from the last map.")
    ] = None,
    first_guess: Annotated[
        Path | None, typer.Option(help="Begin from this map of ADAPT, HMI, GONG or your own.")
    ] = None,
) -> Report:
    """Run one cycle and publish its products."""
    from pipeline import publish
    from pipeline.cycle import run_cycle

    before = duration(spinup)
    if first_guess:
        named = settings.cycle.model_copy(update={"begin_from": first_guess})
        settings = settings.model_copy(update={"cycle": named})
        before = before or settings.cycle.window
    products = run_cycle(valid_time(at), settings, before, progress)
    summary = publish.describe(products)
    return Report(summary, _told(summary))


@command(app)
def demo(
    settings: Settings,
    seed: Annotated[int, typer.Option(min=0, help="Another one is another Sun.")] = 0,
) -> Report:
    """Simulate the Sun of these days, observe it, map it through the whole chain, and score."""
    from pipeline import publish, scores
    from pipeline.demo import run_demo

    shown = run_demo(settings, valid_time(None), seed, progress)
    summary = publish.describe(shown.products)
    table = scores.as_text(shown.comparison)
    more = {
        "scores": scores.as_json(shown.comparison),
        "picture": str(shown.picture),
        "truth": str(shown.truth),
    }
    text = f"{_told(summary)}\n\n{table}\npicture of the scores: {shown.picture}"
    return Report(summary | more, text)


@command(app)
def simulate(
    settings: Settings,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    start: Annotated[str, typer.Option(help="When to begin, UTC.")],
    days: Annotated[float, typer.Option(help="How many days to simulate.")],
    seed: Annotated[int, typer.Option(min=0, help="Another one is another Sun.")] = 0,
    instruments: Annotated[
        str | None,
        typer.Option(
            help="Separated by commas: hmi, gong, gong-synoptic, gong-seismic, hmi-seismic, euvi, "
            "aia, mdi; by default all but the last two."
        ),
    ] = None,
    every: Annotated[
        str,
        typer.Option(
            help="Thin denser series to one file in this time: 1h leaves HMI whole, 3m everything."
        ),
    ] = "3h",
    size: Annotated[
        int, typer.Option(help="Pixels along a side of HMI frames; the real ones have 4096.")
    ] = 1024,
) -> Report:
    """Simulate the Sun and observe it into the folders and formats of the archives."""
    from pipeline.simulator.archive import DEFAULT, write_archive

    written = write_archive(
        folder,
        begin := parse_utc(start),
        end := later(begin, days),
        seed=seed,
        names=DEFAULT if instruments is None else [n.strip() for n in instruments.split(",")],
        every=duration(every) or timedelta(),
        hmi_size=size,
        track=lambda hours, total: progress(hours, "Simulating", total),
    )
    summary = {
        "folder": str(folder),
        "end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "files": written.files,
        "megabytes": round(written.size / 1e6),
        "truth": [str(path) for path in written.truth],
    }
    return Report(summary, as_text(summary))


@command(app)
def status(settings: Settings) -> Report:
    """Say what the newest products are, how old, and what they rest on."""
    from pipeline import publish

    newest = publish.Store(settings.data).newest()
    if newest is None:
        raise BadRequest(
            f"Nothing has been published below {settings.data}; run `allsun once` or give --data."
        )
    summary = publish.describe(newest)
    hours = (datetime.now(UTC) - newest.valid_time).total_seconds() / 3600
    summary["age_hours"] = round(hours, 2)
    return Report(summary, _told(summary))


def _told(summary: Mapping[str, Any]) -> str:
    """A published set, for a person."""
    inputs = summary["inputs"]
    times = sorted(entry["time"] for entry in inputs)
    apart = ("inputs", "sources", "far_side")
    short = {key: value for key, value in summary.items() if key not in apart}
    shares = {name: f"{share:.1%}" for name, share in summary["sources"].items() if share}
    short["inputs"] = f"{len(inputs)} files, {times[0]} to {times[-1]}" if inputs else "none"
    short["far_side"] = [_region(region) for region in summary["far_side"]]
    return as_text(short | {"rests_on": ", ".join(f"{n} {s}" for n, s in shares.items())})


def _region(region: Mapping[str, Any]) -> str:
    """A far-side region, for a person."""
    place = f"{region['carrington_longitude']:.0f}° {region['latitude']:+.0f}°"
    sure = f"{', '.join(region['evidence'])}, {region['probability']:.0%}"
    return f"{region['number']} at {place} ({sure}), returns {region['limb_return'][:13]}Z"
