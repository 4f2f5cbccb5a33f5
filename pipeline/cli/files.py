"""Commands that work on a user's own files, one stage at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from pipeline.cli.asked import Output
from pipeline.core import BadRequest, parse_utc
from pipeline.settings import Settings
from pipeline.terminal import Report, as_text, command, progress

app = typer.Typer()

Solver = Literal["eigenmodes", "pfsspy"]


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
    solver: Annotated[
        Solver | None, typer.Option(help="What computes the field; pfsspy is the reference.")
    ] = None,
    realisation: Annotated[
        int | None, typer.Option(help="Which of ADAPT's, from 1; default: all, as an ensemble.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="PNG to draw: surface, source surface, field lines.")
    ] = None,
    holes: Annotated[
        Path | None,
        typer.Option(metavar="PICTURE", help="AIA at 193 or EUVI at 195 Å: holes to outline."),
    ] = None,
) -> Report:
    """Extrapolate the corona above a map, on the map's own grid: field, wind, connections.

    Everything else is chosen in the settings, section corona.
    """
    from pipeline import publish, stages

    _check_picture(picture)
    if holes and not picture:
        raise BadRequest("--holes are outlined on a picture; give --picture PNG, too.")
    state = stages.read_map(map_file, realisation)
    asked = {"source_surface_radius": rss, "radial_cells": nr, "solver": solver}
    with Console(stderr=True).status("Extrapolating"):
        field = stages.extrapolate(state, settings, asked, holes)
    provenance = settings.provenance()
    publish.write_corona(output, field, state, provenance)
    if picture:
        publish.write_coronal_picture(picture, state, field, provenance)
    summary = {
        "output": str(output),
        "picture": picture and str(picture),
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
def transport(
    settings: Settings,
    map_file: Annotated[
        Path, typer.Argument(metavar="MAP", help="A whole-Sun map: allsun's, or any CEA FITS.")
    ],
    to: Annotated[str, typer.Option(help="Time to carry it to, UTC.")],
    output: Output,
) -> Report:
    """Carry a map through time by flux transport, with its error, source and age."""
    from pipeline import publish, stages, surface

    state = stages.read_map(map_file)
    flow = surface.FLOWS[settings.surface.flow]
    carried = surface.balance(surface.forecast(state, parse_utc(to), flow))
    provenance = settings.provenance()
    publish.write_synchronic(output, carried, provenance)
    summary = {
        "output": str(output),
        "valid_time": f"{carried.time:%Y-%m-%dT%H:%M:%SZ}",
        "days": (carried.time - state.time).total_seconds() / 86400,
        "unsigned_flux_mx": carried.unsigned_flux,
        "net_flux_removed_mx": carried.net_flux_removed,
    }
    return Report(summary, as_text(summary))


@command(app)
def score(
    settings: Settings,
    map_file: Annotated[
        Path | None, typer.Argument(metavar="MAP", help="A synchronic product.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Argument(help="Truth file, folder of a simulation, or another product.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="PNG to draw: truth, product, difference, error.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Global map of ADAPT, HMI, GONG or allsun, a peer.")
    ] = None,
    realisation: Annotated[
        int | None, typer.Option(help="With --against: which of ADAPT's, from 1; default: mean.")
    ] = None,
    holes: Annotated[
        Path | None, typer.Option(metavar="PICTURE", help="AIA at 193 or EUVI at 195 Å.")
    ] = None,
    returning: Annotated[
        bool, typer.Option("--return", help="Score maps of --start to --end by what rotates on.")
    ] = False,
    start: Annotated[str | None, typer.Option(help="With --return: the first day, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="With --return: the last day, UTC.")] = None,
) -> Report:
    """Score a map against a known truth, or maps of many days against what rotates on.

    MAP TRUTH: a map and its corona, by part of the Sun and source.

    MAP --against FILE: how alike the map is to another one, by part of the Sun.

    MAP --holes PICTURE: the open field of its corona against the coronal holes that are seen.

    --return: maps made of the HMI frames of --archive up to each day, where nobody sees the
    Sun but it is about to rotate on, against the frames of four days later.
    """
    if returning:
        return _score_return(settings, start, end)
    if map_file and against:
        return _score_against(map_file, against, realisation)
    if map_file and holes:
        return _score_holes(map_file, holes)
    if map_file is None or truth is None:
        raise BadRequest(
            "A score needs MAP and TRUTH, MAP with --against FILE or --holes PICTURE, or --return "
            "with --start and --end."
        )
    from pipeline import scores

    _check_picture(picture)
    with Console(stderr=True).status("Scoring"):
        comparison = scores.compare(map_file, truth)
    text = scores.as_text(comparison)
    if picture:
        scores.write_picture(picture, comparison.map_, comparison.truth)
        text += f"picture: {picture}"
    return Report(scores.as_json(comparison) | {"picture": picture and str(picture)}, text)


def _check_picture(picture: Path | None) -> None:
    if picture and picture.suffix.lower() != ".png":
        raise BadRequest(f"{picture}: the picture is a PNG; give it a name that ends in .png.")


def _score_against(map_file: Path, peer: Path, realisation: int | None) -> Report:
    """A map beside another one of about the same time."""
    from pipeline.scores import against

    found = against.against(map_file, peer, realisation)
    return Report(against.as_json(found), against.as_text(found))


def _score_holes(map_file: Path, picture: Path) -> Report:
    """Open field beside the coronal holes of a picture."""
    from pipeline.scores import observed_holes

    found = observed_holes.as_json(observed_holes.against_picture(map_file, picture))
    return Report(found, as_text(found))


def _score_return(settings: Settings, start: str | None, end: str | None) -> Report:
    """Maps of a period against what rotated on."""
    from pipeline.scores import return_skill

    if start is None or end is None:
        raise BadRequest("--return scores the days of a period; give --start and --end.")
    skill = return_skill.return_skill(settings, parse_utc(start), parse_utc(end), progress)
    return Report(return_skill.as_json(skill), return_skill.as_text(skill))
