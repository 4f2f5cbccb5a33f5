"""Commands that show and check the settings."""

from __future__ import annotations

import typer

from pipeline import settings as configuration
from pipeline.settings import Settings
from pipeline.terminal import Report, command

app = typer.Typer(help="Show or check the settings.", no_args_is_help=True)


@command(app)
def show(settings: Settings) -> Report:
    """Print the settings in force, each explained; a valid settings file."""
    return Report(settings.model_dump(mode="json"), configuration.as_toml(settings))


@command(app)
def check(settings: Settings) -> Report:
    """Check the settings file and the environment."""
    return Report({"valid": True, "digest": settings.digest()}, "The settings are valid.")
