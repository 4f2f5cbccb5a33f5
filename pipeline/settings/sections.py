"""The sections of the settings: every field with its default and its reason.

Knows: what an operator can set. Refuses to know: where it is read from.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from pipeline.settings.values import (
    MODEL,
    CheckName,
    Database,
    Duration,
    GridName,
    Name,
    ObserverName,
    Provider,
    Share,
)


class ArchiveSettings(BaseModel):
    """Where observations are fetched from."""

    model_config = MODEL

    mirror: Name | None = None
    """Web address or folder that holds HOST/PATH for every archive; none asks the archives."""
    ledger: Database | None = None
    """Database (SQLAlchemy URL) of what was fetched; none keeps a SQLite file with the data."""


class CycleSettings(BaseModel):
    """What one cycle uses."""

    model_config = MODEL

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

    model_config = MODEL

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

    model_config = MODEL

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

    model_config = MODEL

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
    """Largest net flux that the observations of an hour bring, as a part of the unsigned flux. With
    daily frames of HMI from January to April 2014 it stayed below 0.03; a zero point off by 5 G in
    one frame makes 0.21."""
    unsigned_flux_jump: Annotated[float, Field(gt=0.0)] = 0.15
    """Largest change of the unsigned flux that one cycle's observations may make, as a part.
    With those frames, one to three days apart, it was 0.03 to 0.12 after four weeks."""
    frame_flux: Annotated[float, Field(gt=1.0)] = 2.2
    """Largest factor between a frame and the map that awaited it, in mean unsigned field within
    60 degrees of disk centre; with those frames it was 1.1 to 1.6."""
    frame_scale: Annotated[float, Field(gt=1.0)] = 1.3
    """Largest factor between a frame and the map that awaited it, in the spread of the quiet Sun.
    With those frames it stayed below 1.1, with frames of GONG simulated from them below 1.2; half
    the field makes 1.9, 1.5 times the field 1.5, noise of 50 G a pixel 2.0."""
    polar_field: Annotated[float, Field(gt=0.0)] = 15.0
    """Largest mean field poleward of 60 degrees, in gauss; three times that of GONG's synoptic
    maps of 2006 and 2007 (4.5)."""
    seam: Annotated[float, Field(gt=1.0)] = 1.3
    """Largest median step between sources, as a multiple of the steps beside it; with those
    frames it was 0.67 to 1.01."""
    hmi_gong_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.6
    """Smallest correlation of HMI and GONG over blocks of two degrees; of simulated instruments,
    whose errors are known, 0.84 to 0.99."""
    hmi_gong_scale: Annotated[float, Field(gt=1.0)] = 1.3
    """Largest factor between the strengths of HMI and GONG, which is put on HMI's scale; of
    simulated instruments up to 1.14, which a factor of 1.5 in one makes 1.32 or more."""
    far_side_flux: Annotated[float, Field(gt=1.0)] = 2.0
    """Largest factor between the mean unsigned fields of the far and the near side; with those
    frames it stayed below 1.74 after four weeks."""
    observed_share: Share = 0.1
    """Smallest part of the sphere that rests on magnetograms; with those frames, of one instrument,
    it was 0.28 to 0.36."""
    unseen_share: Share = 0.2
    """Largest part within 60 degrees of the equator not seen for a rotation, or never; with those
    frames it stayed below 0.06 after four weeks."""


class CoronaSettings(BaseModel):
    """The potential-field corona."""

    model_config = MODEL

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

    model_config = MODEL

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


class PublisherSettings(BaseModel):
    """Who answers for the products; every file says so."""

    model_config = MODEL

    institution: Name = "allsun"
    """Name of the centre."""
    url: Annotated[str, Field(pattern="^https?://[^ ]+$")] | None = None
    """Its web page."""
    email: Annotated[str, Field(pattern="^[^@ ]+@[^@ ]+$")] | None = None
    """Where users of the products may write to."""


class RetentionSettings(BaseModel):
    """What is deleted, and when. The newest set never is."""

    model_config = MODEL

    products: Duration = timedelta(days=3650)
    """Age of valid times whose products are deleted; a year of hourly sets takes 34 GB."""
    superseded: Duration = timedelta(days=30)
    """Age of valid times of which only the newest revision stays."""
    cache: Duration = timedelta(days=45)
    """Age of fetched files that are deleted, and with them what the ledger knows of them; longer
    than `cycle.history` asks none twice."""
