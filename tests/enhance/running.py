"""Networks of the tests, opened on the CPU."""

from pathlib import Path
from typing import Any

from networks import write_network

from pipeline.enhance import Engine, Runtime, read_network


def opened(weights: Path, kind: str, *, pixels: int | None = None, **changes: Any) -> Engine:
    """A network of :data:`networks.KINDS`, which may compute *pixels* input pixels at a time."""
    network = read_network(write_network(weights, kind, **changes))
    engine = Runtime(("cpu",)).open(network)
    if pixels:
        memory = round(pixels * engine.bytes_per_pixel)
        engine = Runtime(("cpu",), memory=memory).open(network)
    return engine
