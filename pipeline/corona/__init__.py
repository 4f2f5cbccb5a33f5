"""From a map of the surface to the magnetic field above it, and what follows from that.

Knows: potential fields, where their lines lead, the wind along them. Refuses to know: files.

Where do I go to…
solve the field above a map      potential.py (modes.py: what is kept per grid)
follow its lines                 mapping.py (lines.py: the compiled step)
compare with pfsspy              reference.py
list coronal holes               holes.py
predict wind                     wind.py; expansion.py for other expansion factors
connect an observer to the Sun   connectivity.py
have all of it, or an ensemble   products.py
"""

from pipeline.corona.extrapolate import Solver, extrapolate
from pipeline.corona.mapping import field_line, map_photosphere, map_source_surface, open_fraction
from pipeline.corona.potential import prepare, solve
from pipeline.corona.products import Ensemble, Products, Recipe, derive, gather
from pipeline.corona.wind import LAWS, law

__all__ = [
    "LAWS",
    "Ensemble",
    "Products",
    "Recipe",
    "Solver",
    "derive",
    "extrapolate",
    "field_line",
    "gather",
    "law",
    "map_photosphere",
    "map_source_surface",
    "open_fraction",
    "prepare",
    "solve",
]
