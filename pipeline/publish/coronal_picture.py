"""The picture of the corona: surface, source surface, and field lines as two observers see them.

Knows: which colour, mark and number says what a :class:`Corona` holds. Refuses to know: how a
field is computed or a line followed. Open field and lines have the colours of the quicklook.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import FuncNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from pipeline.core import Corona, Disk, GlobalMap, Observer, earth
from pipeline.core.corona import ObservedHoles
from pipeline.core.ephemeris import ROTATION, earths
from pipeline.core.grid import R_SUN_CM
from pipeline.publish.provenance import Provenance
from pipeline.publish.sky import seen
from pipeline.publish.sphere import (
    EARTH,
    INK,
    INWARD,
    LIMIT,
    OUTWARD,
    SPHERE,
    Place,
    around,
    blank_page,
    draw,
    draw_neutral_line,
    graticule,
    mark_simulated,
    save,
)

SLOW, FAST = 250, 650  # km/s at the ends of the colours
AGREED = 0.8  # part of the members that makes a sector sure
NUMBERED = 15  # holes, the largest first
PIXELS = 240  # across the solar disk
CLOSED, OBSERVED = "#4d4d4d", "#d7263d"
COLOURS = {1: OUTWARD, -1: INWARD, 0: CLOSED}
OTHERS = ("#0072b2", "#d55e00", "#cc79a7", "#56b4e9")  # observers but the Earth
HALO = [withStroke(linewidth=2.5, foreground="white")]
KEY: dict[str, Any] = {
    "loc": "upper center",
    "fontsize": 11.5,
    "frameon": False,
    "handlelength": 1.8,
    "handletextpad": 0.5,
    "columnspacing": 1.5,
}
SURFACE: Place = (0.05, 0.555, 0.545, 0.345)
SOURCE_SURFACE: Place = (0.05, 0.095, 0.545, 0.345)
VIEWS: tuple[Place, ...] = ((0.711, 0.535, 0.2625, 0.4), (0.711, 0.06, 0.2625, 0.4))


def write_coronal_picture(
    path: Path, map_: GlobalMap, corona: Corona, provenance: Provenance
) -> None:
    """Draw the *corona* above *map_*, a PNG of 1600 x 1050 pixels.

    Coronal holes of a picture that it was held against are outlined.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    figure = blank_page()
    title = f"{'SIMULATED: ' if map_.simulated else ''}Corona above the Sun"
    headline: dict[str, Any] = {"y": 0.973, "color": INK, "va": "center"}
    figure.text(0.05, s=title, weight="bold", fontsize=21, **headline)
    clock = f"{corona.time:%Y-%m-%d %H:%M} UTC"
    figure.text(0.595, s=clock, ha="right", fontsize=17, **headline)
    observers = dict(zip(corona.observers, _colours(corona), strict=True))
    surface = _surface(figure, map_, corona, observers)
    if corona.observed:
        _outline(surface, corona, corona.observed)
    _source_surface(figure, corona, observers)
    seen = list(corona.observers.items()) or [("earth", earth(corona.time))]
    for place, (name, observer) in zip(VIEWS, seen, strict=False):
        _view(figure, place, map_, corona, name, observer)
    _line_key(figure)
    if map_.simulated:
        mark_simulated(figure, 0.32, 0.5)
    software = f"allsun {provenance.software}, settings {provenance.settings_digest[:12]}"
    figure.text(0.985, 0.006, software, fontsize=9, color="#777777", ha="right")
    save(path, figure, provenance.software)


