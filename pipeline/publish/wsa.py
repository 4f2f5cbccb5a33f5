"""The map as the FITS file that coronal models read: GONG's synoptic layout.

360 × 180 cells, Carrington longitude ascending from the left edge by sine
latitude, row 0 south, float32, with the keywords of the GONG magnetic synoptic
maps (https://gong.nso.edu/data/magmap/). The left edge is always longitude 0,
as in GONG's maps of whole rotations. Like GONG's, ``CDELT2`` counts sine
latitude, which sunpy understands in maps whose ``TELESCOP`` ends in ``GONG``.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time
from numpy.typing import NDArray
from sunpy.coordinates.sun import carrington_rotation_number

from pipeline.core import GlobalMap
from pipeline.core.grid import R_SUN_CM
from pipeline.publish import durable
from pipeline.publish.provenance import Provenance, enhancement, in_words

ORIGIN = "allsun"
NLAT, NLON = 180, 360
LAYOUT: tuple[tuple[str, str | float, str], ...] = (
    ("DATATYPE", "REAL*4", "type of data"),
    ("WCSNAME", "Carrington Cylin-equal-area", ""),
    ("CTYPE1", "CRLN-CEA", "Carrington longitude"),
    ("CTYPE2", "CRLT-CEA", "Carrington sine latitude"),
    ("CRPIX1", 180.5, "180 degrees from initial longitude"),
    ("CRPIX2", 90.5, "Equator of map"),
    ("CRVAL1", 180.0, "Carrington longitude of map centre (deg)"),
    ("CRVAL2", 0.0, "Sine-lat of Equator"),
    ("PV2_1", 1.0, "Lambda for latitude coordinate"),
    ("CDELT1", 1.0, "Carrington long. step (deg)"),
    ("CDELT2", 2.0 / NLAT, "Sine-lat step"),
    ("IMTYPE", "MAGNETIC", ""),
    ("BUNIT", "Gauss", "radial field"),
    ("RSUN_REF", R_SUN_CM / 100, "[m] solar radius"),
    ("LONG0", 0, "Init. Carr-long. of synoptic map"),
    ("MAPL0", 0, ""),
    ("MAPEDGE", 0, "Carrington longitude of map left edge (deg)"),
)


def write_wsa(path: Path, map_: GlobalMap, provenance: Provenance) -> None:
    """Write *map_*, averaged over the area of each cell.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    hdu = fits.PrimaryHDU(area_mean(map_.br), header(map_, provenance))
    hdu.header["FILENAME"] = path.name
    buffer = io.BytesIO()
    hdu.writeto(buffer)
    durable.write(path, buffer.getvalue())


def area_mean(br: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average cells of equal area, (nlat, nlon) -> (180, 360); exact on any grid."""
    rows = _rebin(br.astype(np.float64), NLAT)
    return _rebin(rows.T, NLON).T.astype(np.float32)


def _rebin(rows: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Average equally high rows to *n* rows, through the finest common division."""
    common = math.lcm(len(rows), n)
    fine = np.repeat(rows, common // len(rows), axis=0)
    return np.asarray(fine.reshape(n, common // n, -1).mean(axis=1))


def header(map_: GlobalMap, provenance: Provenance) -> fits.Header:
    """GONG's keywords; rotation numbers fall from left to right as longitude rises."""
    time = map_.time
    now = float(carrington_rotation_number(Time(time.replace(tzinfo=None), scale="utc")))
    rotation = math.floor(now)
    simulated = "SIMULATED " if map_.simulated else ""
    cards = [
        ("ORIGIN", ORIGIN, "FITS file originator"),
        ("TELESCOP", f"{simulated}allsun as NSO-GONG", "layout of GONG"),
        ("DATE", provenance.created_iso[:-1], "when this file was made (UTC)"),
        ("DATE-OBS", f"{time:%Y-%m-%d}", "valid time: date (UTC)"),
        ("TIME-OBS", f"{time:%H:%M}", "valid time (UTC)"),
        ("CAR_ROT", rotation, "Carrington rotation of the valid time"),
        ("CARROT", rotation, ""),
        ("CREDGE", float(rotation + 1), "Carr-rot of map left edge"),
        ("CRNOW", round(now, 7), "Carr-rot of the valid time"),
        ("CR60", round(rotation + 1 - 60 / 360, 7), "Carr-rot of 60 degrees in"),
        ("CRCENTER", rotation + 0.5, "Carr-rot of map centre"),
        ("MAPNAME", f"{rotation}_0", ""),
        ("MAPDATE", f"{time:%Y-%m-%d}", "UT date of this map"),
        ("MAPTIME", f"{time:%H:%M}", "UT time of this map"),
        ("SIMULATE", map_.simulated, "T if no telescope took the inputs"),
        ("NETFLUX", map_.net_flux_removed, "[Mx] net flux removed from the map"),
        ("SOFTWARE", f"allsun {provenance.software}", ""),
        ("SETTINGS", provenance.settings_digest, ""),
        ("ENHANCE", enhancement(map_) != "off", "T if neural networks took part"),
    ]
    result = fits.Header([*cards, *LAYOUT])
    for observation in map_.inputs:
        when = f"{observation.time:%Y-%m-%dT%H:%M:%S}Z"
        result["COMMENT"] = f"input {observation.instrument} {when} {observation.file.url}"
        result["COMMENT"] = f"sha256 {observation.file.sha256}"
        if observation.inferences:
            result["COMMENT"] = in_words(observation)
    for note in map_.notes:
        result["COMMENT"] = re.sub(r"[^ -~]", "?", note)  # FITS is ASCII
    return result
