"""What a recipe says: everything that decides a network's weights, in one TOML file.

Knows the schema, and answers mistakes in a sentence. Refuses to know torch: a recipe can
be read wherever the pipeline can.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.core import BadFile, BadRequest, Quantity
from pipeline.enhance.card import Channel, Grid, Plain, Positive, Range

RECIPES = Path(__file__).parent / "recipes"
_MODEL = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

TAKEN = ("field", "intensity", "prior")  # kinds of a first channel

Count = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Network(BaseModel):
    """An architecture of :mod:`models.nets`; its own options follow as further keys."""

    model_config = _MODEL | {"extra": "allow"}

    kind: str
    """Name in ``models.nets.TRUNKS``."""
    base: float = 1.0
    """The answer is a correction added, in float32, to the first input channel times this: 1
    for a denoiser, one over the instrument's scale for a cross-calibration; 0 for a network
    that gives the field itself."""

    @property
    def options(self) -> dict[str, Any]:
        """The architecture's own keys."""
        return dict(self.model_extra or {})


class Output(BaseModel):
    """What the network gives."""

    model_config = _MODEL

    scale: Positive = 1000.0
    """Gauss per unit."""
    factor: Literal[1, 2, 4] = 1
    """Output pixels per input pixel, along each axis."""
    uncertainty: Literal["none", "log_variance"] = "none"
    returns: Literal["input pixels", "network pixels"] = "input pixels"


class Split(BaseModel):
    """What is never trained on: regions ("sharp-377"), months ("2014-04"), and months of every
    year ("--03"); a data set that trains on one of them is refused.
    """

    model_config = _MODEL

    validation: frozenset[str] = frozenset({"sharp-13866", "2014-03"})
    """Choices are made on these."""
    test: frozenset[str] = frozenset({"sharp-377", "sharp-13777", "2014-04"})
    """The final table is made on these, and nothing else is."""


class Data(BaseModel):
    """Where truth comes from, and how pieces are drawn from it."""

    model_config = _MODEL

    sets: tuple[str, ...] = ()
    """Data sets of ``models.data.datasets`` that hold the scenes."""
    sources: dict[str, Positive]
    """Sources of scenes, as their regions' names begin, and their shares of the pieces."""
    archives: str = ""
    """The data set that takes their place when a period of the archives is named."""
    patch: Count = 64
    """Side of a piece, in input pixels."""
    batch: Count = 16
    """Pieces per step, over all processes."""
    pixel: Positive | None = None
    """Arcsec at 1 AU to which truths are resampled first; none leaves them as they are."""
    split: Split = Split()


class Views(BaseModel):
    """How pieces are varied beyond flips; see ``models.data.views.Views`` for the keys."""

    model_config = _MODEL

    turned: Share = 0.0
    zoom: NotNegative = 0.22
    slant: Annotated[float, Field(gt=0, le=1)] = 0.5
    strength: NotNegative = 0.0
    pedestal: NotNegative = 0.0
    anywhere: Share = 0.0


class Denoising(BaseModel):
    """Noise is added to the truth; see ``models.data.Denoising`` for the keys."""

    model_config = _MODEL

    kind: Literal["denoising", "noise2noise"]
    """What the answer is compared with: the truth, or the truth with noise of its own
    (Noise2Noise, Lehtinen et al. 2018)."""
    sigma: Range
    kernel: Range = (0.0, 0.0)
    own: NotNegative = 0.0
    paired: Positive = 10.2
    views: Views = Views()


class SuperResolution(BaseModel):
    """The truth as a coarser telescope sees it; see ``models.data.SuperResolution``."""

    model_config = _MODEL

    kind: Literal["super-resolution"]
    fwhm: Range
    gain: Range
    sigma: Range
    kernel: Range = (0.0, 0.0)
    views: Views = Views()


class Farside(BaseModel):
    """EUV pictures in, the field out; see ``models.data.imager.Imaging`` for the keys."""

    model_config = _MODEL

    kind: Literal["farside"]
    channels: dict[str, Positive]
    prior: Share = 0.0
    spoilt: Share = 0.0
    doubt: NotNegative = 0.0
    noise: Range = (0.0, 0.0)
    gamma: tuple[Positive, Positive] = (1.0, 1.0)
    grain: Range = (0.0, 0.0)
    busy: Share = 0.0
    mirrored: Share = 0.0
    reversed: Share = 0.0


