"""What an operator can set, where it is read from, and how mistakes are answered.

Settings come, later ones winning, from the defaults below, one TOML file
(``--config``, else ``$ALLSUN_CONFIG``, else ``/etc/allsun/allsun.toml`` if it exists),
the environment (``ALLSUN_SECTION__KEY``) and command-line options.

Where do I find …
    a section and its fields?                       ``sections``
    what a value may be, and how it is written?     ``values``
    all of them together, and their digest?         ``root``
    files, environment and answers to mistakes?     ``reading``
"""

from pipeline.settings.reading import SYSTEM_FILE, as_toml, load
from pipeline.settings.root import PREFIX, Settings
from pipeline.settings.sections import (
    ArchiveSettings,
    CoronaSettings,
    CycleSettings,
    EnhanceSettings,
    PublisherSettings,
    QualitySettings,
    RetentionSettings,
    ServiceSettings,
    SurfaceSettings,
)
from pipeline.settings.values import CheckName, Provider, grid, parse_duration, write_duration

__all__ = [
    "PREFIX",
    "SYSTEM_FILE",
    "ArchiveSettings",
    "CheckName",
    "CoronaSettings",
    "CycleSettings",
    "EnhanceSettings",
    "Provider",
    "PublisherSettings",
    "QualitySettings",
    "RetentionSettings",
    "ServiceSettings",
    "Settings",
    "SurfaceSettings",
    "as_toml",
    "grid",
    "load",
    "parse_duration",
    "write_duration",
]
