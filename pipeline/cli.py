"""The command line: words in, one room's work, a summary out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline import settings as configuration
from pipeline.core import BadRequest, parse_utc
from pipeline.settings import Settings
from pipeline.terminal import Report, as_text, command, progress

app = typer.Typer(
    help="The magnetic field of the whole Sun, every hour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Show or check the settings.", no_args_is_help=True)
app.add_typer(config_app, name="config")

Output = Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="File to write.")]


@command(app)
def once(
    settings: Settings,
    at: Annotated[str | None, typer.Option(help="Valid time, UTC; default: the last hour.")] = None,
    spinup: Annotated[
        str | None, typer.Option(help="Begin this long before, e.g. 28d, not from the last map.")
    ] = None,
) -> Report:
    """Run one cycle and publish its products."""
    from pipeline import publish
    from pipeline.cycle import run_cycle

    products = run_cycle(_valid_time(at), settings, _duration(spinup), progress)
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

    shown = run_demo(settings, _valid_time(None), seed, progress)
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
        end := _later(begin, days),
        seed=seed,
        names=DEFAULT if instruments is None else [n.strip() for n in instruments.split(",")],
        every=_duration(every) or timedelta(),
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


@command(app)
def inspect(
    settings: Settings, file: Annotated[Path, typer.Argument(help="An observation or a product.")]
) -> Report:
    """Say what a file is: instrument, time, geometry, field or brightness."""
    from pipeline import stages

    summary = stages.describe(file)
    return Report(summary, as_text(summary))


@command(app)
def extrapolate(
    settings: Settings,
    map_file: Annotated[
        Path, typer.Argument(metavar="MAP", help="A whole-Sun map: allsun's, or any CEA FITS.")
    ],
    output: Output,
    rss: Annotated[float | None, typer.Option(help="Source-surface radius, solar radii.")] = None,
    nr: Annotated[int | None, typer.Option(help="Radial cells.")] = None,
) -> Report:
    """Extrapolate the corona above a map, on the map's own grid."""
    from pipeline import corona, publish, stages

    state = stages.read_map(map_file)
    with Console(stderr=True).status("Extrapolating"):
        field = corona.extrapolate(
            state.br,
            state.grid,
            state.time,
            settings.corona.source_surface_radius if rss is None else rss,
            settings.corona.radial_cells if nr is None else nr,
        )
    provenance = publish.Provenance(datetime.now(UTC), settings.digest())
    publish.write_corona(output, field, state, provenance)
    summary = {
        "output": str(output),
        **stages.describe_corona(field),
        "net_flux_mx": state.net_flux,
    }
    return Report(summary, as_text(summary))


@command(app)
def validate(
    settings: Settings, file: Annotated[Path, typer.Argument(help="A product of allsun.")]
) -> Report:
    """Check a product against the contract; exit status 0 only if it keeps it."""
    from pipeline import publish

    faults = publish.validate(file)
    text = "\n".join([f"{file}: {fault}" for fault in faults]) or f"{file}: valid"
    return Report({"file": str(file), "valid": not faults, "faults": faults}, text, not faults)


@command(app)
def score(
    settings: Settings,
    map_file: Annotated[Path, typer.Argument(metavar="MAP", help="A synchronic product.")],
    truth: Annotated[
        Path, typer.Argument(help="Truth file, folder of a simulation, or another product.")
    ],
    picture: Annotated[
        Path | None, typer.Option(help="PNG to draw: truth, product, difference, error.")
    ] = None,
) -> Report:
    """Score a map and its corona against a known truth, by part of the Sun and source."""
    from pipeline import scores

    if picture and picture.suffix.lower() != ".png":
        raise BadRequest(f"{picture}: the picture is a PNG; give it a name that ends in .png.")
    with Console(stderr=True).status("Scoring"):
        comparison = scores.compare(map_file, truth)
    text = scores.as_text(comparison)
    if picture:
        scores.write_picture(picture, comparison.map_, comparison.truth)
        text += f"picture: {picture}"
    return Report(scores.as_json(comparison) | {"picture": picture and str(picture)}, text)


@command(config_app)
def show(settings: Settings) -> Report:
    """Print the settings in force, each explained; a valid settings file."""
    return Report(settings.model_dump(mode="json"), configuration.as_toml(settings))


@command(config_app)
def check(settings: Settings) -> Report:
    """Check the settings file and the environment."""
    return Report({"valid": True, "digest": settings.digest()}, "The settings are valid.")


def _valid_time(text: str | None) -> datetime:
    """The moment asked for, or the last full hour."""
    now = datetime.now(UTC)
    if text is None:
        return now.replace(minute=0, second=0, microsecond=0)
    time = parse_utc(text).replace(second=0, microsecond=0)
    if time > now:
        raise BadRequest(f"{text} is in the future; give a time up to now (UTC).")
    if time.year < 1970:
        raise BadRequest(f"{text} is before the first magnetograms; give a time from 1970 on.")
    return time


def _later(time: datetime, days: float) -> datetime:
    try:
        return time + timedelta(days=days)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"{days:g} days after {time:%Y-%m-%d} is no date; give a number like 3 or 0.5."
        ) from None


def _duration(text: str | None) -> timedelta | None:
    try:
        return None if text is None else configuration.parse_duration(text)
    except ValueError as error:
        raise BadRequest(f"{text!r} cannot be used: {error}.") from None


def _told(summary: Mapping[str, Any]) -> str:
    """A published set, for a person."""
    inputs = summary["inputs"]
    times = sorted(entry["time"] for entry in inputs)
    short = {key: value for key, value in summary.items() if key not in ("inputs", "sources")}
    shares = {name: f"{share:.1%}" for name, share in summary["sources"].items() if share}
    short["inputs"] = f"{len(inputs)} files, {times[0]} to {times[-1]}" if inputs else "none"
    return as_text(short | {"rests_on": ", ".join(f"{n} {s}" for n, s in shares.items())})
