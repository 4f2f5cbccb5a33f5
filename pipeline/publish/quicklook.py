"""The picture a forecaster reads.

One large map of the radial field with the corona drawn over it; two small maps
say what each cell rests on and how old it is; a column of facts gives the
fluxes, the inputs and what to beware of. Categories are coloured after Okabe &
Ito (2008, https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from pipeline.core import (
    Corona,
    Evidence,
    FarSide,
    FarSideRegion,
    GlobalMap,
    Observer,
    Source,
    earth,
)
from pipeline.publish.provenance import Provenance, networks
from pipeline.publish.sphere import (
    EARTH,
    INK,
    INWARD,
    OUTWARD,
    around,
    blank_page,
    draw,
    draw_field,
    draw_neutral_line,
    field_scale,
    graticule,
    mark_earth,
    mark_simulated,
    save,
)

SOURCE_COLOURS = {
    Source.TRANSPORTED: "#d0d0d0",
    Source.HMI: "#0072b2",
    Source.GONG: "#56b4e9",
    Source.EUV: "#e69f00",
    Source.SEISMIC: "#cc79a7",
    Source.POLAR: "#009e73",
}
AGES = {0: "now", 1: "1 h", 6: "6 h", 24: "1 d", 72: "3 d", 168: "7 d", 336: "14 d", 672: "28 d"}
# How surely a far-side region was seen, surest first.
STYLES = {Evidence.EUV: "-", Evidence.SEISMIC: "--", Evidence.TRANSPORTED: ":"}
ACRONYMS = ("hmi", "gong", "mdi", "aia", "euv", "euvi-a", "euvi-b")
CIRCLE = 26.0  # points across
COLUMN, ROOM = 50, 5  # characters and lines for notes
VALUES = 42  # characters of a line beside its label


def write_quicklook(
    path: Path, map_: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    """Draw *map_*, its *corona* and the regions of its far side, a PNG of 1600 x 1050 pixels.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    figure = blank_page()
    subearth = earth(map_.time)
    title = f"{'SIMULATED: ' if map_.simulated else ''}Magnetic field of the whole Sun"
    headline: dict[str, Any] = {"y": 0.967, "fontsize": 21, "color": INK, "va": "center"}
    figure.text(0.05, s=title, weight="bold", **headline)
    figure.text(0.965, s=f"valid {map_.time:%Y-%m-%d %H:%M} UTC", ha="right", **headline)
    axes = _field(figure, map_, corona, subearth)
    for region in farside.regions:
        _circle(axes, region)
    _source(figure, map_, subearth)
    _age(figure, map_, subearth)
    _facts(figure, map_, corona, provenance)
    if map_.simulated:
        mark_simulated(figure, 0.47, 0.65)
    save(path, figure, provenance.software)


def _field(figure: Figure, map_: GlobalMap, corona: Corona, subearth: Observer) -> Axes:
    """The large map, its colour scale and the key to what is drawn over it."""
    axes = figure.add_axes((0.05, 0.395, 0.85, 0.535))
    image = draw_field(axes, map_.br)
    graticule(axes, 30, (-60, -45, -30, -15, 0, 15, 30, 45, 60))
    axes.set_xlabel("Carrington longitude", fontsize=12, labelpad=2)
    axes.set_ylabel("heliographic latitude", fontsize=12)
    for polarity, colour in ((1, OUTWARD), (-1, INWARD)):
        _outline(axes, corona, polarity, colour)
    draw_neutral_line(axes, corona, width=2.2)
    mark_earth(axes, subearth, width=1.8)
    label = "radial field (G), outward positive; colour by signed square root"
    field_scale(figure, image, (0.912, 0.395, 0.013, 0.535), label)
    key = (
        Line2D([], [], color=INK, lw=2.2, label="neutral line"),
        Line2D([], [], color=OUTWARD, lw=2.4, label="open +"),
        Line2D([], [], color=INWARD, lw=2.4, label="open −"),
        Line2D([], [], color=EARTH, lw=1.8, label="meridian"),
        Line2D([], [], color=EARTH, lw=1.8, ls="--", label="limbs"),
        Line2D([], [], color=EARTH, marker="o", ms=9, ls="", label="Earth"),
        *(
            Line2D([], [], color=INK, lw=1.8, ls=style, label=f"far: {_label(str(kind.name))}")
            for kind, style in STYLES.items()
        ),
    )
    axes.legend(
        handles=key,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.085),
        ncols=len(key),
        fontsize=12,
        frameon=False,
        handlelength=2.0,
        handletextpad=0.5,
        columnspacing=1.5,
    )
    return axes


def _circle(axes: Axes, region: FarSideRegion) -> None:
    """Where a region of the far side is, its number, and by line what it rests on most surely."""
    style = next(style for kind, style in STYLES.items() if kind in region.evidence)
    x, y = region.lon, float(np.sin(np.radians(region.lat)))
    round_it: dict[str, Any] = {"s": CIRCLE**2, "facecolors": "none", "zorder": 4}
    axes.scatter(x, y, edgecolors="white", linewidths=3.6, **round_it)
    axes.scatter(x, y, edgecolors=INK, linewidths=1.8, linestyle=style, **round_it)
    axes.annotate(
        f"{region.number}",
        (x, y),
        (0.6 * CIRCLE, 0.6 * CIRCLE),
        textcoords="offset points",
        fontsize=11,
        weight="bold",
        color=INK,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        annotation_clip=True,
    )


