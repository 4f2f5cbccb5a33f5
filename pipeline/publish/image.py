"""An image that networks have worked on, as a FITS file that solar software opens.

One image unit with the usual coordinates (Thompson 2006, A&A 449, 791) of its own
pixels, whatever the resolution of the observation was: sunpy, JHelioviewer and
:func:`pipeline.instruments.read` take it. ``HISTORY`` names every network with its hash.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.core import BadRequest, CylindricalEqualArea, Disk, SolarImage, earth
from pipeline.core.grid import R_SUN_CM
from pipeline.publish import durable
from pipeline.publish.wsa import ORIGIN

ARCSEC = math.pi / 180.0 / 3600.0
R_SUN_M = R_SUN_CM / 100.0
CONTENT = {"b_los": "line-of-sight magnetic field", "b_r": "radial magnetic field"}


def write_image(path: Path, image: SolarImage) -> None:
    """Write the field of *image*.

    Raises
    ------
    BadRequest : *image* is neither a disk nor an equal-area patch.
    CannotWrite : the file system refuses.
    """
    content = CONTENT.get(image.observation.quantity, str(image.observation.quantity))
    _write(path, image, image.data, content)


def write_sigma(path: Path, image: SolarImage) -> None:
    """Write the standard error of *image*, pixel by pixel.

    Raises
    ------
    BadRequest : no network told it, or *image* is neither a disk nor an equal-area patch.
    CannotWrite : the file system refuses.
    """
    if image.sigma is None:
        raise BadRequest(
            f"{path}: the network says nothing of its error; leave out --sigma or take another."
        )
    content = CONTENT.get(image.observation.quantity, str(image.observation.quantity))
    _write(path, image, image.sigma, f"standard error of the {content}")


def _write(path: Path, image: SolarImage, values: NDArray[np.float32], content: str) -> None:
    observation, observer = image.observation, image.observation.observer
    telescope = f"{'SIMULATED ' if observation.simulated else ''}allsun"
    longitude = observer.carrington_longitude - earth(observation.time).carrington_longitude
    header = fits.Header(
        [
            ("ORIGIN", ORIGIN, "FITS file originator"),
            ("CREATOR", f"allsun {__version__}", ""),
            ("TELESCOP", telescope, "worked on by neural networks, see HISTORY"),
            ("INSTRUME", observation.instrument, "what took the observation"),
            ("FLDSCALE", observation.scale or observation.instrument, "field scale"),
            ("CONTENT", content, ""),
            ("QUANTITY", str(observation.quantity), ""),
            ("BUNIT", image.unit, ""),
            ("DATE-OBS", f"{observation.time:%Y-%m-%dT%H:%M:%S.%f}"[:-3], "UTC, mid-exposure"),
            ("TIMESYS", "UTC", ""),
            ("NOISE", _or_none(observation.noise), "typical error of a pixel"),
            ("NOISELEN", observation.noise_length, "pixels over which errors are alike"),
            ("QLOOK", int(observation.quick_look), "1 if a definitive file will come"),
            ("SIMULATE", observation.simulated, "T if no telescope took it"),
            ("HGLN_OBS", (longitude + 180.0) % 360.0 - 180.0, "[deg] observer, from the Earth"),
            ("HGLT_OBS", observer.latitude, "[deg]"),
            ("CRLN_OBS", observer.carrington_longitude, "[deg]"),
            ("CRLT_OBS", observer.latitude, "[deg]"),
            ("DSUN_OBS", observer.distance * R_SUN_M, "[m]"),
            ("RSUN_REF", R_SUN_M, "[m]"),
            ("RSUN_OBS", math.asin(1.0 / observer.distance) / ARCSEC, "[arcsec]"),
            *((key, value, "") for key, value in _coordinates(path, image).items()),
        ]
    )
    header["COMMENT"] = f"input {observation.file.url}"
    header["COMMENT"] = f"sha256 {observation.file.sha256}"
    for inference in observation.inferences:
        header["HISTORY"] = f"network {inference.network} on {inference.provider}"
        header["HISTORY"] = f"sha256 {inference.sha256}"
        header["HISTORY"] = f"parity {inference.parity:.3g} G"
        header["HISTORY"] = f"{inference.outside:.2%} of the pixels beyond its training"
        for note in inference.notes:
            header["HISTORY"] = " ".join(note.encode("ascii", "replace").decode().split())
    buffer = io.BytesIO()
    fits.PrimaryHDU(values.astype(np.float32), header).writeto(buffer, checksum=True)
    durable.write(path, buffer.getvalue())


def _coordinates(path: Path, image: SolarImage) -> Mapping[str, str | float]:
    """Where the pixels of *image* lie."""
    geometry = image.geometry
    if isinstance(geometry, Disk):
        step = 1.0 / math.sqrt(geometry.observer.distance**2 - 1.0) / geometry.radius / ARCSEC
        origin, kind, unit = (0.0, 0.0), ("HPLN-TAN", "HPLT-TAN"), "arcsec"
        steps, north = (step, step), geometry.north
    elif isinstance(geometry, CylindricalEqualArea):
        origin, kind, unit = (geometry.lon, geometry.lat), ("CRLN-CEA", "CRLT-CEA"), "deg"
        steps, north = (geometry.dlon, math.degrees(geometry.dsin)), 0.0
    else:
        raise BadRequest(f"{path}: only disks and equal-area patches can be written as FITS.")
    return {
        "CTYPE1": kind[0], "CTYPE2": kind[1], "CUNIT1": unit, "CUNIT2": unit,
        "CRPIX1": geometry.x0 + 1.0, "CRPIX2": geometry.y0 + 1.0,
        "CRVAL1": origin[0], "CRVAL2": origin[1],
        "CDELT1": steps[0], "CDELT2": steps[1], "CROTA2": north,
    }  # fmt: skip


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
