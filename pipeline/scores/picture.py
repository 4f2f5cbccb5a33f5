"""Truth, product, difference and claimed error, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.core import GlobalMap, earth
from pipeline.publish import sphere
from pipeline.scores.sectors import SECTORS, Sector

LEFT, RIGHT, LOW, HIGH = 0.055, 0.49, 0.095, 0.535  # where panels begin, of the figure
WIDTH, HEIGHT, SCALE = 0.4, 0.375, 0.9
NAMED = ("near", "stereo", "unseen", "poles")  # the labels of the others would cover these
BOUNDARY: dict[str, Any] = {"color": sphere.INK, "lw": 1.2, "ls": ":"}
BEHIND = {"color": "white", "alpha": 0.8, "pad": 1, "lw": 0}
SIGMA_LIMIT, SIGMA_TICKS = 100, (0, 1, 5, 10, 25, 50, 100)  # gauss


def write_picture(path: Path, map_: GlobalMap, truth: NDArray[np.floating]) -> None:
    """Draw *map_* beside the true radial field on its grid as a PNG of 1600 x 1050 pixels.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    figure = sphere.blank_page()
    mark = "SIMULATED: " if map_.simulated else ""
    headline: dict[str, Any] = {"y": 0.967, "fontsize": 21, "color": sphere.INK, "va": "center"}
    figure.text(LEFT, s=f"{mark}Product and truth", weight="bold", **headline)
    figure.text(0.965, s=f"valid {map_.time:%Y-%m-%d %H:%M} UTC", ha="right", **headline)
    for corner, title, br in (
        ((LEFT, HIGH), "Truth", truth),
        ((RIGHT, HIGH), "Product", map_.br),
        ((LEFT, LOW), "Product − truth", map_.br - truth),
    ):
        image = sphere.draw_field(_panel(figure, corner, title, map_), br)
    place = (SCALE, HIGH, 0.013, HEIGHT)
    sphere.field_scale(figure, image, place, "radial field (G); signed square root")
    axes = _panel(figure, (RIGHT, LOW), "Standard error that the product claims", map_)
    norm = PowerNorm(0.5, 0, SIGMA_LIMIT)
    image = sphere.draw(axes, map_.sigma, cmap="YlOrBr", norm=norm, interpolation="antialiased")
    axes = figure.add_axes((SCALE, LOW, 0.013, HEIGHT))
    colours = figure.colorbar(image, cax=axes, ticks=SIGMA_TICKS, extend="max")
    colours.set_label("standard error (G); square root", fontsize=12)
    key = (
        Line2D([], [], color=sphere.EARTH, lw=1.8, label="central meridian"),
        Line2D([], [], color=sphere.EARTH, lw=1.8, ls="--", label="limbs (±90°)"),
        Line2D([], [], color=sphere.EARTH, marker="o", ms=9, ls="", label="below the Earth"),
        Line2D([], [], **BOUNDARY, label="sectors scored apart"),
    )
    figure.legend(handles=key, loc="lower center", ncols=4, fontsize=12, frameon=False)
    if map_.simulated:
        sphere.mark_simulated(figure, 0.465, 0.5)
    sphere.save(path, figure, __version__)


def _panel(figure: Figure, corner: tuple[float, float], title: str, map_: GlobalMap) -> Axes:
    """Axes over the whole sphere, with the Earth and the sectors."""
    axes = figure.add_axes((*corner, WIDTH, HEIGHT))
    axes.set_title(title, fontsize=14, weight="bold", loc="left")
    sphere.graticule(axes, 60, (-60, -30, 0, 30, 60))
    if corner[0] == LEFT:
        axes.set_ylabel("heliographic latitude", fontsize=12)
    if corner[1] == LOW:
        axes.set_xlabel("Carrington longitude", fontsize=12)
    subearth = earth(map_.time)
    sphere.mark_earth(axes, subearth, width=1.2)
    for sector in SECTORS:
        _outline(axes, sector, subearth.carrington_longitude)
    return axes


def _outline(axes: Axes, sector: Sector, meridian: float) -> None:
    """The bounds of *sector* inside the sphere, and its name."""
    low, high = np.sin(np.radians([sector.low, sector.high]))
    if sector.stop - sector.start < 360:
        for west in (sector.start, sector.stop):
            axes.plot([(meridian + west) % 360] * 2, [-high, high], **BOUNDARY)
    elif sector.low:
        axes.hlines([-low, low], *sphere.SPHERE[:2], **BOUNDARY)
    if sector.name in NAMED:
        lon = (meridian + (sector.start + sector.stop) / 2) % 360
        place: dict[str, Any] = {
            "ha": "center",
            "va": "bottom" if sector.low else "top",
            "fontsize": 10,
        }
        axes.text(lon, low or high, sector.name, **place, bbox=BEHIND)
