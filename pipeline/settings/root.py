"""All settings as one noun.

Knows: the sections and what holds between them. Refuses to know: files and mistakes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pipeline.core import BadRequest
from pipeline.settings.sections import (
    ArchiveSettings,
    CoronaSettings,
    CycleSettings,
    EnhanceSettings,
    PublisherSettings,
    QualitySettings,
    RetentionSettings,
    ServiceSettings,
    SurfaceSettings,
)
from pipeline.settings.values import grid

if TYPE_CHECKING:
    from pipeline.publish import Provenance

PREFIX = "ALLSUN_"


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    data: Path = Path("allsun-data")
    """Data directory: products, cached observations and the ledger live below it."""
    archives: ArchiveSettings = ArchiveSettings()
    """Where observations are fetched from."""
    cycle: CycleSettings = CycleSettings()
    """What one cycle uses."""
    enhance: EnhanceSettings = EnhanceSettings()
    """Neural networks applied to the images."""
    surface: SurfaceSettings = SurfaceSettings()
    """The map."""
    quality: QualitySettings = QualitySettings()
    """What a map is held to before it is published."""
    corona: CoronaSettings = CoronaSettings()
    """The potential-field corona."""
    publisher: PublisherSettings = PublisherSettings()
    """Who answers for the products."""
    service: ServiceSettings = ServiceSettings()
    """The daemon."""
    retention: RetentionSettings = RetentionSettings()
    """What is deleted, and when."""

    @model_validator(mode="after")
    def _corona_no_finer_than_map(self) -> Self:
        if grid(self.corona.grid).nlon > grid(self.surface.grid).nlon:
            raise BadRequest(
                f"Setting corona.grid ({self.corona.grid}) cannot be finer than surface.grid "
                f"({self.surface.grid}); set it to {self.surface.grid}."
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, whose content arrives as arguments."""
        return env_settings, init_settings

    @property
    def ledger_url(self) -> str:
        """Database of what was fetched."""
        return self.archives.ledger or f"sqlite:///{self.data.absolute()}/ledger.sqlite"

    def provenance(self) -> Provenance:
        """What a product made now, with these settings, says of its making."""
        from pipeline.publish import Provenance  # here, for no other command needs NetCDF

        return Provenance(datetime.now(UTC), self.digest(), **self.publisher.model_dump())

    def digest(self) -> str:
        """SHA-256 of the settings that shape products.

        Where data and weights lie and how much memory there is does not count.
        """
        sections = {"cycle", "enhance", "surface", "quality", "corona"}
        here = {"enhance": {"weights", "memory"}}
        shaping = self.model_dump(mode="json", include=sections, exclude=here)
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()
