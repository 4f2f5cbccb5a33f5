"""Commands that keep the map going: the daemon, the past, and a look at what may be wrong."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline import settings as configuration
from pipeline.cli.asked import duration, valid_time
from pipeline.core import BadRequest
from pipeline.settings import Settings
from pipeline.terminal import Report, as_table, as_text, command, progress

app = typer.Typer()


@command(app)
def run(settings: Settings, context: typer.Context) -> Report:
    """Make a map every hour until told to stop, and serve it; log lines go to standard error."""
    from pipeline.service import daemon

    asked = context.params

    def reload() -> Settings:
        return configuration.load(asked["config"], data=asked["data"], mirror=asked["archive"])

    daemon.run(settings, reload)
    return Report({}, "")


@command(app)
def backfill(
    settings: Settings,
    start: Annotated[str, typer.Argument(metavar="START", help="First valid time, UTC.")],
    end: Annotated[str, typer.Argument(metavar="END", help="Last valid time, UTC.")],
    every: Annotated[str, typer.Option(help="From one map to the next, e.g. 1h or 1d.")] = "6h",
    spinup: Annotated[
        str | None, typer.Option(help="Begin the first map this long before, e.g. 28d.")
    ] = None,
) -> Report:
    """Make the maps of a past period, each from the one before; begun again, it goes on."""
    from pipeline.backfill import run_backfill

    first, last, step = valid_time(start), valid_time(end), duration(every)
    if step is None or last < first:
        raise BadRequest(f"{start} to {end} is no period; give the earlier time first.")
    done = run_backfill(
        first, last, step, settings, duration(spinup),
        lambda times: progress(times, "Reprocessing"),
    )  # fmt: skip
    summary: dict[str, Any] = {
        "start": f"{first:%FT%RZ}",
        "end": f"{last:%FT%RZ}",
        "published": len(done.published),
        "there_already": len(done.unchanged),
        "failed": [f"{time:%FT%RZ}: {why}" for time, why in done.failed.items()],
        "seconds_per_map": done.seconds / max(len(done.published), 1),
        "products": str(settings.data / "products"),
    }
    return Report(summary, as_text(summary), not done.failed)


@command(app)
def doctor(
    settings: Settings,
) -> Report:
    """Look at all that a cycle needs: software, disk, settings, archives, networks."""
    from pipeline.doctor import examine

    rows = [
        {"check": f.check, "verdict": "ok" if f.good else "problem", "found": f.found}
        for f in progress(examine(settings), "Looking")
    ]
    good = all(row["verdict"] == "ok" for row in rows)
    return Report({"healthy": good, "checks": rows}, as_table(rows, "nothing to look at"), good)