def _surface(figure: Figure, map_: GlobalMap, corona: Corona, observers: dict[str, str]) -> Axes:
    """Field of the photosphere, what of it is open, and where observers are connected."""
    axes = figure.add_axes(SURFACE)
    draw(axes, map_.br, cmap="gray", norm=_grey(), interpolation="antialiased")
    sign = np.sign(map_.grid.block_mean(map_.br, corona.grid))
    polarity = np.where(corona.open_field != 0, corona.open_field, sign)
    opened = np.zeros((*corona.grid.shape, 4))
    opened[..., :3] = np.where((polarity > 0)[..., None], to_rgb(OUTWARD), to_rgb(INWARD))
    opened[..., 3] = np.clip(corona.ensemble.open_probability, 0.0, 1.0)
    draw(axes, opened, interpolation="nearest")
    draw_neutral_line(axes, corona, width=1.8)
    _frame(axes, "Photosphere", f"radial field, black −{LIMIT} G to white +{LIMIT} G")
    for number, hole in enumerate(corona.holes[:NUMBERED], 1):
        _say(axes, f"{number}", hole.lon, hole.lat, INK, ha="center", va="center")
    for name, colour in observers.items():
        for member in corona.ensemble.members:
            foot = member.connections[name]
            _mark(axes, foot.lon, foot.lat, colour, "o", 4.5)
        foot = corona.connections[name]
        _mark(axes, foot.lon, foot.lat, colour, "X", 13)
        _name(axes, name, foot.lon, foot.lat, colour)
    _probability(figure, corona)
    key = [
        Line2D([], [], color=INK, lw=1.8, label="neutral line of the source surface"),
        _dot(INK, "X", 11, "foot of an observer's wind, members small"),
        Line2D([], [], marker="$1$", color=INK, ls="", ms=8, label="coronal hole, largest first"),
    ]
    axes.add_artist(axes.legend(handles=key, bbox_to_anchor=(0.5, -0.1), ncols=3, **KEY))
    return axes


def _outline(axes: Axes, corona: Corona, observed: ObservedHoles) -> None:
    """Coronal holes that a camera saw, how far it looked, and how much of them is open."""
    for cells, style in ((observed.holes, "-"), (observed.looked, ":")):
        lon, inside = around(cells, corona.grid)
        look: dict[str, Any] = {"colors": [OBSERVED], "linestyles": style, "linewidths": 1.8}
        axes.contour(lon, corona.grid.sin_lat, inside, [0.5], **look)
    says = f"holes on {observed.picture}; dotted: where looked for"
    if score := corona.hole_score:
        says += f"\nIoU with open field {score.overlap:.2f}, unipolarity {score.unipolarity:.2f}"
    key = [Line2D([], [], color=OBSERVED, lw=1.8, label=says)]
    axes.legend(handles=key, loc="lower right", fontsize=11, handlelength=1.5)


def _probability(figure: Figure, corona: Corona) -> None:
    """What the two colours of open field mean, from transparent to full."""
    scale = figure.add_axes((0.605, SURFACE[1], 0.02, SURFACE[3]))
    ramp = np.empty((64, 2, 4))
    ramp[..., :3] = to_rgb(OUTWARD), to_rgb(INWARD)
    ramp[..., 3] = np.linspace(0.0, 1.0, 64)[:, None]
    scale.set_facecolor("#808080")
    scale.imshow(ramp, origin="lower", extent=(0, 2, 0, 100), aspect="auto")
    scale.set_xticks([0.5, 1.5], ["+", "−"], fontsize=13)
    scale.xaxis.tick_top()
    scale.yaxis.tick_right()
    scale.yaxis.set_label_position("right")
    scale.tick_params(length=0)
    members = len(corona.ensemble.members)
    many = f"of {members} members" if members > 1 else "of one model"
    scale.set_ylabel(f"open in … % {many}", fontsize=12)


