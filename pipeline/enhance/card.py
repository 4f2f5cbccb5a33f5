"""The card of a network: everything the runtime must know that its graph does not say.

Knows the schema of ``card.json``. Refuses to know how weights are made or run.

The graph (ONNX) takes one tensor ``x``, float32 [1, C, H, W], its channels those of
:attr:`Card.inputs` in order, and returns float32 ``mean`` [1, 1, f·H, f·W] in units of
:attr:`Output.scale` gauss, f being :attr:`Output.factor`; with it, if
:attr:`Output.uncertainty` says so, ``log_variance`` (natural, of *mean* in its own units)
or ``samples`` [1, S, f·H, f·W]. H and W are any multiples of :attr:`Card.stride`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from pipeline.core import BadFile, Quantity

CARD = "card.json"
LARGEST_SIDE = 8192  # px; twice the largest frame of any instrument
_MODEL = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Plain = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
Positive = Annotated[float, Field(gt=0)]


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError("a range begins with its smaller end")
    return ends


Range = Annotated[tuple[float, float], AfterValidator(_rising)]


class Channel(BaseModel):
    """One input channel: clip(value) -> transform -> (… - offset) / scale."""

    model_config = _MODEL

    name: Plain
    kind: Literal["field", "intensity", "prior", "sigma", "leading", "noise", "radius", "mask"]
    """field: B_los in G. intensity: EUV in DN/s. prior: B_los in G that a map promises, which
    helps and is never answered for by itself. sigma: standard error of the channel named *of*,
    G. leading: polarity that leads in regions by Hale's law, -1 to 1. noise: the frame's noise
    level in G, the same in every pixel. radius: distance from the disk's centre in solar radii.
    mask: 1 where the channel named *of* holds a value; without a name, where an answer will
    mean something: where anything is measured, and all that no other mask tells of."""
    wavelength: int | None = None
    """Å, of an intensity; 193 and 195 are one channel, 193."""
    of: Plain | None = None
    """The channel whose pixels a mask or a sigma tells of; none means all that are measured."""
    normalise: Literal["none", "disk median"] = "none"
    """disk median: scaled so that the median within .98 of the radius is 100."""
    clip: Range | None = None
    transform: Literal["linear", "log10"] = "linear"
    offset: float = 0.0
    scale: Positive = 1.0
    trained: Range | None = None
    """Smallest and largest value seen in training, before clip and transform."""

    @property
    def measured(self) -> bool:
        """Whether an instrument measured it, as opposed to priors, geometry and masks."""
        return self.kind in ("field", "intensity")

    @property
    def pictured(self) -> bool:
        """Whether an image fills it."""
        return self.measured or self.kind == "prior"


class Grid(BaseModel):
    """The pixels that the network works on."""

    model_config = _MODEL

    pixel_scale: Annotated[tuple[Positive, Positive], AfterValidator(_rising)] | None = None
    """Smallest and largest pixel taken as it is, arcsec at 1 AU; an image beyond is resampled
    to the nearer of the two. None takes any."""
    radius: Positive | None = None
    """Radius of the disk in pixels, instead of a pixel scale, with the disk in the middle of a
    square frame of *side*."""
    side: Annotated[int, Field(gt=0, le=LARGEST_SIDE)] | None = None
    north_up: bool = False
    """Whether the image is turned to solar north first."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.radius is None) != (self.side is None) or (self.radius and self.pixel_scale):
            raise ValueError("give pixel_scale, or radius and side, or none of them")
        return self


class Output(BaseModel):
    """What comes out."""

    model_config = _MODEL

    quantity: Literal[Quantity.B_LOS, Quantity.B_R]
    scale: Positive = 1.0
    """Gauss per unit of the graph's output."""
    factor: Literal[1, 2, 4] = 1
    """Output pixels per input pixel, along each axis."""
    field_scale: Plain | None = None
    """Instrument whose field scale the output has; none means that of the input."""
    uncertainty: Literal["none", "log_variance", "samples"] = "none"
    sigma_scale: Positive = 1.0
    """Factor on every sigma, fitted on validation data so that errors come out as stated."""
    error_length: Positive = 1.0
    """Over how many output pixels errors are alike, measured on validation data."""
    returns: Literal["input pixels", "network pixels"] = "input pixels"
    """Where an image that was turned or resampled ends up."""


