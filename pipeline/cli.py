"""The command line: words in, one room's work, a summary out.

Every command returns a :class:`Report`; whether a person or a program reads it is
decided in one place. Foreseen errors are printed as the sentence they carry.
"""

from __future__ import annotations

import functools
import inspect as signatures
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import structlog
import typer
from rich.console import Console
from rich.progress import track

from pipeline import settings as configuration
from pipeline.core import AllsunError, BadRequest, CarringtonGrid, Corona, GlobalMap, parse_utc
from pipeline.settings import Settings

app = typer.Typer(
    help="The magnetic field of the whole Sun, every hour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Show or check the settings.", no_args_is_help=True)
app.add_typer(config_app, name="config")


# The demonstration has to be over in a minute and a half on two cores.
DEMO_DAYS = timedelta(days=2)
DEMO_EVERY = timedelta(hours=3)
DEMO_STEP = timedelta(hours=12)
DEMO_GRID = CarringtonGrid(720, 360)

KEYWORD_ONLY = signatures.Parameter.KEYWORD_ONLY


@dataclass(frozen=True, slots=True)
class Report:
    """What a command has to say.

    data : for programs (``--json``); text : for people
    done : False if the work was not done, though there is something to say
    """

    data: Mapping[str, Any]
    text: str
    done: bool = True


Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).")]
Archive = Annotated[
    str | None, typer.Option(help="Folder or web address that stands for the archives.")
]
Data = Annotated[Path | None, typer.Option(help="Data directory.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result for programs.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
Output = Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="File to write.")]


def command(group: typer.Typer) -> Callable[[Callable[..., Report]], Callable[..., None]]:
    """Add a command to *group*, with the options that every command has.

    The function's first argument receives the settings that those options give.
    """

    def register(function: Callable[..., Report]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(
            *,
            config: Path | None,
            archive: str | None,
            data: Path | None,
            as_json: bool,
            debug: bool,
            **own: Any,
        ) -> None:
            _log_to_standard_error()
            with _sentences(debug):
                settings = configuration.load(config, data=data, mirror=archive)
                report = function(settings, **own)
                print(json.dumps(report.data, indent=1) if as_json else report.text)
            raise typer.Exit(0 if report.done else 1)

        own = list(signatures.signature(function, eval_str=True).parameters.values())[1:]
        common = [
            signatures.Parameter(name, KEYWORD_ONLY, default=default, annotation=kind)
            for name, kind, default in (
                ("config", Config, None),
                ("archive", Archive, None),
                ("data", Data, None),
                ("as_json", Json, False),
                ("debug", Debug, False),
            )
        ]
        signature = signatures.Signature([p.replace(kind=KEYWORD_ONLY) for p in own] + common)
        run.__signature__ = signature  # type: ignore[attr-defined]  # typer reads this one
        run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        group.command()(run)
        return run

    return register


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

    products = run_cycle(_valid_time(at), settings, _duration(spinup), _progress)
    summary = publish.describe(products)
    return Report(summary, _told(summary))


@command(app)
def demo(
    settings: Settings,
    seed: Annotated[int, typer.Option(min=0, help="Another one is another Sun.")] = 0,
) -> Report:
    """Simulate the Sun of these days, observe it, map it through the whole chain, and score."""
    from pipeline import publish, scores
    from pipeline.cycle import run_cycle
    from pipeline.simulator.archive import write_archive
    from pipeline.simulator.server import ArchiveServer

    at = _valid_time(None)
    start = at.replace(hour=0) - DEMO_DAYS
    home = settings.data / f"{start:%Y%m%d}-{seed}"  # maps of one Sun are not carried on by another
    folder = home / "archive"
    if folder.exists():
        shutil.rmtree(folder)
    write_archive(
        folder,
        start,
        at,
        seed=seed,
        every=DEMO_EVERY,
        grid=DEMO_GRID,
        track=lambda hours, total: _progress(hours, "Simulating", total),
    )
    with ArchiveServer(folder) as server:
        archives = settings.archives.model_copy(update={"mirror": server.url})
        simulated = settings.model_copy(update={"archives": archives, "data": home})
        run_cycle(at - DEMO_STEP, simulated, at - DEMO_STEP - start, _progress)
        products = run_cycle(at, simulated, track=_progress)
    comparison = scores.compare(products.files["synchronic"], folder)
    picture = home / "scores.png"
    scores.write_picture(picture, comparison.map_, comparison.truth)
    summary = publish.describe(products)
    text = f"{_told(summary)}\n\n{scores.as_text(comparison)}\npicture of the scores: {picture}"
    more = {"scores": scores.as_json(comparison), "picture": str(picture), "truth": str(folder)}
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
        begin + _days(days),
        seed=seed,
        names=[name.strip() for name in instruments.split(",")] if instruments else DEFAULT,
        every=_duration(every) or timedelta(),
        hmi_size=size,
        track=lambda hours, total: _progress(hours, "Simulating", total),
    )
    summary = {
        "folder": str(folder),
        "end": f"{begin + _days(days):%Y-%m-%dT%H:%M:%SZ}",
        "files": written.files,
        "megabytes": round(written.size / 1e6),
        "truth": [str(path) for path in written.truth],
    }
    return Report(summary, _as_text(summary))


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
    summary = _inspect_product(file) if file.suffix == ".nc" else _inspect_observation(file)
    return Report(summary, _as_text(summary))


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
    from pipeline import corona, publish

    state = _read_map(map_file)
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
        **_corona_summary(field),
        "net_flux_mx": state.net_flux,
    }
    return Report(summary, _as_text(summary))


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


