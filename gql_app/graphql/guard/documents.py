"""The documents that are in use, each parsed and checked once.

Doing that takes up to 50 ms of this process, in one piece. So a client's unknown documents are taken one by one, with
as long a pause after each: whatever it sends, others are served in between.
"""

from collections import OrderedDict
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse

from gql_app.graphql.errors import code_errors
from gql_app.graphql.guard.limits import Limits, check
from services.coordination.turns import Turns
from services.kit.clock import SystemClock

CACHED_DOCUMENTS = 100
"""A parsed document takes up to 1 MB, as the limit on tokens has it."""
SHORTEST_PAUSE_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Studied:
    """A document and what is wrong with it, whatever its variables."""

    document: DocumentNode | None
    """None: it does not parse."""
    faults: tuple[GraphQLError, ...]


class Documents:
    """What is known of documents from earlier operations."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, Studied] = OrderedDict()
        self.turns = Turns(SystemClock(), per_second=1 / SHORTEST_PAUSE_SECONDS)

    async def study(self, schema: GraphQLSchema, query: str, client: str) -> Studied:
        """What there is to know of a document; one that is not known yet waits for the client's turn."""
        if query in self._known:
            return self.get(schema, query)
        async with self.turns.turn(client):
            return self.get(schema, query)

    def known(self, query: str) -> Studied | None:
        """What there is to know of it, if it was studied lately."""
        return self._known.get(query)

    def get(self, schema: GraphQLSchema, query: str) -> Studied:
        """The same at once."""
        studied = self._known.get(query)
        if studied is None:
            studied = self._known[query] = _study(schema, query, self._limits)
            if len(self._known) > CACHED_DOCUMENTS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(query)
        return studied


def _study(schema: GraphQLSchema, query: str, limits: Limits) -> Studied:
    try:
        document = parse(query, max_tokens=limits.tokens)
    except GraphQLError as error:
        return Studied(None, tuple(code_errors([error], "-")))
    except RecursionError as error:
        return Studied(None, tuple(code_errors([GraphQLError(str(error), original_error=error)], "-")))
    return Studied(document, check(schema, document, limits))