class Losses(BaseModel):
    """Weights of the terms of :mod:`models.losses`, on values in units of ``output.scale``."""

    model_config = _MODEL

    mse: NotNegative = 0.0
    l1: NotNegative = 0.0
    huber: NotNegative = 0.0
    gradient: NotNegative = 0.0
    histogram: NotNegative = 0.0
    ssim: NotNegative = 0.0
    correlation: NotNegative = 0.0
    flux: NotNegative = 0.0
    weak_flux: NotNegative = 0.0
    likelihood: NotNegative = 0.0
    unsigned: NotNegative = 0.0
    likelihood_beta: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Not a term: the power of the stated variance by which a pixel counts in the likelihood."""
    adversarial: NotNegative = 0.0
    features: NotNegative = 0.0

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.weights:
            raise ValueError("every weight is 0")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """The terms that count."""
        terms = self.model_dump(exclude={"likelihood_beta"})
        return {name: weight for name, weight in terms.items() if weight}


class Training(BaseModel):
    """How the weights are found."""

    model_config = _MODEL

    steps: Count
    """Batches."""
    rate: Positive = 1e-3
    """Learning rate after the warm-up; it then falls to 0 along a cosine."""
    warm_up: Annotated[int, Field(ge=0)] = 200
    """Steps over which the rate rises from 0."""
    optimiser: Literal["adamw", "muon"] = "adamw"
    """Muon orthogonalises the momentum of convolutions; the rest is AdamW's all the same."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Of AdamW."""
    weight_decay: NotNegative = 0.0
    clip: Positive = 1.0
    """Largest norm of a gradient."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the moving average of the weights, which is what is exported."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What convolutions compute in; sums and answers stay float32."""
    every: Count = 250
    """Steps between checkpoints, validations and pictures."""
    validation_batches: Count = 8
    """Fixed batches that every validation sees."""


class About(BaseModel):
    """What the card says that the rest of the recipe does not; see ``pipeline.enhance.card``."""

    model_config = _MODEL

    task: Literal["denoise", "crosscal", "farside"]
    version: str
    summary: str
    instruments: tuple[Plain, ...]
    quantity: Literal[Quantity.B_LOS, Quantity.B_R] = Quantity.B_LOS
    field_scale: Plain | None = None
    grid: Grid = Grid()
    licence: str = "Apache-2.0"
    data: str
    """What the weights have seen."""
    period: tuple[date, date]
    limits: tuple[str, ...]


class Recipe(BaseModel):
    """How one network is made."""

    model_config = _MODEL

    name: Plain
    seed: Annotated[int, Field(ge=0)] = 0
    about: About
    inputs: tuple[Channel, ...]
    """Channels of ``x``, named as the planes of ``models.data``: what is measured first, the mask
    last; the network's base is the first of them."""
    output: Output = Output()
    network: Network
    data: Data
    degradation: Annotated[Denoising | SuperResolution | Farside, Field(discriminator="kind")]
    losses: Losses
    training: Training

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        kinds = [channel.kind for channel in self.inputs]
        if len(kinds) < 2 or kinds[0] not in TAKEN or kinds[-1] != "mask":
            raise ValueError("inputs begin with what is measured and end with the mask")
        told = self.losses.likelihood or self.losses.unsigned
        if told and self.output.uncertainty == "none":
            raise ValueError('the likelihood needs output.uncertainty = "log_variance"')
        if not isinstance(self.degradation, SuperResolution) and self.output.factor != 1:
            raise ValueError("only super-resolution makes pixels finer: output.factor is 1")
        if isinstance(self.degradation, Farside):
            return self
        if any(c.transform != "linear" or c.offset or c.normalise != "none" for c in self.inputs):
            raise ValueError("inputs are divided by their scale, and nothing else")
        if any(c.scale != 1 for c in self.inputs if c.kind in ("radius", "mask")):
            raise ValueError("radius and mask have no scale")
        if any(c.scale != self.output.scale for c in self.inputs if c.kind in ("field", "noise")):
            raise ValueError("gauss have one scale, that of the output, in all inputs")
        return self


def read(path: Path) -> Recipe:
    """The recipe in a TOML file.

    Raises
    ------
    BadFile : it cannot be read, is not TOML, or a key is unknown, missing or refused.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(path, f"it cannot be read ({error.strerror})", "name a recipe") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(path, f"it is not TOML ({error})", "correct it there") from None
    try:
        return Recipe.model_validate(values)
    except ValidationError as errors:
        first = errors.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the recipe"
        why = first["msg"].removeprefix("Value error, ")
        raise BadFile(path, f"{where}: {why}", "correct it there") from None


def find(name: str) -> Path:
    """The file of a recipe given by its path, or by its name in ``models/recipes``.

    Raises
    ------
    BadRequest : there is none.
    """
    if name.endswith(".toml"):
        return Path(name)
    path = RECIPES / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml"))) or "none"
        raise BadRequest(f"There is no recipe {name!r}; known are {known}, or name a .toml file.")
    return path
