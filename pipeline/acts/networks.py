"""The networks that the settings choose, each opened once as long as the settings stay."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from threading import Lock

from pipeline import enhance
from pipeline.core import BadFile, BadRequest, SolarImage
from pipeline.enhance import WEIGHTS, Engine, Network, Runtime, find
from pipeline.settings import Provider, Settings

GIB = 1 << 30


def engine(name: str, settings: Settings) -> Engine:
    """What runs the network called *name*.

    Raises
    ------
    BadRequest : none is installed under that name.
    BadNetwork : its files are not what its card says, or no provider computes it rightly.
    """
    return runtime(settings).open(network(name, settings))


def network(name: str, settings: Settings) -> Network:
    """The installed network called *name*.

    Raises
    ------
    BadRequest : none is installed under that name.
    BadNetwork : it has a bad card.
    """
    return find(folder(settings), name)


def folder(settings: Settings) -> Path:
    """Where the weights lie."""
    return settings.enhance.weights or WEIGHTS


def runtime(settings: Settings, provider: Provider | None = None) -> Runtime:
    """What opens networks as the settings say, or on one *provider* alone.

    What was opened by other settings is closed, for it may hold gigabytes.
    """
    providers = (provider,) if provider else settings.enhance.providers
    memory = int(settings.enhance.memory * GIB)
    chosen = providers, settings.data / "cache" / "engines", memory
    wanted = *chosen, folder(settings), settings.enhance.networks
    with _changing:
        for other in _runtimes.keys() - {wanted}:
            _runtimes.pop(other).close()
        if wanted not in _runtimes:
            _runtimes[wanted] = Runtime(*chosen)
        return _runtimes[wanted]


_changing = Lock()
_runtimes: dict[Hashable, Runtime] = {}  # one at most


def ready(settings: Settings, lost: list[str]) -> list[Engine]:
    """The networks that can run, in the order of the settings; why others cannot is *lost*."""
    opener, engines = runtime(settings), list[Engine]()
    for name in settings.enhance.networks:
        try:
            engines.append(opener.open(network(name, settings)))
        except (BadFile, BadRequest) as error:
            lost.append(str(error))
    return engines


def enhanced(image: SolarImage, engines: Iterable[Engine], lost: list[str]) -> SolarImage:
    """The image after every network that suits it; where one fails, as it was before."""
    for engine in engines:
        if enhance.suits(engine.card, image):
            try:
                image = enhance.enhance([image], engine)
            except (BadFile, BadRequest) as error:
                lost.append(str(error))
    return image
