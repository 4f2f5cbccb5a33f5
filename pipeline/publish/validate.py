"""Whether a product file keeps the contract: names, units, grid, values, provenance."""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from pipeline.core import BadFile, CarringtonGrid, Evidence, Quality, Source
from pipeline.core.grid import R_SUN_CM
from pipeline.publish import contract, farside, members, netcdf, wsa

NETCDF, FITS, PNG = b"\x89HDF", b"SIMPLE", b"\x89PNG\r\n\x1a\n"
LEADING = {
    "synchronic": "br",
    "corona": "open_field",
    "farside": "limb_return",
    "state": "br_departure",
}  # the field that tells the product
CONTENTS = {kind: {**own, **contract.COORDINATES} for kind, own in contract.PRODUCTS.items()}
CONTENTS["state"] = {**members.MEMBERS, **contract.COORDINATES}
CONTENTS["farside"] = {**farside.REGIONS, **farside.PLACES}
ATTRIBUTES = (
    "Conventions",
    "title",
    "id",
    "naming_authority",
    "product_version",
    "algorithm_version",
    "settings_digest",
    "enhancement",
    "history",
    "date_created",
    "previous_map",
    "simulated",
)
FLUX_TOLERANCE = 1e-5  # relative; sums of float32 fields
PROBABILITY_ROUNDING = 1e-5  # parts of members, summed in float32
WIDTH = 1600  # pixels of a quicklook


