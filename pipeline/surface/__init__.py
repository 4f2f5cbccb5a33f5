"""From images to one map of the whole surface.

Knows: averaging a disk onto the Carrington grid without losing flux, carrying a
map through time, combining it with observations, balancing its flux.
Refuses to know: files.
"""

from pipeline.surface.assimilation import (
    Layer,
    analyse,
    balance,
    blank,
    first_guess,
    forecast,
    observe,
)
from pipeline.surface.ensemble import with_members
from pipeline.surface.flows import FLOWS, Flow
from pipeline.surface.orientation import require_upright
from pipeline.surface.poles import constrain_poles
from pipeline.surface.regions import pictured_regions
from pipeline.surface.regrid import radial_map, regrid, regrid_seen
from pipeline.surface.seismic import add_seismic, seismic_regions
from pipeline.surface.tracks import follow
from pipeline.surface.views import news, seen_from

__all__ = [
    "FLOWS",
    "Flow",
    "Layer",
    "add_seismic",
    "analyse",
    "balance",
    "blank",
    "constrain_poles",
    "first_guess",
    "follow",
    "forecast",
    "news",
    "observe",
    "pictured_regions",
    "radial_map",
    "regrid",
    "regrid_seen",
    "require_upright",
    "seen_from",
    "seismic_regions",
    "with_members",
]