def _source(figure: Figure, map_: GlobalMap, subearth: Observer) -> None:
    """What each cell rests on."""
    axes = figure.add_axes((0.05, 0.1, 0.26, 0.17))
    draw(
        axes,
        map_.source,
        interpolation="nearest",
        cmap=ListedColormap([SOURCE_COLOURS[s] for s in Source]),
        vmin=-0.5,
        vmax=len(Source) - 0.5,
    )
    graticule(axes, 90, (-60, -30, 0, 30, 60))
    mark_earth(axes, subearth, width=1.2)
    axes.set_title("What each cell rests on", fontsize=13, weight="bold", loc="left")
    fractions = map_.area_fractions()
    key = [
        Line2D(
            [],
            [],
            marker="s",
            ms=10,
            ls="",
            color=SOURCE_COLOURS[s],
            label=f"{_label(s.name)} {fractions[s.name.lower()]:.0%}",
        )
        for s in Source
        if fractions[s.name.lower()]
    ]
    axes.legend(
        handles=key,
        loc="upper left",
        bbox_to_anchor=(-0.03, -0.13),
        ncols=3,
        fontsize=11,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
    )


def _age(figure: Figure, map_: GlobalMap, subearth: Observer) -> None:
    """How long ago each cell was last observed."""
    axes = figure.add_axes((0.35, 0.1, 0.26, 0.17), facecolor="#888888")
    image = draw(
        axes,
        map_.age,
        interpolation="nearest",
        cmap=colormaps["viridis_r"],
        norm=BoundaryNorm(list(AGES), 256, extend="max"),
    )
    graticule(axes, 90, (-60, -30, 0, 30, 60))
    mark_earth(axes, subearth, width=1.2)
    axes.set_title("Time since last observed", fontsize=13, weight="bold", loc="left")
    if np.isnan(map_.age).any():
        axes.set_title("grey: never", fontsize=11, loc="right")
    scale = figure.colorbar(
        image,
        cax=figure.add_axes((0.35, 0.058, 0.26, 0.013)),
        orientation="horizontal",
        extend="max",
        spacing="uniform",
    )
    scale.set_ticks(list(AGES), labels=list(AGES.values()), fontsize=11)


def _facts(figure: Figure, map_: GlobalMap, corona: Corona, provenance: Provenance) -> None:
    """Fluxes, inputs and what to beware of, in a column of text."""
    surface = f"{corona.source_surface_radius:g} R☉"
    conditions = ", ".join(_label(c.name or "") for c in map_.qc)
    rows = {
        "unsigned flux": f"{map_.unsigned_flux / 1e22:.1f} × 10²² Mx",
        "open flux": f"{corona.open_flux / 1e22:.2f} × 10²² Mx, source surface {surface}",
        "net flux removed": f"{map_.net_flux_removed / 1e22:+.2f} × 10²² Mx",
        "field above 60°": f"N {map_.polar_field(1):+z.1f} G, S {map_.polar_field(-1):+z.1f} G",
        "newest inputs": _ages(map_),
        "enhancement": ", ".join(networks(map_)) or "off",
        "quality": conditions or "good",
    }
    lines = {label: textwrap.wrap(value, VALUES) for label, value in rows.items()}
    room = ROOM + len(lines) - sum(map(len, lines.values()))
    warnings = [line for note in map_.notes for line in textwrap.wrap(note, COLUMN)]
    if len(warnings) > room:
        warnings[room - 1 :] = ["more: see the comment of the NetCDF file"]
    x, y, step = 0.645, 0.28, 0.0215
    for label, values in lines.items():
        figure.text(x, y, label, fontsize=12, color="#555555")
        for value in values:
            figure.text(x + 0.105, y, value, fontsize=12, color=INK)
            y -= step
    for line in warnings:
        figure.text(x, y, line, fontsize=12, color="#a03000", weight="bold")
        y -= step
    figure.text(
        0.965,
        0.013,
        f"allsun {provenance.software}, settings {provenance.settings_digest}",
        fontsize=9,
        color="#777777",
        ha="right",
    )


def _ages(map_: GlobalMap) -> str:
    """Each instrument and the age of its newest observation at the valid time."""
    hours = {name: (map_.time - t).total_seconds() / 3600 for name, t in map_.last_observed.items()}
    return (
        ", ".join(f"{_label(name)} {age:.1f} h old" for name, age in sorted(hours.items()))
        or "none"
    )


def _outline(axes: Axes, corona: Corona, polarity: int, colour: str) -> None:
    """The open field of one polarity, outlined and hatched, across longitude 0."""
    grid = corona.grid
    lon, inside = around(corona.open_field == polarity, grid)
    area = axes.contourf(lon, grid.sin_lat, inside, [0.5, 1.5], colors="none", hatches=["///"])
    area.set(edgecolor=colour, linewidth=0)
    axes.contour(lon, grid.sin_lat, inside, [0.5], colors=[colour], linewidths=1.8)


def _label(name: str) -> str:
    """An enumeration's or instrument's name as a reader writes it."""
    words = name.lower().replace("_", " ")
    return (
        words.upper()
        if words in ("hmi", "gong", "mdi", "aia", "euv", "euvi-a", "euvi-b")
        else words
    )
