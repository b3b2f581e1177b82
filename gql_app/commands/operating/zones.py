"""The file that says which tenants lie on which shards of a cluster."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from documents.cluster import Zone
from gql_app.commands.configuration import InvalidSettingsError

Names = tuple[Annotated[str, Field(min_length=1)], ...]


class ZoneSection(BaseModel):
    """`[zones.NAME]`."""

    model_config = ConfigDict(extra="forbid")

    shards: Annotated[Names, Field(min_length=1)]
    tenants: Names = ()
    default: bool = False


class ZonesFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    zones: dict[str, ZoneSection]

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if twice := _twice(tenant for zone in self.zones.values() for tenant in zone.tenants):
            raise ValueError(f"tenant {twice} is named twice")
        if sum(zone.default for zone in self.zones.values()) != 1:
            raise ValueError("one zone, and no other, has to be the default: of tenants that none names")
        return self


def read_zones(path: Path | None) -> list[Zone]:
    """The zones that a file declares; none without a file.

    Raises:
        InvalidSettingsError: it cannot be read, or makes no sense.
    """
    if path is None:
        return []
    try:
        file = ZonesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettingsError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, each['loc']))} {each['msg']}".strip() for each in error.errors())
        raise InvalidSettingsError(f"{path}: {'; '.join(faults)}") from error
    return [Zone(name, zone.shards, zone.tenants, zone.default) for name, zone in file.zones.items()]


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]
