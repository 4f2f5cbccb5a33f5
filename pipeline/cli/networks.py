"""Commands that run networks on a user's own files, and that look after the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.asked import Output
from pipeline.core import BadRequest
from pipeline.settings import Provider, Settings
from pipeline.terminal import Report, as_table, as_text, command

enhance_app = typer.Typer(help="Run a network on images.", no_args_is_help=True)
models_app = typer.Typer(help="Look after the networks.", no_args_is_help=True)

TASKS = {
    "denoise": "Take the noise out of a magnetogram.",
    "crosscal": "Bring a magnetogram to the scale and the resolution of HMI.",
    "farside": "Make a magnetogram from extreme-ultraviolet images, one for each wavelength.",
}

Images = Annotated[list[Path], typer.Argument(metavar="IN", help="Observations (FITS).")]
Sigma = Annotated[
    Path | None, typer.Option(dir_okay=False, help="File to write the standard errors to.")
]
Named = Annotated[
    str | None, typer.Option(help="NAME or NAME/VERSION; by default the newest that suits.")
]
By = Annotated[
    Provider | None, typer.Option(help="What computes, alone; by default as in the settings.")
]
Tile = Annotated[
    int | None, typer.Option(min=1, help="Longest side in pixels of what is computed at a time.")
]


def _stage(task: str, purpose: str) -> Callable[..., Report]:
    """The command that runs networks of one *task*."""

    def stage(
        settings: Settings,
        images: Images,
        output: Output,
        sigma: Sigma = None,
        network: Named = None,
        provider: By = None,
        tile: Tile = None,
    ) -> Report:
        from pipeline import publish, stages

        _require_own([output, *([sigma] if sigma else [])], images)
        with Console(stderr=True).status("Computing"):
            result = stages.enhance(images, task, settings, network, provider, tile)
        if sigma:  # first, for there may be none
            publish.write_sigma(sigma, result)
        publish.write_image(output, result)
        files = {"output": str(output)} | ({"sigma": str(sigma)} if sigma else {})
        summary = files | stages.describe_enhanced(result)
        return Report(summary, as_text(summary))

    stage.__doc__ = purpose
    return stage


def _require_own(written: Sequence[Path], read: Sequence[Path]) -> None:
    """Refuse to write over what is read, or twice to one file."""
    taken = [path.resolve() for path in (*written, *read)]
    for path in written:
        if taken.count(path.resolve()) > 1:
            raise BadRequest(f"{path} would be written over; give another file to write to.")


for task, purpose in TASKS.items():
    command(enhance_app, task)(_stage(task, purpose))


@command(models_app, "list")
def installed(settings: Settings) -> Report:
    """List the networks that are installed, and which the cycle uses."""
    from pipeline import weights

    rows = weights.described(settings)
    return Report({"networks": rows}, as_table(rows, "no network is installed"))


@command(models_app)
def verify(
    settings: Settings,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="By default all.")
    ] = None,
) -> Report:
    """Check weights: hashes, cards, graphs, and their answers on every provider present."""
    from pipeline import weights

    with Console(stderr=True).status("Verifying"):
        rows = weights.verified(names or (), settings)
    good = all(row["verdict"] == "good" for row in rows)
    return Report({"networks": rows}, as_table(rows, "no network is installed"), good)


@command(models_app)
def build(settings: Settings) -> Report:
    """Build ahead what the providers need for the networks of the cycle."""
    from pipeline import weights

    with Console(stderr=True).status("Building"):
        rows = weights.built(settings)
    good = all(row["verdict"] in weights.READY for row in rows)
    return Report({"networks": rows}, as_table(rows, "the settings name no network"), good)


@command(models_app)
def bench(
    settings: Settings,
    side: Annotated[int | None, typer.Option(min=64, help="Pixels along a side.")] = None,
) -> Report:
    """Time every network on every provider present, a whole disk at a time."""
    from pipeline import weights

    with Console(stderr=True).status("Measuring"):
        rows = list(weights.timed(settings, side))
    good = not any("failed" in row for row in rows)
    return Report({"networks": rows}, as_table(rows, "no network is installed"), good)


# The workshop adds its commands where it is installed; this room does not know which.
for workshop in entry_points(group="allsun.models"):
    models_app.add_typer(workshop.load())
