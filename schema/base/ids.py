"""Global ids: opaque to clients, and enough to find any object again through `node(id)`."""

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

import strawberry

from services.errors import InvalidInputError


@strawberry.interface(description="An object with a globally unique id.")
class Node:
    """What `node(id)` can find."""

    id: strawberry.ID = strawberry.field(description="The globally unique id; opaque.")


@dataclass(frozen=True, slots=True)
class GlobalId:
    """The type, tenant and key that an id stands for."""

    type_name: str
    tenant_id: str
    key: str
    """What names the object within its tenant and type; empty where the tenant itself is meant."""

    @classmethod
    def parse(cls, text: str) -> "GlobalId":
        """Read an id.

        Raises:
            InvalidInputError: it is not one of ours.
        """
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode()
            type_name, tenant, key = raw.split(":", 2)
        except (binascii.Error, ValueError) as error:
            raise InvalidInputError("This is not an id of this service.") from error
        return cls(type_name, unquote(tenant), key)


def global_id(type_name: str, tenant_id: str, key: str = "") -> strawberry.ID:
    """The global id of an object."""
    raw = f"{_prefix(type_name, tenant_id)}{key}".encode("utf-8", "surrogatepass")
    return strawberry.ID(binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE).decode("ascii"))


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@lru_cache(maxsize=4096)
def _prefix(type_name: str, tenant_id: str) -> str:
    return f"{type_name}:{quote(tenant_id, safe='')}:"