def _source_surface(figure: Figure, corona: Corona, observers: dict[str, str]) -> None:
    """Wind speed where it leaves, and what the Earth will meet of it."""
    axes = figure.add_axes(SOURCE_SURFACE)
    image = draw(axes, corona.wind.speed, cmap="viridis", vmin=SLOW, vmax=FAST)
    draw_neutral_line(axes, corona, width=1.8)
    radius = f"{corona.source_surface_radius:g} R☉"
    _frame(
        axes,
        f"Source surface at {radius}",
        "wind speed; squares: the wind that Earth meets, day 0 to 7",
    )
    _track(axes, corona)
    for name, colour in observers.items():
        place, wind = corona.observers[name], corona.connections[name]
        _mark(axes, place.carrington_longitude, place.latitude, colour, "o", 11)
        _name(axes, name, place.carrington_longitude, place.latitude, colour)
        if name != "earth":
            _mark(axes, wind.source_lon, wind.source_lat, colour, "D", 9)
    scale = figure.colorbar(
        image, cax=figure.add_axes((0.605, SOURCE_SURFACE[1], 0.013, SOURCE_SURFACE[3])),
        extend="both",
    )  # fmt: skip
    scale.set_label("wind speed (km/s)", fontsize=12)
    key = [
        _dot(INK, "o", 10, "below an observer"),
        _dot(INK, "D", 9, "where its wind left"),
        Line2D([], [], color=EARTH, ls="--", lw=1.4, label="Earth's track"),
        _dot(OUTWARD, "s", 9, "+ sector"),
        _dot(INWARD, "s", 9, "− sector"),
        Line2D([], [], marker="s", ms=7, mfc="white", mec=INK, mew=1.4, ls="", label="unsure"),
    ]
    axes.legend(handles=key, bbox_to_anchor=(0.5, -0.1), ncols=len(key), **KEY)


def _track(axes: Axes, corona: Corona) -> None:
    """Below the Earth over a rotation, and where the wind of the days to come has left."""
    below = corona.observers.get("earth", earth(corona.time))
    height = float(np.sin(np.radians(below.latitude)))
    axes.axhline(height, color="white", lw=2.4, alpha=0.6)
    axes.axhline(height, color=EARTH, lw=1.4, ls="--")
    for day, (lon, lat) in enumerate(departures(corona)):
        sector = corona.sectors[day]
        sure = max(sector.outward, 1.0 - sector.outward) >= AGREED
        colour = COLOURS[sector.polarity]
        axes.plot(
            lon, np.sin(np.radians(lat)), "s", ms=5.5, mfc=colour if sure else "white", mec=colour,
            mew=1.4, zorder=5, path_effects=HALO,
        )  # fmt: skip
        days = (sector.time - corona.time).total_seconds() / 86400.0
        if days == int(days):
            _say(axes, f"{days:.0f}", lon, lat, INK, (0, -17), ha="center")


def departures(corona: Corona) -> list[tuple[float, float]]:
    """Where the wind that the Earth meets in each of its sectors left: lon, lat in deg.

    Along the ballistic spiral, at the sector's speed (Nolte & Roelof 1973, Solar Phys. 33, 241).
    """
    if not corona.sectors:
        return []
    turn = ROTATION / 86400.0  # deg/s
    places = earths([sector.time for sector in corona.sectors])
    found = []
    for sector, place in zip(corona.sectors, places, strict=True):
        way = (place.distance - corona.wind.outflow_radius) * R_SUN_CM / 1e5
        lon = (place.carrington_longitude + turn * way / sector.speed) % 360.0
        found.append((lon, place.latitude))
    return found


def _view(
    figure: Figure, place: Place, map_: GlobalMap, corona: Corona, name: str, observer: Observer
) -> None:
    """The disk and the lines over it, as *observer* sees them: north up, west to the right."""
    axes = figure.add_axes(place)
    camera = Disk(PIXELS / 2, PIXELS / 2, PIXELS / 2, 0.0, observer)
    x, y = np.meshgrid(np.arange(PIXELS + 1), np.arange(PIXELS + 1))
    lon, lat = camera.sphere(x, y)
    off = np.isnan(lon)
    face = map_.br[map_.grid.cell(np.where(off, 0.0, lon), np.where(off, 0.0, lat))]
    axes.imshow(
        np.where(off, np.nan, face), origin="lower", extent=(-1, 1, -1, 1), cmap="gray",
        norm=_grey(),
    )  # fmt: skip
    axes.add_patch(Circle((0, 0), 1.0, fill=False, color=INK, lw=1.0))
    top = corona.source_surface_radius
    axes.add_patch(Circle((0, 0), top, fill=False, color="#888888", lw=1.0, ls=":"))
    for polarity, pieces in seen(corona, observer).items():
        width = 0.9 if polarity == 0 else 1.3
        axes.add_collection(LineCollection(pieces, colors=COLOURS[polarity], linewidths=width))
    reach = 1.04 * top
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.tick_params(labelsize=10)
    axes.set_xlabel("solar radii; east left, west right", fontsize=11, labelpad=1)
    ahead = (observer.carrington_longitude - earth(corona.time).carrington_longitude) % 360.0
    where = f"{min(ahead, 360 - ahead):.0f}° {'ahead' if ahead < 180 else 'behind'}"
    axes.set_title(f"From {_title(name)}", fontsize=14, weight="bold", loc="left")
    axes.set_title("" if name == "earth" else where, fontsize=12, loc="right")


