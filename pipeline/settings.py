"""What an operator can set, where it is read from, and how mistakes are answered.

Settings come, later ones winning, from the defaults below, one TOML file
(``--config``, else ``$ALLSUN_CONFIG``, else ``/etc/allsun/allsun.toml`` if it exists),
the environment (``ALLSUN_SECTION__KEY``) and command-line options.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from pipeline.core import BadFile, BadRequest, CarringtonGrid

SYSTEM_FILE = Path("/etc/allsun/allsun.toml")
PREFIX = "ALLSUN_"
# Not settings: the name of the file, and what Kubernetes tells every pod of a service allsun.
OTHERS = re.compile(rf"{PREFIX}(CONFIG|SERVICE_(HOST|PORT)\w*|PORT(_\d+\w*)?)")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=36525)  # a century; there have been magnetograms for half of one


def parse_duration(text: object) -> timedelta:
    """Read ``90m``, ``36h`` or ``28d``.

    Raises
    ------
    ValueError : anything else (a sentence that says so).
    """
    if isinstance(text, timedelta):
        return text
    number, unit = str(text)[:-1], str(text)[-1:]
    try:
        duration = timedelta(**{UNITS[unit]: float(number)})
    except (KeyError, ValueError, OverflowError):
        duration = timedelta()
    if not timedelta() < duration <= LONGEST:
        raise ValueError("a duration is a positive number and a unit, like 90m, 36h or 28d")
    return duration


def write_duration(duration: timedelta) -> str:
    """The shortest form that :func:`parse_duration` reads back."""
    minutes = duration.total_seconds() / 60
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes / length:.15g}{unit}"
    return f"{minutes:.15g}m"


def without_password(url: str) -> str:
    """The *url* of a database as it may be shown."""
    return re.sub(r"(://[^/@:]*:).*@|(password=)[^&]*", _masked, url)


def _masked(secret: re.Match[str]) -> str:
    return f"{secret[1]}***@" if secret[1] else f"{secret[2]}***"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
Name = Annotated[str, Field(min_length=1)]
Database = Annotated[Name, PlainSerializer(without_password, when_used="json-unless-none")]
GridName = Literal["720x360", "360x180"]
Provider = Literal["tensorrt", "cuda", "cpu"]
ObserverName = Annotated[
    str,
    Field(
        pattern=r"^(earth|stereo-a|mercury|venus|mars|jupiter|saturn"
        r"|[a-z][a-z0-9-]*=-?\d+(\.\d+)?,-?[0-8]?\d(\.\d+)?,\d+(\.\d+)?)$"
    ),
]
CheckName = Literal[
    "finite",
    "field_strength",
    "net_flux",
    "unsigned_flux_jump",
    "frame_flux",
    "polar_field",
    "seam",
    "hmi_gong_correlation",
    "hmi_gong_scale",
    "far_side_flux",
    "observed_share",
    "newest_age",
    "unseen_share",
]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
_MODEL = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def grid(name: GridName) -> CarringtonGrid:
    """The grid that a setting such as ``720x360`` names."""
    nlon, nlat = (int(n) for n in name.split("x"))
    return CarringtonGrid(nlon, nlat)


class ArchiveSettings(BaseModel):
    """Where observations are fetched from."""

    model_config = _MODEL

    mirror: Name | None = None
    """Web address or folder that holds HOST/PATH for every archive; none asks the archives."""
    ledger: Database | None = None
    """Database (SQLAlchemy URL) of what was fetched; none keeps a SQLite file with the data."""


class CycleSettings(BaseModel):
    """What one cycle uses."""

    model_config = _MODEL

    history: Duration = timedelta(days=40)
    """Oldest previous map that is carried on; with an older one the cycle starts cold."""
    window: Duration = timedelta(hours=24)
    """Oldest observation that a cycle without previous map uses; an instrument not seen
    for longer makes the map say INSTRUMENT_ABSENT."""
    step: Duration = timedelta(hours=12)
    """Of a period longer than the window, one observation in each such step is used."""
    stale: Duration = timedelta(hours=6)
    """Age of the newest magnetogram beyond which the map says STALE_INPUT, and oldest GONG
    frame that is worth fetching."""
    first_guess: Duration = timedelta(days=3)
    """Oldest GONG synoptic map that a cold start begins from."""
    begin_from: Path | None = None
    """Map that a cold start begins from instead: a file of ADAPT (the mean of its realisations),
    HMI's daily synchronic frame, or GONG's or a user's map of the whole Sun."""
    seismic: Duration = timedelta(days=3)
    """Oldest seismic map or list of the far side whose regions are added to the map."""


