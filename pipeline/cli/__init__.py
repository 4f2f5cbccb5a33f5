"""The command line: words in, one room's work, a summary out."""

import typer

from pipeline.cli import configuration, files, networks, products, service

app = typer.Typer(
    help="The magnetic field of the whole Sun, every hour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(products.app)
app.add_typer(service.app)
app.add_typer(files.app)
app.add_typer(networks.enhance_app, name="enhance")
app.add_typer(networks.models_app, name="models")
app.add_typer(configuration.app, name="config")
