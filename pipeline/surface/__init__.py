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
from pipeline.surface.regrid import regrid
from pipeline.surface.seismic import add_seismic, seismic_regions

__all__ = [
    "FLOWS",
    "Flow",
    "Layer",
    "add_seismic",
    "analyse",
    "balance",
    "blank",
    "first_guess",
    "forecast",
    "observe",
    "regrid",
    "require_upright",
    "seismic_regions",
    "with_members",
]