def _line_key(figure: Figure) -> None:
    """What the colours of lines mean."""
    words = {1: "open, outward", -1: "open, inward", 0: "closed"}
    key = [Line2D([], [], color=COLOURS[p], lw=2.2, label=text) for p, text in words.items()]
    figure.legend(handles=key, **KEY | {"bbox_to_anchor": (0.841, 0.998)}, ncols=3)


def _colours(corona: Corona) -> list[str]:
    """One for every observer; the Earth's is always the same."""
    others = [name for name in corona.observers if name != "earth"]
    return [
        EARTH if name == "earth" else OTHERS[others.index(name) % len(OTHERS)]
        for name in corona.observers
    ]


def _frame(axes: Axes, title: str, shown: str) -> None:
    """Title, axes and what is drawn."""
    graticule(axes, 30, (-60, -30, -15, 0, 15, 30, 60))
    axes.set(xlim=SPHERE[:2], ylim=SPHERE[2:])
    axes.set_xlabel("Carrington longitude", fontsize=11, labelpad=1)
    axes.set_ylabel("heliographic latitude", fontsize=11)
    axes.set_title(title, fontsize=14, weight="bold", loc="left")
    axes.set_title(shown, fontsize=12, loc="right")


def _mark(axes: Axes, lon: float, lat: float, colour: str, marker: str, size: float) -> None:
    """A place; nothing where it is NaN."""
    axes.plot(
        lon, np.sin(np.radians(lat)), marker, color=colour, ms=size, mec="white",
        mew=0.6 if size < 8 else 1.4, zorder=6,
    )  # fmt: skip


def _say(
    axes: Axes, text: str, lon: float, lat: float, colour: str, shift: tuple[int, int] = (0, 0),
    **align: Any,
) -> None:  # fmt: skip
    """Words at a place, *shift* in points; none where it is NaN."""
    if np.isfinite(lon):
        axes.annotate(
            text, (lon, np.sin(np.radians(lat))), shift, textcoords="offset points", fontsize=11,
            weight="bold", color=colour, path_effects=HALO, zorder=7, **align,
        )  # fmt: skip


def _name(axes: Axes, name: str, lon: float, lat: float, colour: str) -> None:
    """Whose place it is, on the side where the map has room."""
    right = lon < 310.0
    shift, align = (9 if right else -9, 8), "left" if right else "right"
    _say(axes, _title(name), lon, lat, colour, shift, ha=align)


def _dot(colour: str, marker: str, size: float, label: str) -> Line2D:
    return Line2D(
        [], [], color=colour, marker=marker, ms=size, mec="white", mew=1.0, ls="", label=label
    )


def _grey() -> FuncNorm:
    """Signed square root, as the field is coloured elsewhere."""
    return FuncNorm(
        (lambda b: np.sign(b) * np.sqrt(np.abs(b)), lambda c: np.sign(c) * c**2), -LIMIT, LIMIT
    )


def _title(name: str) -> str:
    """An observer's name as a reader writes it."""
    return name.upper() if name.startswith("stereo") else name.capitalize()
