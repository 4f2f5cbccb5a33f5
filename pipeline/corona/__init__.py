"""From a map of the surface to the magnetic field above it.

Knows: potential fields and where their lines lead. Refuses to know: files.
"""

from pipeline.corona.pfss import extrapolate

__all__ = ["extrapolate"]
