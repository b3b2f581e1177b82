"""Figures that many ask for: computed once for all who wait, and never of a moment before the question."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from services.coordination import sharing
from services.coordination.sharing import Questions, shared
from services.errors import InvalidInputError, QueryTimeoutError


class Figures:
    """Tells what time it was when it began to compute, and lets itself be held up."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self.now = 0
        self.begun: list[tuple[str, object]] = []
        self.busy, self.busiest = 0, 0
        self.may_end = asyncio.Event()

    @shared
    async def told(self, tenant_id: str, unit: object = None, *, fails: bool = False) -> int:
        """What the time was."""
        began = self.now
        self.begun.append((tenant_id, unit))
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await self.may_end.wait()
        finally:
            self.busy -= 1
        if fails:
            raise InvalidInputError("no such unit")
        return began


async def settle() -> None:
    """Let everybody go as far as they come."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def asking(*questions: Callable[[], Awaitable[int]]) -> AsyncIterator[list[asyncio.Future[int]]]:
    tasks = [asyncio.ensure_future(question()) for question in questions]
    await settle()
    yield tasks
    for task in tasks:
        task.cancel()


async def test_who_asks_meanwhile_is_told_of_a_moment_after_the_question() -> None:
    figures = Figures(Questions())
    async with asking(lambda: figures.told("acme")) as [first]:
        figures.now = 1
        async with asking(*[lambda: figures.told("acme")] * 50) as later:
            assert len(figures.begun) == 1, "the next computation begins when this one has ended"
            figures.now = 2
            figures.may_end.set()
            assert await first == 0
            assert set(await asyncio.gather(*later)) == {2}
    assert len(figures.begun) == 2


async def test_other_questions_and_other_tenants_are_computed_apart() -> None:
    figures = Figures(Questions())
    asked = [("acme", "day"), ("acme", "week"), ("other", "day")]
    async with asking(*(lambda name=name, unit=unit: figures.told(name, unit) for name, unit in asked)) as answers:  # type: ignore[misc]
        assert figures.begun == asked
        figures.may_end.set()
        assert await asyncio.gather(*answers) == [0, 0, 0]


async def test_all_who_wait_are_told_of_an_error_and_the_next_is_computed_anew() -> None:
    figures = Figures(Questions())
    figures.may_end.set()
    async with asking(*[lambda: figures.told("acme", fails=True)] * 3) as answers:
        for answer in answers:
            with pytest.raises(InvalidInputError):
                await answer
    assert len(figures.begun) == 1
    assert await figures.told("acme") == 0


async def test_a_tenant_has_only_some_computed_at_a_time_and_the_process_not_many_more() -> None:
    figures = Figures(Questions(at_once=6, of_one_tenant=4))

    def question(tenant_id: str, number: int) -> Callable[[], Awaitable[int]]:
        return lambda: figures.told(tenant_id, number)

    async with asking(*(question("acme", number) for number in range(10))) as of_one:
        assert figures.busy == 4
        async with asking(*(question(f"other {number}", 0) for number in range(10))) as of_others:
            assert figures.busy == 6
            figures.may_end.set()
            assert await asyncio.gather(*of_one, *of_others) == [0] * 20
    assert figures.busiest == 6


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    figures = Figures(Questions(of_one_tenant=1))
    async with asking(lambda: figures.told("acme"), lambda: figures.told("acme")) as [gone, stays]:
        gone.cancel()
        figures.may_end.set()
        assert await stays == 0


async def test_what_nobody_waits_for_is_not_begun_and_what_was_begun_keeps_its_place() -> None:
    figures = Figures(Questions(of_one_tenant=1))
    async with asking(lambda: figures.told("acme", "slow"), lambda: figures.told("acme", "unwanted")) as asked:
        for each in asked:
            each.cancel()
        await settle()
        async with asking(lambda: figures.told("acme", "wanted")) as [wanted]:
            assert figures.begun == [("acme", "slow")], "the database still works on it"
            figures.may_end.set()
            assert await wanted == 0
    assert figures.begun == [("acme", "slow"), ("acme", "wanted")]


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "PATIENCE_SECONDS", 0.05)
    figures = Figures(Questions(of_one_tenant=1))
    async with asking(lambda: figures.told("acme", "slow"), lambda: figures.told("acme", "late")) as [_, late]:
        with pytest.raises(QueryTimeoutError, match="ask again"):
            await late


async def test_nothing_is_remembered() -> None:
    questions = Questions()
    figures = Figures(questions)
    async with asking(lambda: figures.told("acme", "a"), lambda: figures.told("acme", "b")) as [_, gone]:
        gone.cancel()
        figures.may_end.set()
        await settle()
    with suppress(InvalidInputError):
        await figures.told("acme", fails=True)
    await settle()
    assert not questions._last_asked
    assert not questions._places_of
