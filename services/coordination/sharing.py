"""Figures that many ask for at once: computed once for all who wait, some at a time, and never of too early a moment.

Every open page of a tenant asks for the same figures when its tickets change. Whoever asks is given an answer that was
begun after the question: while the same question is being answered, those who ask it next wait together for the next
answer. So however many ask, a question keeps one computation busy, and nothing that was true when somebody asked is
missing from what they are told. Nothing is remembered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from contextlib import AsyncExitStack
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast
from weakref import WeakValueDictionary

from services.errors import QueryTimeoutError

FIGURES_AT_ONCE = 16
"""Figures that one process has computed at a time; the database's connections are for others, too."""
FIGURES_OF_ONE_TENANT = 4
"""As many of them are one tenant's, so that its slow questions cannot keep all others waiting."""
OF_SEVERAL = ""
"""Stands for the tenant in questions about several, which have as many places as a tenant's together."""
PATIENCE_SECONDS = 10.0
"""Nobody waits longer for figures to be begun."""

P = ParamSpec("P")
T = TypeVar("T")


class Questions:
    """The questions that are being answered in one process."""

    def __init__(self, *, at_once: int = FIGURES_AT_ONCE, of_one_tenant: int = FIGURES_OF_ONE_TENANT) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._of_one_tenant = of_one_tenant
        self._places_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._last_asked: dict[Hashable, _Answer] = {}

    async def ask(self, tenant_id: str, question: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """What `compute` returns or raises, computed after this call.

        `question`: what is asked about the tenant; who asks the same has to mean the same computation.

        Raises:
            QueryTimeoutError: there was no place for it for 10 s.
        """
        key = tenant_id, question
        answer = self._last_asked.get(key)
        if answer is None or answer.has_begun:
            answer = self._last_asked[key] = _Answer(before=answer)
            answer.task = asyncio.create_task(self._answer(tenant_id, answer, compute))
            answer.task.add_done_callback(partial(self._forget, key))
        return cast("T", await answer.awaited())

    async def _answer(self, tenant_id: str, answer: "_Answer", compute: Callable[[], Awaitable[T]]) -> T | None:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await answer.ended_before()
                    await held.enter_async_context(self._places_of_tenant(tenant_id))
                    await held.enter_async_context(self._places)
            except TimeoutError as error:
                raise QueryTimeoutError("Too many figures are asked for at the moment; ask again.") from error
            return await compute() if answer.begin() else None

    def _places_of_tenant(self, tenant_id: str) -> asyncio.Semaphore:
        return self._places_of.setdefault(tenant_id, asyncio.Semaphore(self._of_one_tenant))

    def _forget(self, key: tuple[str, Hashable], task: asyncio.Task[Any]) -> None:
        answer = self._last_asked.get(key)
        if answer is not None and answer.task is task:
            del self._last_asked[key]
        if not task.cancelled():
            task.exception()  # it may be that nobody waits for it any more


class _Answer:
    """One answer, for all who asked before it was begun.

    What the database has been asked cannot be called back: an answer that was begun keeps its place until it is there,
    though nobody may wait for it any more.
    """

    task: asyncio.Task[Any]

    def __init__(self, before: "_Answer | None") -> None:
        self.has_begun = False
        self._before = None if before is None else before.task
        self._waiting = 0

    async def ended_before(self) -> None:
        """Wait until the same question is not being answered any more."""
        if self._before is not None:
            await asyncio.wait([self._before])
            self._before = None

    def begin(self) -> bool:
        """Let nobody else wait for this answer; returns whether anybody does."""
        self.has_begun = True
        return self._waiting > 0

    async def awaited(self) -> Any:
        """The answer."""
        self._waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self._waiting -= 1


class Asked(Protocol):
    """What answers questions."""

    _questions: Questions


S = TypeVar("S", bound=Asked)


def shared(
    method: Callable[Concatenate[S, str, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, str, P], Coroutine[Any, Any, T]]:
    """Decorates a method that is asked about a tenant, with arguments that can be hashed: `Questions` has it called.

    It must not call another such method: both together would need more places than there may be.
    """

    @wraps(method)
    async def ask(self: S, tenant_id: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
        question = (method.__qualname__, args, tuple(sorted(kwargs.items())))
        return await self._questions.ask(tenant_id, question, lambda: method(self, tenant_id, *args, **kwargs))

    return ask
