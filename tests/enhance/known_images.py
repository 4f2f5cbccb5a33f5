"""Images of a Sun that is known everywhere, and cards to go with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from networks import card_of, identity

from pipeline.core import (
    CylindricalEqualArea,
    Disk,
    Geometry,
    InputFile,
    Observation,
    Observer,
    Quantity,
    SolarImage,
)
from pipeline.core.geometry import Floats
from pipeline.enhance.card import Card

TIME = datetime(2014, 1, 1, tzinfo=UTC)
EARTH = Observer(carrington_longitude=40.0, latitude=-5.0, distance=213.0)


def pattern(lon: Floats, lat: Floats) -> Floats:
    """Gauss by place on the Sun; its structures are some 20 deg wide."""
    rad_lon, rad_lat = np.radians(lon), np.radians(lat)
    return 300.0 * np.sin(9.0 * rad_lon) * np.cos(7.0 * rad_lat + 0.4)


def disk(size: int = 96, north: float = 0.0, **changes: Any) -> Disk:
    """The Sun from the Earth, a little beside the middle of a square frame."""
    placed = {"x0": size / 2 - 0.2, "y0": size / 2 - 1.7, "radius": 0.42 * size}
    return Disk(**({"north": north, "observer": EARTH} | placed | changes))


def patch(nx: int = 80, ny: int = 60, dlon: float = 0.03, **changes: Any) -> CylindricalEqualArea:
    """An active region's equal-area patch, west of the Earth's meridian."""
    places = {"x0": (nx - 1) / 2, "y0": (ny - 1) / 2, "lon": 70.0, "lat": 12.0}
    return CylindricalEqualArea(**({"dlon": dlon, "dsin": np.radians(dlon)} | places | changes))


def image(
    geometry: Geometry,
    shape: tuple[int, int] = (96, 96),
    *,
    data: Floats | None = None,
    gap: tuple[slice, slice] | None = None,
    minutes: float = 0.0,
    **changes: Any,
) -> SolarImage:
    """The pattern (or *data*) as a camera with that *geometry* sees it, with a *gap*."""
    lon, lat = geometry.sphere(*np.meshgrid(np.arange(shape[1]), np.arange(shape[0])))
    mask = np.isfinite(lon)
    if gap:
        mask[gap] = False
    values = pattern(lon, lat) if data is None else data
    observer = geometry.observer if isinstance(geometry, Disk) else EARTH
    told = {"instrument": "hmi", "quantity": Quantity.B_LOS, "observer": observer, "noise": 6.3}
    file = InputFile(Path(f"{changes.get('wavelength', 'field')}.fits"), "", "")
    return SolarImage(
        data=np.where(mask, values, np.nan).astype(np.float32),
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            **(told | {"time": TIME + timedelta(minutes=minutes), "file": file} | changes)
        ),
    )


def glow(wavelength: int, geometry: Geometry | None = None, **changes: Any) -> SolarImage:
    """A corona of EUVI, bright where the pattern is positive."""
    geometry = geometry or disk()
    lon, lat = geometry.sphere(*np.meshgrid(np.arange(96), np.arange(96)))
    told = {"instrument": "euvi-a", "quantity": Quantity.INTENSITY, "noise": float("nan")}
    bright = {"data": np.exp(pattern(lon, lat) / 100.0) * wavelength}
    return image(geometry, **(bright | told | changes | {"wavelength": wavelength}))


def channel(name: str, kind: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind or name, **more}


def card(*inputs: dict[str, Any], **changes: Any) -> Card:
    """The card of a network with these channels."""
    whole = card_of("identity", identity()) | {"inputs": inputs} | changes
    names = ("model.onnx", "golden.npz")
    return Card.model_validate({"files": dict.fromkeys(names, "0" * 64)} | whole)