class Metric(BaseModel):
    """One number of the evaluation."""

    model_config = _MODEL

    name: str
    value: float
    unit: str = ""
    interval: Range | None = None
    """95 %, by bootstrap."""
    baseline: str = ""
    """The best baseline on the same test set, and its value."""
    test_set: str


class Training(BaseModel):
    """Where the weights come from."""

    model_config = _MODEL

    data: str
    period: tuple[date, date]
    held_out: str
    recipe: str
    """The recipe's name; ``allsun models train RECIPE`` makes the weights again."""
    seed: int
    software: str


class Card(BaseModel):
    """Everything to know about one version of a network."""

    model_config = _MODEL

    card_version: Literal[1] = 1
    name: Plain
    version: Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]
    task: Literal["denoise", "crosscal", "farside"]
    summary: str
    """One sentence for the table of networks."""
    instruments: Annotated[tuple[Plain, ...], Field(min_length=1)]
    """Whose images it takes."""
    inputs: Annotated[tuple[Channel, ...], Field(min_length=1)]
    grid: Grid = Grid()
    output: Output
    receptive_field: Annotated[int, Field(ge=0)]
    """How far, in input pixels, an input pixel can change an output pixel."""
    stride: Annotated[int, Field(ge=1)] = 1
    training: Training
    licence: str
    metrics: tuple[Metric, ...]
    limits: Annotated[tuple[str, ...], Field(min_length=1)]
    """What it must not be trusted with."""
    members: Annotated[tuple[Plain, ...], Field(min_length=1)] = ("model.onnx",)
    """Graphs whose outputs are averaged: one network, or an ensemble."""
    half: tuple[Plain, ...] = ()
    """The same graphs with float16 inside, for GPUs; none if there are none."""
    golden: Plain = "golden.npz"
    """Arrays ``x`` and the float32 answers to it on a CPU: ``mean`` and ``log_variance`` or
    ``samples`` of all members, stacked along a new first axis."""
    files: dict[Plain, Sha256]
    """SHA-256 of every file beside the card."""

    @property
    def label(self) -> str:
        """Name and version, as records give it."""
        return f"{self.name}/{self.version}"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        kinds = [channel.kind for channel in self.inputs]
        names = {channel.name for channel in self.inputs if channel.pictured}
        if not any(channel.measured for channel in self.inputs):
            raise ValueError("no input channel is measured")
        if len({channel.name for channel in self.inputs}) < len(self.inputs):
            raise ValueError("two input channels have one name")
        if "mask" not in kinds:
            raise ValueError("no mask channel: the network could not tell a gap from a zero")
        if strangers := {c.of for c in self.inputs if c.of} - names:
            raise ValueError(f"a mask tells of {', '.join(sorted(strangers))}, which is no input")
        if any(channel.kind == "sigma" and not channel.of for channel in self.inputs):
            raise ValueError("a sigma does not say of which channel")
        if self.half and len(self.half) != len(self.members):
            raise ValueError("half names other graphs than members")
        if missing := {*self.members, *self.half, self.golden} - set(self.files):
            raise ValueError(f"files gives no hash of {', '.join(sorted(missing))}")
        return self


def read_card(folder: Path) -> Card:
    """The card in *folder*.

    Raises
    ------
    BadFile : there is none, or it does not keep to the schema.
    """
    path = folder / CARD
    remedy = "install the weights again or export them anew"
    try:
        return Card.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadFile(path, f"the card cannot be read ({error.strerror})", remedy) from None
    except ValidationError as errors:
        first = errors.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the card"
        raise BadFile(path, f"{where}: {first['msg']}", remedy) from None
