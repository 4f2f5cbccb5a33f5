"""Where a pixel lies on the Sun, and a place on the Sun in an image.

Each geometry maps zero-based pixel coordinates (x to the right along a row,
y up the rows; a pixel's centre is at whole numbers) to Carrington longitude and
heliographic latitude in degrees, and back. Places that have no counterpart come
back as NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

__all__ = [
    "CylindricalEqualArea",
    "Disk",
    "Floats",
    "Geometry",
    "Observer",
    "PlateCarree",
    "Postel",
    "great_circle",
]


class Geometry(Protocol):
    """What every image geometry can answer."""

    def sphere(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Carrington longitude [0, 360) and latitude [deg] of pixel positions."""
        ...

    def pixel(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Pixel position of Carrington longitude and latitude [deg]."""
        ...


@dataclass(frozen=True, slots=True)
class Observer:
    """A place from which the Sun is seen.

    carrington_longitude, latitude : deg, of the point below the observer
    distance : from the Sun's centre, in solar radii
    """

    carrington_longitude: float
    latitude: float
    distance: float

    def mu(self, lon: ArrayLike, lat: ArrayLike) -> Floats:
        """Cosine of the angle between the local vertical and the line of sight.

        Negative where the place is turned away from the observer.
        """
        cos_c = _cos_distance(lon, lat, self.carrington_longitude, self.latitude)
        d = self.distance
        return np.asarray((d * cos_c - 1.0) / np.sqrt(d * d - 2.0 * d * cos_c + 1.0))


@dataclass(frozen=True, slots=True)
class Disk:
    """The solar disk as a camera sees it (helioprojective tangent plane).

    x0, y0 : pixel position of the disk's centre
    radius : of the visible limb, in pixels
    north : the FITS CROTA2, deg: how far solar north leans from +y towards +x
    observer : whose view it is
    """

    x0: float
    y0: float
    radius: float
    north: float
    observer: Observer

    def sphere(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        observer = self.observer
        # Tangents of the angles from the disk's centre, along solar west and north.
        scale = 1.0 / (self.radius * np.sqrt(observer.distance**2 - 1.0))
        dx, dy = np.asarray(x, float) - self.x0, np.asarray(y, float) - self.y0
        sin_n, cos_n = np.sin(np.radians(self.north)), np.cos(np.radians(self.north))
        west, north = (dx * cos_n - dy * sin_n) * scale, (dx * sin_n + dy * cos_n) * scale
        # Nearest intersection of the line of sight with the unit sphere.
        t = west**2 + north**2
        with np.errstate(invalid="ignore"):
            z = (t * observer.distance + np.sqrt(1.0 + t - t * observer.distance**2)) / (1.0 + t)
        across = observer.distance - z
        return _to_carrington(west * across, north * across, z, observer)

    def pixel(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        observer = self.observer
        west, north, z = _from_carrington(lon, lat, observer)
        scale = self.radius * np.sqrt(observer.distance**2 - 1.0) / (observer.distance - z)
        west, north = west * scale, north * scale
        hidden = observer.mu(lon, lat) < 0.0
        sin_n, cos_n = np.sin(np.radians(self.north)), np.cos(np.radians(self.north))
        return (
            np.where(hidden, np.nan, self.x0 + west * cos_n + north * sin_n),
            np.where(hidden, np.nan, self.y0 - west * sin_n + north * cos_n),
        )


@dataclass(frozen=True, slots=True)
class CylindricalEqualArea:
    """Lambert's cylindrical equal-area projection about (lon, lat).

    With ``lat`` zero this is the usual synoptic layout (longitude by sine
    latitude); HMI patches use it turned so that its origin is the patch centre
    (Calabretta & Greisen 2002, A&A 395, 1077; Sun 2013, arXiv:1309.2392).

    x0, y0 : pixel position of the origin
    dlon : deg per pixel along a row; dsin : sine latitude per pixel up the rows
    lon, lat : Carrington longitude and latitude of the origin, deg
    """

    x0: float
    y0: float
    dlon: float
    dsin: float
    lon: float
    lat: float = 0.0

    def sphere(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        native = np.radians((np.asarray(x, float) - self.x0) * self.dlon)
        sine = (np.asarray(y, float) - self.y0) * self.dsin
        sine = np.where(np.abs(sine) > 1.0 + 1e-9, np.nan, np.clip(sine, -1.0, 1.0))
        cosine = np.sqrt(1.0 - sine**2)
        return _to_carrington(
            cosine * np.sin(native), sine, cosine * np.cos(native), Observer(self.lon, self.lat, 1)
        )

    def pixel(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        west, north, z = _from_carrington(lon, lat, Observer(self.lon, self.lat, 1))
        native = np.degrees(np.arctan2(west, z))
        return self.x0 + native / self.dlon, self.y0 + north / self.dsin


@dataclass(frozen=True, slots=True)
class PlateCarree:
    """Equal steps in longitude and latitude.

    x0, y0 : pixel position of Carrington longitude ``lon`` on the equator
    dlon, dlat : deg per pixel
    """

    x0: float
    y0: float
    dlon: float
    dlat: float
    lon: float

    def sphere(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        lat = (y - self.y0) * self.dlat
        return (self.lon + (x - self.x0) * self.dlon) % 360.0, np.where(
            np.abs(lat) > 90.0 + 1e-9, np.nan, lat
        )

    def pixel(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        offset = (np.asarray(lon, float) - self.lon + 180.0) % 360.0 - 180.0
        return self.x0 + offset / self.dlon, self.y0 + np.asarray(lat, float) / self.dlat


@dataclass(frozen=True, slots=True)
class Postel:
    """Azimuthal equidistant projection about (lon, lat), north up, longitude to the right.

    x0, y0 : pixel position of the centre
    step : radians of great circle per pixel
    lon, lat : Carrington longitude and latitude of the centre, deg
    """

    x0: float
    y0: float
    step: float
    lon: float
    lat: float

    def sphere(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        dx, dy = np.asarray(x, float) - self.x0, np.asarray(y, float) - self.y0
        theta = np.hypot(dx, dy) * self.step
        theta = np.where(theta > np.pi, np.nan, theta)
        along = np.sinc(theta / np.pi) * self.step  # sin(theta) / pixels
        return _to_carrington(
            dx * along, dy * along, np.cos(theta), Observer(self.lon, self.lat, 1)
        )

    def pixel(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        west, north, z = _from_carrington(lon, lat, Observer(self.lon, self.lat, 1))
        theta = np.arctan2(np.hypot(west, north), z)
        along = self.step * np.sinc(theta / np.pi)
        return self.x0 + west / along, self.y0 + north / along


def great_circle(lon: ArrayLike, lat: ArrayLike, lon0: float, lat0: float) -> Floats:
    """Distance of places from (lon0, lat0) along the surface, deg."""
    return np.degrees(np.arccos(np.clip(_cos_distance(lon, lat, lon0, lat0), -1.0, 1.0)))


def _to_carrington(
    west: Floats, north: Floats, z: Floats, origin: Observer
) -> tuple[Floats, Floats]:
    """Unit-sphere position in the frame facing *origin* -> longitude, latitude [deg]."""
    sin_b, cos_b = np.sin(np.radians(origin.latitude)), np.cos(np.radians(origin.latitude))
    sin_lat = np.clip(north * cos_b + z * sin_b, -1.0, 1.0)
    lon = np.degrees(np.arctan2(west, z * cos_b - north * sin_b)) + origin.carrington_longitude
    return lon % 360.0, np.degrees(np.arcsin(sin_lat))


def _from_carrington(
    lon: ArrayLike, lat: ArrayLike, origin: Observer
) -> tuple[Floats, Floats, Floats]:
    """Longitude, latitude [deg] -> west, north and facing components for *origin*."""
    dlon = np.radians(np.asarray(lon, float) - origin.carrington_longitude)
    lat = np.radians(np.asarray(lat, float))
    sin_b, cos_b = np.sin(np.radians(origin.latitude)), np.cos(np.radians(origin.latitude))
    facing = np.cos(lat) * np.cos(dlon)
    return (
        np.cos(lat) * np.sin(dlon),
        np.sin(lat) * cos_b - facing * sin_b,
        np.sin(lat) * sin_b + facing * cos_b,
    )


def _cos_distance(lon: ArrayLike, lat: ArrayLike, lon0: float, lat0: float) -> Floats:
    """Cosine of the great-circle distance to (lon0, lat0) [deg]."""
    return _from_carrington(lon, lat, Observer(lon0, lat0, 1))[2]
