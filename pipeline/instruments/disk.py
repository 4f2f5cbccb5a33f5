"""The solar disk in a frame, from the pointing keywords that most instruments share.

Keywords: Thompson 2006, A&A 449, 791 (helioprojective coordinates, CROTA,
CRLN_OBS, CRLT_OBS, DSUN_OBS).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.core import Disk, Observer
from pipeline.instruments.fits import GIVE_ANOTHER, FitsImage

ARCSEC = math.pi / 180.0 / 3600.0
LIT_WITHIN, LEAST_LIT = 0.95, 0.05  # of the radius; of the brightest sector
R_SUN_M = 6.96e8  # RSUN_REF of SOHO and SDO; STEREO uses 6.955e8


def disk(image: FitsImage, *, roll: str = "CROTA2", semidiameter: str = "RSUN_OBS") -> Disk:
    """The disk where a helioprojective header puts it.

    roll, semidiameter : the keywords with the angle of solar north [deg] and the
        angular radius of the limb [arcsec]

    Raises
    ------
    BadFile : a keyword is missing, or the keywords describe no disk in this frame.
    """
    if not image.text("CTYPE1").startswith("HPLN-TAN") or image.text("CUNIT1") != "arcsec":
        raise image.refuse("its axes are not helioprojective angles in arcsec", GIVE_ANOTHER)
    step, step_y = image.number("CDELT1"), image.number("CDELT2")
    if step <= 0.0 or abs(step_y / step - 1.0) > 1e-3:
        raise image.refuse(f"CDELT is {step:g}, {step_y:g}: the frame is flipped or stretched")
    seen_from = observer(image, semidiameter)
    north = image.number(roll)
    sin_n, cos_n = math.sin(math.radians(north)), math.cos(math.radians(north))
    # The reference pixel looks at (CRVAL1, CRVAL2); the disk's centre is that much away.
    west, up = image.number("CRVAL1") / step, image.number("CRVAL2") / step
    return inside(
        image,
        Disk(
            x0=image.number("CRPIX1") - 1.0 - (west * cos_n + up * sin_n),
            y0=image.number("CRPIX2") - 1.0 - (up * cos_n - west * sin_n),
            radius=1.0 / math.sqrt(seen_from.distance**2 - 1.0) / (step * ARCSEC),
            north=north,
            observer=seen_from,
        ),
    )


def observer(image: FitsImage, semidiameter: str = "RSUN_OBS") -> Observer:
    """Who took the picture; the distance is the one at which the Sun has that angular radius.

    Raises
    ------
    BadFile : a keyword is missing, or angular radius and distance belong to no Sun.
    """
    angle = image.positive(semidiameter, below=6000.0) * ARCSEC
    if abs(angle * image.number("DSUN_OBS") / R_SUN_M - 1.0) > 0.01:
        raise image.refuse(f"{semidiameter} and DSUN_OBS belong to no Sun")
    return Observer(
        carrington_longitude=image.number("CRLN_OBS") % 360.0,
        latitude=image.number("CRLT_OBS"),
        distance=1.0 / math.sin(angle),
    )


def inside(image: FitsImage, disk: Disk) -> Disk:
    """The *disk*, if its centre lies in the frame and its observer near the ecliptic.

    Raises
    ------
    BadFile : it does not.
    """
    ny, nx = image.data.shape
    if not (0.0 < disk.x0 < nx - 1 and 0.0 < disk.y0 < ny - 1 and 2.0 < disk.radius < nx):
        raise image.refuse(
            f"the header puts a disk of {disk.radius:.1f} px at ({disk.x0:.1f}, {disk.y0:.1f}) "
            f"in a frame of {nx} by {ny}"
        )
    if abs(disk.observer.latitude) > 10.0:
        raise image.refuse(f"the observer's latitude is {disk.observer.latitude:g} deg")
    return disk


def radius_map(disk: Disk, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Distance of every pixel from the disk's centre in units of its radius, (ny, nx)."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    r = np.hypot((x - disk.x0) / disk.radius, (y - disk.y0) / disk.radius)
    return np.asarray(r, dtype=np.float32)


def check_centred(image: FitsImage, disk: Disk, r: NDArray[np.float32]) -> None:
    """Refuse a frame whose picture of the disk is not where its header puts the disk.

    Magnetograms are blank beyond a circle about the disk's centre. If that
    circle was shifted, as in a frame flipped or cropped afterwards, the measured
    pixels just outside the header's limb lie on one side. Pixels missing on the
    disk do not matter. A flip of a disk in the very middle cannot be seen.

    r : distance of the pixels from the header's centre, as of :func:`radius_map`

    Raises
    ------
    BadFile : the shift is more than .5 % of the radius and half a pixel.
    """
    y, x = np.nonzero(np.isfinite(image.data) & (r > 1.0) & (r < 1.06))
    # A crescent of width d cos(angle) outside a circle has the moment pi d radius / 2.
    angle = np.arctan2(y - disk.y0, x - disk.x0)
    shift = np.hypot(np.cos(angle).sum(), np.sin(angle).sum()) / (math.pi / 2.0 * disk.radius)
    if shift > 0.5 + 0.005 * disk.radius:
        raise image.refuse(
            "its picture of the disk is not where its header puts the disk, as in a flipped frame"
        )


def check_lit(
    image: FitsImage, disk: Disk, brightness: NDArray[np.floating], mask: NDArray[np.bool_]
) -> None:
    """Refuse a picture of which a part is dark, as when a shutter or a transfer failed halfway.

    Of eight sectors of the disk the darkest has a quarter of the median of the brightest on
    AIA frames of an active Sun; a coronal hole is no darker.

    brightness, mask : (ny, nx), zero where there is no light

    Raises
    ------
    BadFile : a sector has less than a twentieth, or no measurement.
    """
    y, x = np.ogrid[: image.data.shape[0], : image.data.shape[1]]
    turn = np.arctan2(y - disk.y0, x - disk.x0) / (2.0 * math.pi) + 0.5
    sector = (8.0 * turn).astype(int) % 8
    on_disk = mask & (radius_map(disk, brightness.shape) < LIT_WITHIN)
    parts = [brightness[on_disk & (sector == n)] for n in range(8)]
    medians = [float(np.median(part)) if part.size else 0.0 for part in parts]
    if min(medians) <= LEAST_LIT * max(medians):
        raise image.refuse("a part of its disk is dark", "take the next frame")
