"""How a field on the whole sphere is drawn: what all pictures share.

Carrington longitude by sine latitude, so that equal areas on the Sun are equal on paper.
The radial field is coloured by its signed square root between fixed limits, so that quiet
network and active regions show in one scale and any two pictures compare. The colours can
be told apart by colour-blind readers. The same inputs give the same bytes.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Corona, Observer
from pipeline.core.geometry import Floats
from pipeline.publish import durable

SIZE, DPI = (16.0, 10.5), 100  # inches: 1600 x 1050 pixels
SPHERE = (0, 360, -1, 1)  # degrees of longitude, sine of latitude
LIMIT = 250  # gauss at the ends of the colour scale
FIELD_TICKS = (-250, -100, -25, 0, 25, 100, 250)
INK, EARTH = "#1a1a1a", "#00785a"
OUTWARD, INWARD = "#e69f00", "#8e3a9d"

Place = tuple[float, float, float, float]


def blank_page() -> Figure:
    """A white figure of 1600 x 1050 pixels."""
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def draw(axes: Axes, values: NDArray[np.generic], **look: Any) -> AxesImage:
    """Fill *axes* with *values* (nlat, nlon)."""
    return axes.imshow(values, origin="lower", extent=SPHERE, aspect="auto", **look)


def draw_field(axes: Axes, br: NDArray[np.floating]) -> AxesImage:
    """Fill *axes* with a radial field, gauss (nlat, nlon)."""
    norm = FuncNorm(
        (lambda b: np.sign(b) * np.sqrt(np.abs(b)), lambda c: np.sign(c) * c**2), -LIMIT, LIMIT
    )
    return draw(axes, br, cmap="RdBu_r", norm=norm, interpolation="antialiased")


def draw_neutral_line(axes: Axes, corona: Corona, width: float) -> None:
    """The neutral line, with a white rim, cut where it leaves the map."""
    for line in corona.neutral_line:
        cuts = np.flatnonzero(np.abs(np.diff(line[:, 0])) > 180) + 1
        for lon, lat in (piece.T for piece in np.split(line, cuts)):
            for lw, colour in ((2 * width, "white"), (width, INK)):
                axes.plot(lon, np.sin(np.radians(lat)), color=colour, lw=lw)


def around(cells: NDArray[np.bool_], grid: CarringtonGrid) -> tuple[Floats, Floats]:
    """Longitudes and *cells* as numbers, one column more at either side, to draw contours of."""
    step = 360 / grid.nlon
    lon = np.concatenate([[grid.lon[0] - step], grid.lon, [grid.lon[-1] + step]])
    return lon, np.pad(cells, ((0, 0), (1, 1)), mode="wrap").astype(float)


def field_scale(figure: Figure, image: AxesImage, place: Place, label: str) -> None:
    """The colour scale of a field drawn by :func:`draw_field`, upright at *place*."""
    scale = figure.colorbar(image, cax=figure.add_axes(place), ticks=FIELD_TICKS, extend="both")
    scale.ax.minorticks_off()
    scale.ax.set_yticklabels([f"{b:+d}" if b else "0" for b in FIELD_TICKS])
    scale.set_label(label, fontsize=12)


def graticule(axes: Axes, step: int, latitudes: tuple[int, ...]) -> None:
    """Lines and labels every *step* deg of longitude and at *latitudes*."""
    axes.set_xticks(range(0, 361, step), [f"{lon}°" for lon in range(0, 361, step)])
    axes.set_yticks(
        np.sin(np.radians(latitudes)),
        [f"{abs(lat)}°{'N' if lat > 0 else 'S' if lat < 0 else ''}" for lat in latitudes],
    )
    axes.tick_params(labelsize=11)
    axes.grid(color="black", alpha=0.12, lw=0.6)
    axes.set_xlim(*SPHERE[:2])
    axes.set_ylim(*SPHERE[2:])


def mark_earth(axes: Axes, subearth: Observer, width: float) -> None:
    """The Earth's central meridian, limbs and sub-point."""
    for offset, style in ((0, "-"), (-90, "--"), (90, "--")):
        lon = (subearth.carrington_longitude + offset) % 360
        axes.axvline(lon, color=EARTH, lw=width, ls=style)
    axes.plot(
        subearth.carrington_longitude,
        np.sin(np.radians(subearth.latitude)),
        "o",
        color=EARTH,
        ms=6 * width,
        mec="white",
        mew=width,
    )


def mark_simulated(figure: Figure, x: float, y: float) -> None:
    """Say across the picture that no telescope saw this; *x*, *y* : centre, of the figure."""
    figure.text(
        x,
        y,
        "SIMULATED",
        fontsize=120,
        color=INK,
        alpha=0.13,
        weight="bold",
        ha="center",
        va="center",
        rotation=16,
    )


def save(path: Path, figure: Figure, software: str) -> None:
    """Write *figure* as a PNG that is whole or absent.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": f"allsun {software}"})
    durable.write(path, buffer.getvalue())