def _log_to_standard_error() -> None:
    """Keep standard output for results: libraries log wherever nobody told them."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


@contextmanager
def _sentences(debug: bool) -> Iterator[None]:
    """Turn errors into one sentence on standard error and exit status 1."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if debug:
            raise
        print(f"allsun: {_sentence(error)}", file=sys.stderr)
        raise typer.Exit(1) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, AllsunError):
        return str(error)
    return f"Unexpected {type(error).__name__}: {error}. Run again with --debug and report it."


def _progress(
    items: Iterable[Any], doing: str = "Assimilating", total: int | None = None
) -> Iterable[Any]:
    """A progress bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    return track(items, doing, total, console=console, disable=not console.is_terminal)


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


def _days(number: float) -> timedelta:
    try:
        return timedelta(days=number)
    except (ValueError, OverflowError):
        raise BadRequest(f"{number} is no number of days; give one like 3 or 0.5.") from None


def _duration(text: str | None) -> timedelta | None:
    try:
        return None if text is None else configuration.parse_duration(text)
    except ValueError as error:
        raise BadRequest(f"{text!r} cannot be used: {error}.") from None


def _read_map(path: Path) -> GlobalMap:
    """A whole-Sun map from a product of ours or a FITS file, on its own grid and scale."""
    from pipeline import archives, instruments, publish, surface

    if path.suffix == ".nc":
        return replace(publish.read_map(path), previous=archives.local(path))
    image = instruments.read(archives.local(path))
    nlat, nlon = image.data.shape
    grid = CarringtonGrid(nlon, nlat)
    return replace(
        surface.blank(image.observation.time, grid),
        br=surface.regrid(image, grid).astype(np.float32),
        inputs=(image.observation,),
        simulated=image.observation.simulated,
    )


def _inspect_product(path: Path) -> dict[str, Any]:
    from pipeline import publish

    if "open_field" in publish.variables(path):
        field = publish.read_corona(path)
        return {"file": str(path), "kind": "corona", **_corona_summary(field)}
    state = publish.read_map(path)
    return {
        "file": str(path),
        "kind": "synchronic map",
        "valid_time": f"{state.time:%Y-%m-%dT%H:%M:%SZ}",
        "grid": f"{state.grid.nlon}x{state.grid.nlat}",
        "unsigned_flux_mx": state.unsigned_flux,
        "net_flux_removed_mx": state.net_flux_removed,
        "sources": dict(state.area_fractions()),
        "qc": [str(flag.name).lower() for flag in state.qc],
        "notes": list(state.notes),
    }


def _corona_summary(field: Corona) -> dict[str, Any]:
    return {
        "valid_time": f"{field.time:%Y-%m-%dT%H:%M:%SZ}",
        "grid": f"{field.grid.nlon}x{field.grid.nlat}",
        "open_flux_mx": field.open_flux,
        "open_area_fraction": float((field.open_field != 0).mean()),
        "source_surface_radius": field.source_surface_radius,
        "radial_cells": field.radial_cells,
        "solver": field.solver,
    }


def _inspect_observation(path: Path) -> dict[str, Any]:
    from pipeline import archives, instruments

    image = instruments.read(archives.local(path))
    seen, observation = image.data[image.mask], image.observation
    return {
        "file": str(path),
        "kind": str(observation.quantity),
        "instrument": observation.instrument,
        "time": f"{observation.time:%Y-%m-%dT%H:%M:%SZ}",
        "pixels": f"{image.data.shape[1]}x{image.data.shape[0]}",
        "unit": image.unit,
        "wavelength_angstrom": observation.wavelength,
        "observer": asdict(observation.observer),
        "geometry": {"kind": type(image.geometry).__name__, **_numbers(image.geometry)},
        "measured_fraction": float(image.mask.mean()),
        "minimum": float(seen.min()),
        "maximum": float(seen.max()),
        "mean_absolute": float(np.abs(seen).mean()),
        "quality": f"0x{observation.quality:08X}",
        "quick_look": observation.quick_look,
        "simulated": observation.simulated,
        "sha256": observation.file.sha256,
    }


def _numbers(geometry: Any) -> dict[str, float]:
    return {k: v for k, v in asdict(geometry).items() if isinstance(v, int | float)}


def _as_text(summary: Mapping[str, Any], indent: str = "") -> str:
    """The summary for a person: a label and a value on each line."""
    width = max((len(key) for key in summary), default=0)
    lines = []
    for key, value in summary.items():
        label = f"{indent}{key.replace('_', ' '):<{width}}  "
        if isinstance(value, Mapping):
            lines += [label.rstrip(), _as_text(value, indent + "  ")]
        elif isinstance(value, list):
            lines += [label + f"{item}" for item in value] or [label + "none"]
        elif isinstance(value, float):
            lines.append(label + f"{value:.4g}")
        else:
            lines.append(label + f"{value}")
    return "\n".join(lines)


def _told(summary: Mapping[str, Any]) -> str:
    """A published set, for a person."""
    inputs = summary["inputs"]
    times = sorted(entry["time"] for entry in inputs)
    short = {key: value for key, value in summary.items() if key not in ("inputs", "sources")}
    shares = {name: f"{share:.1%}" for name, share in summary["sources"].items() if share}
    short["inputs"] = f"{len(inputs)} files, {times[0]} to {times[-1]}" if inputs else "none"
    return _as_text(short | {"rests_on": ", ".join(f"{n} {s}" for n, s in shares.items())})