def validate(path: Path) -> list[str]:
    """What is wrong with a product file, one clause each; empty when it is good.

    Raises
    ------
    BadFile : the file is missing, unreadable, or no kind of product.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        problem = f"it cannot be read ({error.strerror})"
        raise BadFile(path, problem, "check the path and its permissions") from error
    checks: dict[bytes, Callable[[Path], Iterator[str]]] = {NETCDF: _netcdf, FITS: _wsa, PNG: _png}
    for magic, check in checks.items():
        if start.startswith(magic):
            return list(check(path))
    raise BadFile(path, "it is no product of allsun", "give a NetCDF, FITS or PNG product")


def _netcdf(path: Path) -> Iterator[str]:
    data = netcdf.load(path)
    kind = next((k for k, field in LEADING.items() if field in data), None)
    if kind is None:
        raise BadFile(
            path,
            "it is NetCDF but no product of allsun",
            "give a synchronic, state, corona or farside product",
        )
    names = {**contract.INPUTS, **CONTENTS[kind]}
    missing = [n for n in names if n not in data.variables]
    if missing:
        yield f"variables are missing: {', '.join(missing)}"
        return
    for name, about in names.items():
        unit, found = about.get("units"), data[name].attrs.get("units")
        if found != unit:
            yield f"{name} has unit {found!r} instead of {unit!r}"
    yield from _provenance(path, data)
    if kind in contract.PRODUCTS:
        yield from _grid(data, LEADING[kind])
    yield from CHECKS[kind](data)


def _provenance(path: Path, data: xr.Dataset) -> Iterator[str]:
    """The file says what it is and what it was made from."""
    absent = [name for name in ATTRIBUTES if name not in data.attrs]
    if absent:
        yield f"attributes are missing: {', '.join(absent)}"
    if data.attrs.get("id") != path.resolve().stem:
        yield f"its id is {data.attrs.get('id')!r}, not the file's name"
    for url, digest in zip(data["input_url"].values, data["input_sha256"].values, strict=True):
        if not re.fullmatch("[0-9a-f]{64}", digest):
            yield f"the input {url} has no SHA-256"
    if data.attrs.get("simulated") and "SIMULATED" not in data.attrs.get("title", ""):
        yield "it is simulated but its title does not say so"


def _grid(data: xr.Dataset, field: str) -> Iterator[str]:
    """Whole sphere, equal steps in longitude and sine latitude, row 0 south."""
    if data[field].dims != contract.FIELD:
        yield f"the dimensions of {field} are {data[field].dims} instead of {contract.FIELD}"
        return
    if data.sizes.get("time") != 1:
        yield "it does not hold exactly one time"
    grid = CarringtonGrid(nlon=data.sizes["lon"], nlat=data.sizes["lat"])
    if not np.allclose(data["lon"], grid.lon, atol=1e-6):
        yield "lon does not cover 0 to 360 degrees in equal ascending steps"
    if not np.allclose(data["lat"], grid.lat, atol=1e-6):
        yield "lat does not cover the sphere in equal steps of sine latitude from the south"


def _synchronic(data: xr.Dataset) -> Iterator[str]:
    br, sigma = data["br"].values, data["br_sigma"].values
    if not np.isfinite(br).all():
        yield "br is not finite everywhere"
        return
    if not (np.isfinite(sigma).all() and (sigma > 0).all()):
        yield "br_sigma is not positive everywhere"
    if not np.isin(data["source"], list(Source)).all():
        yield "source holds values without a meaning"
    if (data["age"].values < 0).any():
        yield "age is negative somewhere"
    if int(data["qc"]) & ~sum(Quality):
        yield "qc holds flags without a meaning"
    area = 4.0 * np.pi * R_SUN_CM**2 / br.size
    unsigned = float(np.abs(br, dtype=np.float64).sum() * area)
    net = float(br.sum(dtype=np.float64) * area)
    if not np.isclose(unsigned, float(data["unsigned_flux"]), rtol=FLUX_TOLERANCE):
        yield f"unsigned_flux is {float(data['unsigned_flux']):.4e} Mx, br gives {unsigned:.4e}"
    if abs(net) > FLUX_TOLERANCE * unsigned:
        yield f"br is not balanced: its net flux is {net:.2e} Mx"


def _corona(data: xr.Dataset) -> Iterator[str]:
    if not np.isin(data["open_field"], (-1, 0, 1)).all():
        yield "open_field holds values other than -1, 0, 1"
    for name in ("br_source_surface", "wind_speed", "wind_speed_21_5", "wind_speed_1au"):
        if not np.isfinite(data[name]).all():
            yield f"{name} is not finite everywhere"
        elif name != "br_source_surface" and not (data[name] > 0).all():
            yield f"{name} is not positive everywhere"
    parts = "open_probability", "outward_probability", "footpoint_probability", "open_fraction"
    for name in parts:
        if not ((data[name] >= 0) & (data[name] <= 1 + PROBABILITY_ROUNDING)).all():
            yield f"{name} is no probability everywhere"
    for name in ("expansion_factor", "coronal_hole_distance"):
        if (data[name] < 0).any():
            yield f"{name} is negative somewhere"
    if data.attrs.get("expansion_factor_field") not in ("radial", "total"):
        yield "expansion_factor_field does not say whose expansion it is"
    if not data.sizes["member"]:
        yield "it has no members"
    if not float(data["source_surface_radius"]) > 1:
        yield "source_surface_radius is not above the photosphere"
    if not float(data["open_flux"]) >= 0:
        yield "open_flux is negative or missing"
    if (np.abs(data["neutral_line_lat"].values) > 90).any():
        yield "neutral_line_lat leaves the sphere"


def _state(data: xr.Dataset) -> Iterator[str]:
    departure = data["br_departure"]
    number = departure.sizes["member"]
    # Each member is rounded to a step, so their mean departs from nothing by less than one.
    if number and np.abs(departure.values.mean(axis=1)).max() > 1.0:
        yield "the members' mean is not the map"


def _farside(data: xr.Dataset) -> Iterator[str]:
    if data.attrs.get("featureType") != "point":
        yield "its featureType is not 'point'"
    number = data["number"].values
    if len(set(number.tolist())) < number.size:
        yield "two regions have one number"
    if (np.abs(data["lat"].values) > 90).any() or ((lon := data["lon"].values) % 360 != lon).any():
        yield "a region leaves the sphere"
    chance = data["probability"].values
    if not ((chance >= 0) & (chance <= 1)).all():
        yield "probability leaves 0 to 1"
    if not (data["evidence"].values > 0).all() or (data["evidence"].values & ~sum(Evidence)).any():
        yield "evidence is missing or holds flags without a meaning"
    if (data["flux"].values < 0).any():
        yield "flux is negative somewhere"
    if not (data["limb_return"].values >= data["time"].values).all():
        yield "a region has returned already"


def _wsa(path: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings(action="error"), path.open("rb") as opened:
            file = fits.open(opened, memmap=False)
            header, data = file[0].header, file[0].data
    except (OSError, TypeError, ValueError, AstropyWarning) as error:
        raise BadFile(path, "it is not readable FITS", "fetch or make it again") from error
    if header.get("ORIGIN") != wsa.ORIGIN:
        raise BadFile(path, "it is FITS but no product of allsun", "give a WSA product")
    if data is None or data.shape != (wsa.NLAT, wsa.NLON):
        yield f"the image is not {wsa.NLON} x {wsa.NLAT}"
        return
    if not np.isfinite(data).all():
        yield "the field is not finite everywhere"
    for key, value, _ in wsa.LAYOUT:
        if header.get(key) != value:
            yield f"{key} is {header.get(key)!r} instead of {value!r}"
    for key in ("DATE-OBS", "TIME-OBS", "CAR_ROT", "CRNOW"):
        if key not in header:
            yield f"{key} is missing"


def _png(path: Path) -> Iterator[str]:
    """Signature, size and end (https://www.w3.org/TR/png-3/)."""
    content = path.read_bytes()
    if not content.endswith(b"IEND\xaeB`\x82"):
        yield "the picture is cut short"
    elif struct.unpack(">I", content[16:20])[0] != WIDTH:
        yield f"the picture is not {WIDTH} pixels wide"


CHECKS: dict[str, Callable[[xr.Dataset], Iterator[str]]] = {
    "synchronic": _synchronic,
    "state": _state,
    "corona": _corona,
    "farside": _farside,
}
