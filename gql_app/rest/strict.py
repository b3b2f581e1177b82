"""Routes that refuse parameters which they do not have: to leave out of account what was asked for would be to answer
another question."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from fastapi.routing import APIRoute

from gql_app.rest.conditions import is_list, unknown_parameter
from services.errors import InvalidInputError


class StrictRoute(APIRoute):
    """A route that takes its own query parameters, and takes none twice that has one value."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, which looks at the names of the parameters first.

        Raises:
            InvalidInputError: a parameter is unknown, or given twice.
        """
        handle = super().get_route_handler()
        fields = [
            field
            for field in get_flat_params(self.dependant)
            if not isinstance(field.field_info, (Path, Header, Cookie))
        ]
        known = {field.alias for field in fields}
        lists = {field.alias for field in fields if is_list(field.field_info.annotation)}

        async def strict(request: Request) -> Response:
            given = [name for name, _ in request.query_params.multi_items()]
            for name in given:
                if name not in known:
                    raise unknown_parameter(name, known)
                if name not in lists and given.count(name) > 1:
                    raise InvalidInputError(f"{name} is given more than once.")
            return await handle(request)

        return strict
