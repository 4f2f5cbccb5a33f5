"""Who made a product, with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline import __version__
from pipeline.core import GlobalMap, Observation


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a product must say about its making that its map does not know.

    created : UTC, when the product was made
    settings_digest : identifies the settings in force
    institution, url, email : who answers for it
    software : version of this software
    """

    created: datetime
    settings_digest: str
    institution: str = "allsun"
    url: str | None = None
    email: str | None = None
    software: str = __version__

    @property
    def contact(self) -> dict[str, str]:
        """The attributes of ACDD that name who made and who publishes a product."""
        known = {"name": self.institution, "url": self.url, "email": self.email}
        roles = ("creator", "publisher")
        return {f"{r}_{key}": value for r in roles for key, value in known.items() if value}

    @property
    def created_iso(self) -> str:
        """Creation time in the form of ACDD: ``2014-01-31T00:05:00Z``."""
        return f"{self.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def networks(map_: GlobalMap) -> Mapping[str, str]:
    """The networks that inputs passed through, and the SHA-256 of each."""
    runs = [run for observation in map_.inputs for run in observation.inferences]
    return {run.network: run.sha256 for run in runs}


def enhancement(map_: GlobalMap) -> str:
    """The same as an attribute, which says so if there are none."""
    return "; ".join(f"{name} sha256 {sha}" for name, sha in networks(map_).items()) or "off"


def in_words(observation: Observation) -> str:
    """What networks did to an observation: which, where computed, how exactly, how far out."""
    return "; ".join(
        f"{run.network} on {run.provider} (parity {run.parity:.2g} G, "
        f"{run.outside:.2%} of pixels beyond training)"
        for run in observation.inferences
    )