class EnhanceSettings(BaseModel):
    """Neural networks applied to the images."""

    model_config = _MODEL

    networks: tuple[Name, ...] = ("hmi-denoise", "gong-to-hmi", "mdi-to-hmi", "euv-to-mag")
    """Networks to run on the images they suit, in this order, as NAME (its newest version) or
    NAME/VERSION; empty turns enhancement off. `allsun models list` shows what is installed."""
    providers: Literal["auto"] | Annotated[tuple[Provider, ...], Field(min_length=1)] = "auto"
    """What computes, the next one taking over where one fails; auto is tensorrt, cuda, cpu."""
    memory: Annotated[float, Field(ge=0.25)] = 4.0
    """Memory for a network's intermediate results in GiB; beyond it the image goes through in
    tiles. 4 leaves room for the rest of a cycle in 6 GiB."""
    weights: Path | None = None
    """Folder of NAME/VERSION/card.json; none takes the weights that came with the software."""


class SurfaceSettings(BaseModel):
    """The map."""

    model_config = _MODEL

    grid: GridName = "720x360"
    """Cells in Carrington longitude by sine latitude."""
    members: Annotated[int, Field(ge=1, le=200)] = 12
    """Maps carried side by side, each by its own flow; the product is their mean."""
    flow: Literal["hmi", "hipft", "howard", "snodgrass"] = "hmi"
    """Law by which flux is carried: hmi was measured on HMI frames of 2013 and 2014, the others
    are published. Members differ from it."""


class QualitySettings(BaseModel):
    """What a map is held to before it is published; also `cycle.stale`, for its newest frame.

    How near real maps come to the limits, and which faults they find: `ops/check_limits.py`.
    """

    model_config = _MODEL

    critical: tuple[CheckName, ...] = (
        "finite",
        "field_strength",
        "unsigned_flux_jump",
        "frame_flux",
        "polar_field",
    )
    """Checks whose failure keeps the map back: the earlier one, carried to now without the new
    observations, is published in its place. Other failures are a flag and a note."""
    patience: Duration = timedelta(hours=24)
    """Without an accepted observation for longer than this, maps that fail are published, marked:
    rather than all frames of a day, the map that they are held against is wrong."""
    field_strength: Annotated[float, Field(gt=0.0)] = 4000.0
    """Largest field of a cell, in gauss; that of the darkest umbrae, which are smaller."""
    net_flux: Share = 0.05
    """Largest net flux, as a part of the unsigned flux. With daily frames of HMI from January to
    April 2014 it stayed below 0.03; a zero point off by 5 G in one frame makes 0.11."""
    unsigned_flux_jump: Annotated[float, Field(gt=0.0)] = 0.15
    """Largest change of the unsigned flux that one cycle's observations may make, as a part.
    With those frames, a day apart, it stayed below 0.12 after four weeks."""
    frame_flux: Annotated[float, Field(gt=1.0)] = 2.2
    """Largest factor between a frame and the map that awaited it, in mean unsigned field within
    60 degrees of disk centre; with those frames it was 1.2 to 2.0."""
    polar_field: Annotated[float, Field(gt=0.0)] = 15.0
    """Largest mean field poleward of 60 degrees, in gauss; three times that of GONG's synoptic
    maps of 2006 and 2007 (4.5)."""
    seam: Annotated[float, Field(gt=1.0)] = 1.5
    """Largest mean step between sources, as a multiple of the steps beside it; with those frames
    it stayed below 1.22."""
    hmi_gong_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.6
    """Smallest correlation of HMI and GONG over blocks of two degrees; of simulated instruments,
    whose errors are known, 0.84 to 0.99."""
    hmi_gong_scale: Annotated[float, Field(gt=1.0)] = 1.5
    """Largest factor between the strengths of HMI and GONG, which is put on HMI's scale; of
    simulated instruments up to 1.14."""
    far_side_flux: Annotated[float, Field(gt=1.0)] = 2.0
    """Largest factor between the mean unsigned fields of the far and the near side; with those
    frames it stayed below 1.6 after four weeks."""
    observed_share: Share = 0.1
    """Smallest part of the sphere that rests on magnetograms; with those frames, of one instrument,
    it was 0.17 to 0.27."""
    unseen_share: Share = 0.2
    """Largest part within 60 degrees of the equator not seen for a rotation, or never; with those
    frames it stayed below 0.06 after four weeks."""


