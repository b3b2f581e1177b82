"""The schema as it is served: guarded before execution, limited in time, and with a code on every error."""

import asyncio
import time
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

import orjson
from graphql import DocumentNode, get_operation_ast
from graphql.language import OperationType as CoreOperationType
from strawberry.schema import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing

from gql_app.graphql.direct.executor import DirectExecutor, OrdinaryExecutor, direct_execution
from gql_app.graphql.direct.planning import DEFINITION
from gql_app.graphql.errors import code_errors, failure
from gql_app.graphql.guard.documents import CACHED_DOCUMENTS, Documents, Studied
from gql_app.graphql.guard.extension import Costs, Guard
from gql_app.graphql.guard.limits import Limits
from gql_app.graphql.guard.variables import excess
from gql_app.graphql.identity_cache import IdentityCache
from gql_app.graphql.operations import NoteOperation, OperationCounts
from gql_app.graphql.shared_streams import Results, SharedStreams
from gql_app.settings import Settings
from resolvers.context import Context
from schema.base.scalars import SCALARS
from schema.base.selection import fields_of, fragments_of
from schema.base.telling import TELLING, Telling
from schema.roots import Mutation, Query, Subscription
from services.errors import ErrorCode


class ApiSchema(Schema):
    """The executable schema. What a client sends never makes it raise: every failure is a coded error.

    `direct`: whether plain objects are read directly (`direct/executor.py`). Answers are the same without; no setting,
    as nobody who runs the service has a reason to do without.
    """

    def __init__(self, settings: Settings, note: NoteOperation | None = None, *, direct: bool = True) -> None:
        self._counts = OperationCounts(note)
        self.limits = limits = Limits(
            depth=settings.graphql_max_depth,
            aliases=settings.graphql_max_aliases,
            directives=settings.graphql_max_directives,
            comparisons=settings.graphql_max_comparisons,
            characters=settings.graphql_max_characters,
            tokens=settings.graphql_max_tokens,
            introspection=settings.graphql_introspection,
        )
        self._max_seconds = settings.graphql_max_seconds
        self._shared = SharedStreams()
        self._documents = documents = Documents(limits)
        costs: Costs = IdentityCache(CACHED_DOCUMENTS)
        super().__init__(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            execution_context_class=DirectExecutor if direct else OrdinaryExecutor,
            extensions=[lambda: Guard(documents, costs, settings.graphql_max_cost)],
            config=StrawberryConfig(scalar_map=SCALARS),
        )

    @property
    def direct_fallbacks(self) -> Counter[str]:
        """How often what could have been read directly was not ordinary after all, by the type of the objects."""
        return direct_execution(self._schema).fallbacks

    def process_errors(self, errors: list[Any], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: errors are logged where they get their codes, and expected ones are not logged at all."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute a query or mutation within the time limit.

        The result is a `PreExecutionError` where the operation was refused before it began.
        """
        began = time.perf_counter()
        result = await self._execute(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
        )
        studied = self._documents.known(query or "")
        self._counts.ended(studied, operation_name or None, result, time.perf_counter() - began)
        return result

    async def _execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Context | None,
        root_value: Any | None,
        operation_name: str | None,
        allowed_operation_types: Iterable[OperationType] | None,
        operation_extensions: dict[str, Any] | None,
    ) -> ExecutionResult:
        refusal = self._refusal(query, variable_values)
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(self._max_seconds):
                studied = await self._study(query, context_value)
                if studied.document is None:
                    return PreExecutionError(data=None, errors=list(studied.faults))
                result = await super().execute(
                    query,
                    variable_values,
                    context_value,
                    root_value,
                    operation_name or None,
                    allowed_operation_types,
                    operation_extensions,
                )
        except TimeoutError:
            late = failure(ErrorCode.TIMEOUT, f"The operation took more than {self._max_seconds:g} seconds.")
            return ExecutionResult(data=None, errors=[late])
        except CannotGetOperationTypeError as error:
            return _refused(ErrorCode.GRAPHQL_VALIDATION_FAILED, error.as_http_error_reason())
        except InvalidOperationTypeError as error:
            return _not_allowed(error.operation_type)
        return _coded(result, context_value)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> StreamResult:
        """Execute any operation over a WebSocket: a subscription's results one by one, or the one of the others."""
        refusal = self._refusal(query, variable_values)
        if refusal is not None:
            self._counts.ended(None, None, refusal, 0.0)
            return _single(refusal)
        studied = await self._study(query, context_value)
        telling = None if studied.document is None else self._telling(studied.document, operation_name or None)
        if context_value is not None and telling is not None:
            self._counts.followed(studied, operation_name or None)
            return self._subscribed(query or "", variable_values or {}, operation_name or None, context_value, telling)
        return _single(await self.execute(query, variable_values, context_value, root_value, operation_name))

    async def _study(self, query: str | None, context: Context | None) -> Studied:
        return await self._documents.study(self._schema, query or "", context.client if context else "-")

    def _telling(self, document: DocumentNode, operation_name: str | None) -> Telling | None:
        """How results are told; None: the operation is no subscription."""
        operation, root = get_operation_ast(document, operation_name), self._schema.subscription_type
        if root is None or operation is None or operation.operation is not CoreOperationType.SUBSCRIPTION:
            return None
        followed = next(fields_of([operation.selection_set], fragments_of(document)), None)
        definition = root.fields.get(followed.name.value) if followed is not None else None
        declared = None if definition is None else definition.extensions[DEFINITION].metadata.get(TELLING)
        return declared or Telling.LATEST

    def _subscribed(
        self, query: str, variables: dict[str, Any], operation_name: str | None, context: Context, telling: Telling
    ) -> StreamResult:
        """The results of a subscription, shared with all who follow the same and may see the same.

        Also where they are not shared, a task reads them: a client that is slow must not keep its turn meanwhile.
        """
        caller = context.caller
        asked = (query, operation_name, orjson.dumps(variables, option=orjson.OPT_SORT_KEYS))
        key: Hashable = object() if telling is Telling.APART else (asked, caller.tenants, caller.scopes)
        # The stream may outlive the connection that it was opened for.
        own = Context(
            context.services, caller, context.request_id, context.max_page_size, context.client, context.budget_of
        )
        open_stream = super().stream

        async def opened() -> Results:
            source = await open_stream(query, variables, own, None, operation_name)
            return _coded_stream(source, own)

        return self._shared.follow(key, opened, each=telling is not Telling.LATEST)

    def _refusal(self, query: str | None, variables: dict[str, Any] | None) -> PreExecutionError | None:
        """Why a request is not even parsed, if it is not."""
        if not query:
            return _refused(ErrorCode.BAD_REQUEST, "The request has no query.")
        too_much = excess(variables or {})
        if len(query) > self.limits.characters:
            too_much = f"The document has more than {self.limits.characters} characters."
        return None if too_much is None else _refused(ErrorCode.QUERY_TOO_COMPLEX, too_much)


async def _single(result: ExecutionResult) -> StreamResult:
    yield result


async def _coded_stream(source: StreamResult, context: Context) -> Results:
    async with aclosing(source):
        async for result in source:
            if isinstance(result, ExecutionResult):
                yield _coded(result, context)


def _coded(result: ExecutionResult, context: Context | None) -> ExecutionResult:
    if result.errors:
        result.errors = code_errors(result.errors, context.request_id if context else "-")
    return result


def _refused(code: ErrorCode, message: str) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[failure(code, message)])


def _not_allowed(kind: OperationType) -> PreExecutionError:
    if kind is OperationType.SUBSCRIPTION:
        message = "Subscriptions are served over WebSocket (protocol graphql-transport-ws) only."
        return _refused(ErrorCode.WEBSOCKET_REQUIRED, message)
    return _refused(ErrorCode.METHOD_NOT_ALLOWED, "Mutations are served over POST only.")
