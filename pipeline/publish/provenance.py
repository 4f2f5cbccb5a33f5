"""Who made a product, with what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline import __version__


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a product must say about its making that its map does not know.

    created : UTC, when the product was made
    settings_digest : identifies the settings in force
    networks : name, version and hash of every neural network that took part
    software : version of this software
    """

    created: datetime
    settings_digest: str
    networks: tuple[str, ...] = ()
    software: str = __version__

    @property
    def created_iso(self) -> str:
        """Creation time in the form of ACDD: ``2014-01-31T00:05:00Z``."""
        return f"{self.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def enhancement(self) -> str:
        """The networks that took part, or that none did."""
        return "; ".join(self.networks) or "off"