class CoronaSettings(BaseModel):
    """The potential-field corona."""

    model_config = _MODEL

    grid: GridName = "360x180"
    """Cells in Carrington longitude by sine latitude; no finer than the map's."""
    source_surface_radius: Annotated[float, Field(gt=1.0, le=10.0)] = 2.5
    """Where the field is made radial, in solar radii; 2.5 by convention, 1.8 to 3.1 in use."""
    radial_cells: Annotated[int, Field(ge=2, le=192)] = 50
    """Cells between photosphere and source surface."""
    source_surface_spread: Annotated[
        tuple[Annotated[float, Field(gt=1.0, le=10.0)], ...], Field(min_length=1)
    ] = (2.0, 2.5, 3.0)
    """Source-surface radii over which probabilities are taken: each map of the ensemble takes
    the next one; without an ensemble the map takes all of them."""
    solver: Literal["eigenmodes", "pfsspy"] = "eigenmodes"
    """What computes the field: our own, or the reference, which gives the same and takes longer."""
    start_radius: Annotated[float, Field(ge=1.0, lt=10.0)] = 1.0
    """Where field lines begin and end near the Sun, in solar radii; WSA takes 1.01."""
    wind_law: Literal["schonfeld2022", "eswim", "wide-range"] = "schonfeld2022"
    """Published coefficients of the relation of expansion, coronal-hole distance and wind speed."""
    expansion: Literal["radial", "total"] = "radial"
    """Field whose expansion counts: the radial one, as in WSA, or the total one, as in pfsspy."""
    current_sheet: Annotated[float, Field(gt=1.0, le=100.0)] | None = None
    """Where Schatten's current sheet above the source surface ends, in solar radii, as WSA has it
    at 5 or 21.5; none lets the wind leave the source surface. At most 10 of its radii."""
    observers: tuple[ObserverName, ...] = ("earth", "stereo-a")
    """Who is connected to the Sun: earth, stereo-a, mercury, venus, mars, jupiter, saturn, or
    NAME=LON,LAT,AU with the degrees ahead of the Earth and the latitude, as in l5=-60,0,1.
    Spacecraft among the inputs of a map are added, where their headers say that they are."""

    @model_validator(mode="after")
    def _current_sheet_above_every_source_surface(self) -> Self:
        surfaces = (self.source_surface_radius, *self.source_surface_spread)
        if self.current_sheet and self.current_sheet <= max(surfaces):
            raise ValueError(f"current_sheet must lie above {max(surfaces):g}")
        return self


class ServiceSettings(BaseModel):
    """The daemon."""

    model_config = _MODEL

    host: Name = "127.0.0.1"
    """Address on which metrics, health, status and products are served; all can read them."""
    port: Annotated[int, Field(ge=0, le=65535)] = 9470
    """Port there; 0 takes a free one."""
    deadline: Duration = timedelta(minutes=45)
    """Longest wait after the hour for observations, of archives that are as quick as that; when
    they have arrived, the cycle begins at once."""
    horizon: Duration = timedelta(hours=12)
    """Hours that are made up for when they were missed, and made anew when an observation of
    theirs arrives late or is replaced. 6d takes in definitive HMI frames."""
    ready: Duration = timedelta(hours=2)
    """Age of the newest map up to which /readyz says yes."""
    grace: Duration = timedelta(minutes=1)
    """Time that a running cycle has to end when the daemon is told to; then it is abandoned."""


class RetentionSettings(BaseModel):
    """What is deleted, and when. The newest set never is."""

    model_config = _MODEL

    products: Duration = timedelta(days=3650)
    """Age of valid times whose products are deleted; a year of hourly sets takes 34 GB."""
    superseded: Duration = timedelta(days=30)
    """Age of valid times of which only the newest revision stays."""
    cache: Duration = timedelta(days=45)
    """Age of fetched files that are deleted; longer than `cycle.history` asks none twice."""


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    data: Path = Path("allsun-data")
    """Data directory: products, cached observations and the ledger live below it."""
    archives: ArchiveSettings = ArchiveSettings()
    """Where observations are fetched from."""
    cycle: CycleSettings = CycleSettings()
    """What one cycle uses."""
    enhance: EnhanceSettings = EnhanceSettings()
    """Neural networks applied to the images."""
    surface: SurfaceSettings = SurfaceSettings()
    """The map."""
    quality: QualitySettings = QualitySettings()
    """What a map is held to before it is published."""
    corona: CoronaSettings = CoronaSettings()
    """The potential-field corona."""
    service: ServiceSettings = ServiceSettings()
    """The daemon."""
    retention: RetentionSettings = RetentionSettings()
    """What is deleted, and when."""

    @model_validator(mode="after")
    def _corona_no_finer_than_map(self) -> Self:
        if grid(self.corona.grid).nlon > grid(self.surface.grid).nlon:
            raise BadRequest(
                f"Setting corona.grid ({self.corona.grid}) cannot be finer than surface.grid "
                f"({self.surface.grid}); set it to {self.surface.grid}."
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, whose content arrives as arguments."""
        return env_settings, init_settings

    @property
    def ledger_url(self) -> str:
        """Database of what was fetched."""
        return self.archives.ledger or f"sqlite:///{self.data.absolute()}/ledger.sqlite"

    def digest(self) -> str:
        """SHA-256 of the settings that shape products.

        Where data and weights lie and how much memory there is does not count.
        """
        sections = {"cycle", "enhance", "surface", "quality", "corona"}
        here = {"enhance": {"weights", "memory"}}
        shaping = self.model_dump(mode="json", include=sections, exclude=here)
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


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
