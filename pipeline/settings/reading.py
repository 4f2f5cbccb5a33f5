"""Where settings come from, how mistakes in them are answered, and how they are shown.

Knows: the file, the environment and their order. Refuses to know: what any setting means.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from pipeline.core import BadFile, BadRequest
from pipeline.settings.root import PREFIX, Settings

SYSTEM_FILE = Path("/etc/allsun/allsun.toml")
# Not settings: the name of the file, and what Kubernetes tells every pod of a service allsun.
OTHERS = re.compile(rf"{PREFIX}(CONFIG|SERVICE_(HOST|PORT)\w*|PORT(_\d+\w*)?)")


def load(
    path: Path | None = None, *, data: Path | None = None, mirror: str | None = None
) -> Settings:
    """Read the settings; *data* and *mirror* are command-line options and win.

    Raises
    ------
    BadFile : the file is missing or not TOML.
    BadRequest : a key is unknown (the nearest valid one is named) or a value is refused.
    """
    named = path or _named_in_environment()
    origin = named or SYSTEM_FILE
    values = _read_toml(origin) if named or SYSTEM_FILE.exists() else {}
    valid = list(_fields(Settings))
    for key in _leaves(values):
        _require_known(key, valid, f"{origin}")
    for name in os.environ:
        if name.startswith(PREFIX) and not OTHERS.fullmatch(name):
            key = name.removeprefix(PREFIX).lower().replace("__", ".")
            _require_known(key, valid, f"the environment ({name})")
    try:
        settings = Settings(**values)
    except ValidationError as errors:
        error = errors.errors()[0]
        where = ".".join(str(part) for part in error["loc"])
        why = error["msg"].removeprefix("Value error, ")
        raise BadRequest(
            f"Setting {where} cannot be {error['input']!r} ({why}); "
            f"correct it in {f'{origin} or ' if values else ''}the environment."
        ) from None
    except SettingsError as error:
        raise BadRequest(
            f"The environment cannot be used ({error}); set one key at a time, as in "
            'ALLSUN_SURFACE__GRID=720x360, and write lists like \'["one", "two"]\'.'
        ) from None
    archives = settings.archives.model_copy(update={"mirror": mirror} if mirror else {})
    return settings.model_copy(update={"archives": archives} | ({"data": data} if data else {}))


def as_toml(settings: Settings) -> str:
    """The settings as a TOML file with every field explained."""
    values = settings.model_dump(mode="json")
    lines: list[str] = []
    for name, field in Settings.model_fields.items():
        value = values[name]
        lines += [_comment(field.description)]
        if not isinstance(value, Mapping):
            lines += [f"{name} = {json.dumps(value)}", ""]
            continue
        lines += [f"[{name}]"]
        for key, inner in type(getattr(settings, name)).model_fields.items():
            lines += [_comment(inner.description)]
            unset = value[key] is None
            lines += [f"# {key} =" if unset else f"{key} = {json.dumps(value[key])}"]
        lines += [""]
    return "\n".join(lines)


def _comment(description: str | None) -> str:
    return textwrap.indent(description or "", "# ")


def _named_in_environment() -> Path | None:
    name = os.environ.get(f"{PREFIX}CONFIG")
    return Path(name) if name else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # also a number too long, tables too deep
        raise BadFile(path, f"it is not TOML ({error})", "correct it there") from None
    except OSError as error:
        raise BadFile(
            path, f"the settings cannot be read ({error.strerror})", "check --config"
        ) from None


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted names of all sections and settings."""
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{prefix}{name}.")


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")


def _require_known(key: str, valid: Sequence[str], origin: str) -> None:
    if key not in valid:
        nearest = difflib.get_close_matches(key, valid, n=1, cutoff=0.0)[0]
        raise BadRequest(f"Unknown setting {key!r} in {origin}; did you mean {nearest!r}?")
