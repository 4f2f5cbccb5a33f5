"""Commands that work on a user's own files, one stage at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.asked import Output
from pipeline.core import BadRequest
from pipeline.settings import Settings
from pipeline.terminal import Report, as_text, command

app = typer.Typer()


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
