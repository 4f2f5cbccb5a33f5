"""Single stages on a user's own files: reading a map from any format, saying what a file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import archives, instruments, publish, surface
from pipeline.acts import coronal_holes, extrapolation, networks, peers
from pipeline.core import BadRequest, CarringtonGrid, Corona, GlobalMap, SolarImage
from pipeline.enhance import Network, installed, objection, suits
from pipeline.enhance import enhance as enhance_images
from pipeline.settings import Provider, Settings


def read_map(path: Path, realisation: int | None = None) -> GlobalMap:
    """A whole-Sun map from a product of ours or a FITS file, on its own grid and scale.

    realisation : which of ADAPT's, from 1; by default they become the members of the map, which
        is their mean

    Raises
    ------
    BadFile : it is neither.
    BadRequest : there is no such realisation.
    """
    if path.suffix == ".nc":
        return replace(publish.read_map(path), previous=archives.local(path))
    image = peers.choose(path, realisation)
    planes = () if realisation else instruments.read_realisations(archives.local(path))
    nlat, nlon = image.data.shape
    grid = CarringtonGrid(nlon, nlat)
    members = [surface.regrid(plane, grid).astype(np.float32) for plane in planes]
    return replace(
        surface.blank(image.observation.time, grid),
        br=surface.regrid(image, grid).astype(np.float32),
        members=np.stack(members) if len(members) > 1 else None,
        inputs=(image.observation,),
        simulated=image.observation.simulated,
    )


def enhance(
    paths: Sequence[Path],
    task: str,
    settings: Settings,
    name: str | None = None,
    provider: Provider | None = None,
    tile: int | None = None,
) -> SolarImage:
    """What a network makes of the observations in files.

    task : denoise, crosscal or farside
    name : of the network; by default the newest one for the task that suits
    provider : what computes, alone
    tile : longest side in pixels of what is computed at a time

    Raises
    ------
    BadFile : a file cannot be read, or does not suit the network.
    BadRequest : no installed network of that task takes them, or *name* has another task.
    BadNetwork : nothing computes the network rightly.
    """
    images = [instruments.read(archives.local(path)) for path in paths]
    network = networks.network(name, settings) if name else _fitting(images[0], task, settings)
    if network.card.task != task:
        raise BadRequest(f"{network.card.label} is there to {network.card.task}, not to {task}.")
    engine = networks.runtime(settings, provider).open(network)
    return enhance_images(images, engine, tile)


def _fitting(image: SolarImage, task: str, settings: Settings) -> Network:
    """The newest version of the first installed network for *task* that takes *image*."""
    found = [n for n in installed(networks.folder(settings)) if n.card.task == task]
    fitting = [network for network in found if suits(network.card, image)]
    if not fitting:
        why = {objection(network.card, image) for network in found} or {"none is installed"}
        raise BadRequest(
            f"{image.observation.file.path}: no network can {task} it ({'; '.join(map(str, why))});"
            " `allsun models list` shows what is installed."
        )
    return [n for n in fitting if n.card.name == fitting[0].card.name][-1]


def describe_enhanced(image: SolarImage) -> dict[str, Any]:
    """What a network made of an image, ready for JSON."""
    run = image.observation.inferences[-1]
    seen = image.data[image.mask]
    sigma = (
        {} if image.sigma is None else {"median_sigma": float(np.median(image.sigma[image.mask]))}
    )
    return {
        "network": run.network,
        "sha256": run.sha256,
        "provider": run.provider,
        "parity_gauss": run.parity,
        "beyond_training": run.outside,
        "seconds": run.seconds,
        "pixels": f"{image.data.shape[1]}x{image.data.shape[0]}",
        "unit": image.unit,
        "mean_absolute": float(np.abs(seen).mean()),
        **sigma,
        "notes": list(run.notes),
    }


def describe(path: Path) -> dict[str, Any]:
    """What a file is: instrument, time, geometry, field or brightness; ready for JSON.

    Raises
    ------
    BadFile : it is neither an observation nor a product.
    """
    return _product(path) if path.suffix == ".nc" else _observation(path)


def _product(path: Path) -> dict[str, Any]:
    if "open_field" in publish.variables(path):
        field = publish.read_corona(path)
        return {"file": str(path), "kind": "corona", **describe_corona(field)}
    if "limb_return" in publish.variables(path):
        farside = publish.read_farside(path)
        regions = publish.in_plain(farside)
        valid = f"{farside.time:%Y-%m-%dT%H:%M:%SZ}"
        return {"file": str(path), "kind": "far side", "valid_time": valid, "regions": regions}
    state = publish.read_map(path)
    return {
        "file": str(path),
        "kind": "synchronic map",
        "valid_time": f"{state.time:%Y-%m-%dT%H:%M:%SZ}",
        "grid": f"{state.grid.nlon}x{state.grid.nlat}",
        "unsigned_flux_mx": state.unsigned_flux,
        "net_flux_removed_mx": state.net_flux_removed,
        "sources": dict(state.area_fractions()),
        "qc": [str(flag.name).lower() for flag in state.qc],
        "notes": list(state.notes),
    }


def extrapolate(
    state: GlobalMap, settings: Settings, asked: Mapping[str, object], picture: Path | None = None
) -> Corona:
    """The corona of a map on its own grid; what is *asked* for, if not None, beats the settings.

    picture : of the Sun, to hold open field against the coronal holes on it

    Raises
    ------
    BadFile : the picture shows no solar disk at 193 or 195 Å.
    BadRequest : the map or what is asked for cannot be extrapolated, or the picture was taken
        more than a day from the map's time.
    """
    observed = None
    if picture:
        image = instruments.read(archives.local(picture))
        observed = coronal_holes.holes_at(state.time, image, state.grid)
    update = {name: value for name, value in asked.items() if value is not None}
    chosen = settings.corona.model_copy(update=update)
    return extrapolation.extrapolate(
        state, state.grid, settings.model_copy(update={"corona": chosen}), observed
    )


def describe_corona(field: Corona) -> dict[str, Any]:
    """The figures of a corona, ready for JSON."""
    ensemble = field.ensemble
    fluxes = [member.open_flux for member in ensemble.members]
    gauss, lon, lat = field.source_surface.dipole
    return {
        "valid_time": f"{field.time:%Y-%m-%dT%H:%M:%SZ}",
        "grid": f"{field.grid.nlon}x{field.grid.nlat}",
        "open_flux_mx": field.open_flux,
        "open_area_fraction": float((field.open_field != 0).mean()),
        "neutral_line_tilt_deg": _finite(field.tilt),
        "source_surface_dipole": {"gauss": gauss, "lon": lon, "lat": lat},
        "source_surface_radius": field.source_surface_radius,
        "radial_cells": field.radial_cells,
        "field_line_start_radius": field.start_radius,
        "solver": field.solver,
        "coronal_holes": len(field.holes),
        "largest_holes": [
            {
                "polarity": h.polarity,
                "lon": round(h.lon, 1),
                "lat": round(h.lat, 1),
                "area": round(h.area, 5),
                "flux_mx": float(f"{h.flux:.4g}"),
            }
            for h in field.holes[:3]
        ],
        "wind_law": field.wind.law,
        "expansion_factor_field": field.wind.expansion,
        "wind_speed_km_s": _range(field.wind.speed),
        "wind_speed_1au_km_s": _range(field.wind.speed_1au),
        **({"observed_holes": asdict(field.hole_score)} if field.hole_score else {}),
        "members": len(fluxes),
        "member_open_flux_mx": [min(fluxes), max(fluxes)],
        "connections": {
            name: {
                "lon": _finite(c.lon),
                "lat": _finite(c.lat),
                "polarity": c.polarity,
                "speed_km_s": c.speed,
            }
            for name, c in field.connections.items()
        },
        "earth_sectors": [
            {
                "time": f"{s.time:%Y-%m-%dT%H:%MZ}",
                "polarity": s.polarity,
                "outward_probability": round(s.outward, 3),
            }
            for s in field.sectors[::4]
        ],
    }


def _range(speed: np.ndarray[Any, Any]) -> dict[str, float]:
    return {"min": float(speed.min()), "mean": float(speed.mean()), "max": float(speed.max())}


def _finite(value: float) -> float | None:
    """What JSON can say of a figure that may be missing."""
    return value if np.isfinite(value) else None


def _observation(path: Path) -> dict[str, Any]:
    image = instruments.read(archives.local(path))
    seen, observation = image.data[image.mask], image.observation
    return {
        "file": str(path),
        "kind": str(observation.quantity),
        "instrument": observation.instrument,
        "time": f"{observation.time:%Y-%m-%dT%H:%M:%SZ}",
        "pixels": f"{image.data.shape[1]}x{image.data.shape[0]}",
        "unit": image.unit,
        "wavelength_angstrom": observation.wavelength,
        "observer": asdict(observation.observer),
        "geometry": {"kind": type(image.geometry).__name__, **_numbers(image.geometry)},
        "measured_fraction": float(image.mask.mean()),
        "minimum": float(seen.min()),
        "maximum": float(seen.max()),
        "mean_absolute": float(np.abs(seen).mean()),
        "quality": f"0x{observation.quality:08X}",
        "quick_look": observation.quick_look,
        "simulated": observation.simulated,
        "sha256": observation.file.sha256,
    }


def _numbers(geometry: Any) -> dict[str, float]:
    return {k: v for k, v in asdict(geometry).items() if isinstance(v, int | float)}
