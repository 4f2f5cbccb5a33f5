"""From a map of the surface to the magnetic field above it, and what follows from that.

Knows: potential fields, where their lines lead, the wind along them. Refuses to know: files.

BLAS has one thread here, whose matrices are small; compiled loops over cells take the cores that
the process may use, or NUMBA_NUM_THREADS.

Where do I go to…
solve the field above a map      potential.py (modes.py: what is kept per grid)
follow its lines                 mapping.py (lines.py: the compiled step)
bend it flat above               current_sheet.py
compare with pfsspy              reference.py
list coronal holes               holes.py
pick lines for a picture         pictured.py
predict wind                     wind.py; expansion.py for other expansion factors
connect an observer to the Sun   connectivity.py
derive all of it from one field  products.py
count an ensemble                ensemble.py
go all the way from a map        extrapolate.py
"""

from pipeline.corona.extrapolate import extrapolate
from pipeline.corona.mapping import field_line, map_photosphere, map_source_surface, open_fraction
from pipeline.corona.pictured import pictured_lines
from pipeline.corona.potential import prepare, solve
from pipeline.corona.products import Expansion, Recipe, Solver
from pipeline.corona.wind import LAWS, law

__all__ = [
    "LAWS",
    "Expansion",
    "Recipe",
    "Solver",
    "extrapolate",
    "field_line",
    "law",
    "map_photosphere",
    "map_source_surface",
    "open_fraction",
    "pictured_lines",
    "prepare",
    "solve",
]
