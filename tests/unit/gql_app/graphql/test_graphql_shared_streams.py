"""Shared streams: one computation, told to all who follow it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from strawberry.types.execution import ExecutionResult

from gql_app.graphql import shared_streams
from gql_app.graphql.shared_streams import KEPT_EVENTS, Results, SharedStreams
from tests.waiting import until

END = object()


class Source:
    """Streams of what a test says."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self._said: asyncio.Queue[Any] = asyncio.Queue()

    def say(self, value: object) -> None:
        """Have the stream yield the value, raise it, or end."""
        self._said.put_nowait(value)

    async def open(self) -> Results:
        self.opened += 1
        return self._stream()

    async def _stream(self) -> AsyncGenerator[ExecutionResult, None]:
        try:
            while (value := await self._said.get()) is not END:
                if isinstance(value, Exception):
                    raise value
                yield ExecutionResult(data=value, errors=None)
        finally:
            self.closed += 1


async def told(results: Results) -> Any:
    return (await anext(results)).data


async def test_one_stream_is_told_to_all() -> None:
    streams, source = SharedStreams(), Source()
    one, other = (streams.follow("key", source.open) for _ in range(2))
    both = asyncio.gather(told(one), told(other))
    source.say({"n": 1})
    assert await both == [{"n": 1}] * 2
    assert source.opened == len(streams) == 1
    await one.aclose()
    assert source.closed == 0
    await other.aclose()
    assert (source.closed, len(streams)) == (1, 0)


async def test_who_comes_later_is_told_the_latest_at_once() -> None:
    streams, source = SharedStreams(), Source()
    async with aclosing(streams.follow("key", source.open)) as one:
        source.say({"n": 1})
        await told(one)
        async with aclosing(streams.follow("key", source.open)) as other:
            assert await told(other) == {"n": 1}
    assert source.opened == 1


async def test_who_comes_much_later_is_told_what_is_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_streams, "FRESH_SECONDS", -1.0)
    streams, source = SharedStreams(), Source()
    async with aclosing(streams.follow("key", source.open)) as one:
        source.say({"n": 1})
        await told(one)
        async with aclosing(streams.follow("key", source.open)) as other:
            waiting = asyncio.gather(told(one), told(other))
            await until(lambda: source.opened == 2, "the stream to be opened again")
            source.say({"n": 2})
            assert await waiting == [{"n": 2}] * 2
    assert source.closed == 2


async def test_slow_follower_is_told_the_latest_only() -> None:
    streams, source = SharedStreams(), Source()
    async with aclosing(streams.follow("key", source.open)) as slow:
        source.say({"n": 0})
        await told(slow)
        async with aclosing(streams.follow("key", source.open)) as quick:
            await told(quick)
            for number in range(1, 5):
                source.say({"n": number})
                assert await told(quick) == {"n": number}
        assert await told(slow) == {"n": 4}


async def test_nobody_is_told_the_same_twice_in_a_row() -> None:
    streams, source = SharedStreams(), Source()
    async with aclosing(streams.follow("key", source.open)) as results:
        for number in (1, 1, 1, 2):
            source.say({"n": number})
        assert await told(results) in ({"n": 1}, {"n": 2})
        source.say({"n": 3})
        shown = [await told(results)]
        while shown[-1] != {"n": 3}:
            shown.append(await told(results))
    assert shown in ([{"n": 2}, {"n": 3}], [{"n": 3}])


async def test_the_last_result_is_told_before_the_end() -> None:
    streams, source = SharedStreams(), Source()
    results = streams.follow("key", source.open)
    source.say({"n": 1})
    source.say({"n": 2})
    source.say(END)
    shown = [result.data async for result in results]
    assert shown[-1] == {"n": 2}
    assert len(streams) == 0


async def test_stream_that_has_ended_is_opened_again() -> None:
    streams, source = SharedStreams(), Source()
    for _ in range(2):
        source.say({"n": 1})
        source.say(END)
        assert [result.data async for result in streams.follow("key", source.open)] == [{"n": 1}]
    assert source.opened == 2


async def test_failure_is_everybodys() -> None:
    streams, source = SharedStreams(), Source()
    followers = [asyncio.create_task(told(streams.follow("key", source.open))) for _ in range(3)]
    await until(lambda: source.opened == 1, "the stream to be opened")
    source.say(ValueError("broken"))
    failures = await asyncio.gather(*followers, return_exceptions=True)
    assert [str(failure) for failure in failures] == ["broken"] * 3
    await until(lambda: len(streams) == 0, "the end of the stream")


async def test_other_keys_have_other_streams() -> None:
    streams, one, other = SharedStreams(), Source(), Source()
    for key, source in (("one", one), ("other", other)):
        source.say({"key": key})
        async with aclosing(streams.follow(key, source.open)) as results:
            assert await told(results) == {"key": key}
    assert (one.opened, other.opened) == (1, 1)


async def test_everybody_is_told_every_event_from_their_coming_on() -> None:
    streams, source = SharedStreams(), Source()
    async with aclosing(streams.follow("key", source.open, each=True)) as one:
        source.say("opening")
        source.say({"n": 1})
        assert [await told(one), await told(one)] == ["opening", {"n": 1}]
        async with aclosing(streams.follow("key", source.open, each=True)) as other:
            assert await told(other) == "opening"
            for number in (2, 2, 3):
                source.say({"n": number})
            for results in (one, other):
                assert [await told(results) for _ in range(3)] == [{"n": 2}, {"n": 2}, {"n": 3}]
    assert (source.opened, source.closed, len(streams)) == (1, 1, 0)


async def test_who_is_too_slow_for_the_events_is_told_so() -> None:
    streams, source = SharedStreams(), Source()
    async with (
        aclosing(streams.follow("key", source.open, each=True)) as slow,
        aclosing(streams.follow("key", source.open, each=True)) as quick,
    ):
        source.say("opening")
        assert (await told(slow), await told(quick)) == ("opening", "opening")
        for number in range(KEPT_EVENTS + 1):
            source.say(number)
            assert await told(quick) == number
        late = [result async for result in slow]
    assert [result.data for result in late] == [None]
    assert [error.extensions for error in late[0].errors or ()] == [{"code": "UNAVAILABLE"}]


async def test_who_is_just_quick_enough_misses_no_event() -> None:
    streams, source = SharedStreams(), Source()
    async with (
        aclosing(streams.follow("key", source.open, each=True)) as slow,
        aclosing(streams.follow("key", source.open, each=True)) as quick,
    ):
        source.say("opening")
        assert (await told(slow), await told(quick)) == ("opening", "opening")
        for number in range(KEPT_EVENTS):
            source.say(number)
            await told(quick)
        assert [await told(slow) for _ in range(KEPT_EVENTS)] == list(range(KEPT_EVENTS))


async def test_events_end_with_their_stream_and_fail_with_it() -> None:
    streams, source = SharedStreams(), Source()
    for value in ("opening", 1, END):
        source.say(value)
    assert [result.data async for result in streams.follow("key", source.open, each=True)] == ["opening", 1]
    source.say(ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        await told(streams.follow("key", source.open, each=True))
    assert (source.opened, len(streams)) == (2, 0)
