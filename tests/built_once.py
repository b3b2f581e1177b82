"""What takes longer to build than most tests take, and is the same for all of them."""

import ssl
import sys
from functools import cache, wraps
from importlib.util import find_spec
from typing import Any

from strawberry.schema import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gql_app.graphql.schema import ApiSchema


def share_graphql_types() -> None:
    """Let our GraphQL schema take over the types that the first one has built of our classes, which takes 20 ms.

    All else is its own: its extensions, and what executions keep with it.
    """
    build = Schema.__init__
    built: dict[object, dict[str, Any]] = {}

    @wraps(build)
    def take_over(self: Schema, *args: Any, extensions: Any = (), **kwargs: Any) -> None:
        if not isinstance(self, ApiSchema):
            build(self, *args, extensions=extensions, **kwargs)
            return
        before, executor = set(vars(self)), kwargs["execution_context_class"]
        if executor not in built:
            build(self, *args, extensions=extensions, **kwargs)
            built[executor] = {name: value for name, value in vars(self).items() if name not in before}
        vars(self).update(built[executor], extensions=tuple(extensions))
        core, shared = object.__new__(type(self._schema)), vars(self._schema)
        vars(core).update(shared, extensions={GraphQLCoreConverter.DEFINITION_BACKREF: self}, _strawberry_schema=self)
        self._schema = core

    Schema.__init__ = take_over  # type: ignore[method-assign]


def read_authorities_once() -> None:
    """Let clients of the tests share the world's certificates: to read them, for each anew, takes 20 ms."""
    ssl.create_default_context = cache(ssl.create_default_context)


def look_for_trio_once() -> None:
    """Httpx looks on the disk for trio's helper at every request in this process, unless it is known to be missing."""
    if "sniffio" not in sys.modules and find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
