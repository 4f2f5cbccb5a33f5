"""ADAPT: global maps of the radial field by flux transport, a stack of realisations in a file.

As in the header of 2020-01-01 and in sunpy's reading of it: the first unit holds (n, 180, 360)
gauss on equal steps of longitude and latitude, axes named Long and Lat; MAPTIME is the time in
UTC, MISSING stands where there is nothing, and MODEL says ADAPT. LNGTYPE 0 counts longitude
from Carrington's zero. What went in, GONG's or another's field, was multiplied by FLUXSCAL;
1.85 of GONG's files is taken as the scale, and others are brought to it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import numpy as np

from pipeline.core import Observation, PlateCarree, Quantity, SolarImage, earth
from pipeline.instruments.fits import GIVE_ANOTHER, FitsImage, keep

FLUXSCAL = 1.85


def realisations(image: FitsImage) -> tuple[SolarImage, ...]:
    """Every map of the stack, radial field in gauss.

    Raises
    ------
    BadFile : no stack of ADAPT, another longitude, no time, or a header that fits no sphere.
    """
    if image.text("MODEL") != "ADAPT":
        raise image.refuse("it holds no two-dimensional picture", GIVE_ANOTHER)
    if image.number("LNGTYPE") != 0:
        problem = "its longitudes are not Carrington's (LNGTYPE is not 0)"
        raise image.refuse(problem, "give a map with fixed Carrington longitudes")
    dlon, dlat = (image.positive(key, below=90.0) for key in ("CDELT1", "CDELT2"))
    geometry = PlateCarree(
        x0=image.number("CRPIX1") - 1.0,
        y0=image.number("CRPIX2") - 1.0 - image.number("CRVAL2") / dlat,
        dlon=dlon,
        dlat=dlat,
        lon=image.number("CRVAL1") % 360.0,
    )
    time = image.clock(image.text("MAPTIME")).replace(tzinfo=UTC)
    observation = Observation(
        instrument="adapt",
        quantity=Quantity.B_R,
        time=time,
        observer=earth(time),
        file=image.file,
        quick_look=True,
        simulated=image.simulated,
    )
    missing, scale = image.number("MISSING"), FLUXSCAL / image.positive("FLUXSCAL", below=100.0)
    planes = []
    for field in image.data:
        data, mask = keep(replace(image, data=field), field != np.float32(missing))
        planes.append(SolarImage(scale * data, mask, "G", geometry, observation))
    return tuple(planes)


def mean(image: FitsImage) -> SolarImage:
    """The mean of all realisations, where all have a value.

    Raises
    ------
    BadFile : as for :func:`realisations`.
    """
    planes = realisations(image)
    mask = np.logical_and.reduce([plane.mask for plane in planes])
    total = np.mean([plane.data for plane in planes], axis=0, dtype=np.float64)
    data = np.where(mask, total, np.nan).astype(np.float32)
    return replace(planes[0], data=data, mask=mask)
