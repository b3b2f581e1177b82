"""The executor that reads plain objects directly answers exactly what graphql-core's own answers, errors and all."""

import asyncio
import dataclasses
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gql_app.graphql.direct.executor import DirectExecutor, direct_execution
from gql_app.graphql.direct.planning import MAX_PLANS, Plans
from gql_app.graphql.schema import ApiSchema
from gql_app.settings import Settings
from schema.base.scalars import JSON, SCALARS
from tests.properties import tried_on


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf:
    text: str
    maybe: str | None
    texts: list[str | None]


@strawberry.type
class Judged:
    """A type that tells its objects itself, from what only the ordinary way gives it."""

    text: str

    @classmethod
    def is_type_of(cls, value: object, info: GraphQLResolveInfo) -> bool:
        return isinstance(value, Leaf) and info.context is not None


@strawberry.type
class Thing(Named):
    number: int
    ratio: float | None
    flag: bool
    colour: Colour | None
    moment: datetime | None
    anything: JSON | None
    leaf: Leaf | None
    leaves: list[Leaf]
    grid: list[list[int]] | None
    key: strawberry.ID | None

    @strawberry.field
    def shout(self) -> str:
        return f"{self.name}!"

    @strawberry.field
    def judged(self) -> list[Judged]:
        return self.leaves  # type: ignore[return-value]

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        return f"{self.name} later"


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, info: strawberry.Info) -> list[Thing] | None:
        return info.context

    @strawberry.field
    def thing(self, info: strawberry.Info) -> Thing | None:
        return info.context[0]

    @strawberry.field
    def named(self, info: strawberry.Info) -> list[Named | None]:
        return info.context


QUERIES = [
    "{ things { name } }",
    "{ things { name number ratio flag colour moment anything key __typename } }",
    "{ things { a: name b: name leaf { text maybe texts } leaves { __typename t: text } } }",
    "{ things { grid leaf { ...L } ...T } } fragment L on Leaf { text texts } fragment T on Thing { number colour }",
    "{ things { name shout leaf { text } } }",
    "{ things { later leaves { maybe } } }",
    "{ things { judged { text } } }",
    "{ thing { name leaf { text } leaves { text maybe } } }",
    "{ named { name ... on Thing { number leaf { text } } __typename } }",
    "query ($yes: Boolean!) { things { name @include(if: $yes) ... @skip(if: $yes) { number leaf { text } } } }",
    "{ things { ... on Named { name } ... @include(if: true) { flag } } }",
    "{ things { __typename } thing { __typename } }",
    "{ things { leaf { text } leaf { maybe } } }",
]
MOMENT = datetime(2026, 2, 5, 13, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Strawberry logs every error with its traceback; here they are made by the thousand."""
    logging.getLogger("strawberry.execution").disabled = True
    yield
    logging.getLogger("strawberry.execution").disabled = False


def schema(executor: type[StrawberryGraphQLCoreExecutionContext]) -> strawberry.Schema:
    config = StrawberryConfig(scalar_map=SCALARS)
    return strawberry.Schema(Query, types=[Thing], config=config, execution_context_class=executor)


ORDINARY, DIRECT = schema(StrawberryGraphQLCoreExecutionContext), schema(DirectExecutor)


def leaf(**changes: Any) -> Leaf:
    return Leaf(**{"text": "t", "maybe": None, "texts": ["a", None], **changes})


def thing(**changes: Any) -> Thing:
    usual: dict[str, Any] = {
        "name": "n", "number": 1, "ratio": 0.5, "flag": True, "colour": Colour.RED, "moment": MOMENT,
        "anything": {"a": [1]}, "leaf": leaf(), "leaves": [leaf(), leaf(maybe="m")], "grid": [[1, 2], []], "key": "k",
    }  # fmt: skip
    return Thing(**{**usual, **changes})


async def answer(of: strawberry.Schema, query: str, things: Any, yes: bool = True) -> tuple[Any, Any]:
    variables = {"yes": yes} if "$yes" in query else {}
    result = await of.execute(query, variable_values=variables, context_value=things)
    return result.data, [error.formatted for error in result.errors or []]


async def assert_same(query: str, things: Any, yes: bool = True) -> None:
    assert await answer(DIRECT, query, things, yes) == await answer(ORDINARY, query, things, yes)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("yes", [True, False])
async def test_ordinary_objects(query: str, yes: bool) -> None:
    things = [thing(), thing(name="other", leaf=None, colour=None, leaves=[], grid=None)]
    await assert_same(query, things, yes)
    assert (await answer(DIRECT, query, things, yes))[1] == []


WRONG = [None, 5, 5.5, True, "text", "red", [], [1, None], {}, object, ValueError("wrong"), Colour.BLUE, MOMENT, 2**40,
         float("nan"), leaf(), datetime(2026, 2, 5)]  # fmt: skip  # noqa: DTZ001
FIELDS = [field.name for field in dataclasses.fields(Thing) if field.init]


@tried_on(300)
@given(
    query=st.sampled_from(QUERIES),
    changes=st.lists(
        st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(WRONG), max_size=2), min_size=1, max_size=3
    ),
    yes=st.booleans(),
)
def test_unusual_values(query: str, changes: list[dict[str, Any]], yes: bool) -> None:
    asyncio.run(assert_same(query, [thing(**each) for each in changes], yes))


LISTS = [None, [], (thing(),), [None], [leaf()], ["text"], 5, [thing(), None, thing()]]


@pytest.mark.parametrize("query", [query for query in QUERIES if "thing " not in query])
@pytest.mark.parametrize("things", LISTS)
async def test_unusual_lists(query: str, things: Any) -> None:
    await assert_same(query, things)


@pytest.mark.parametrize("query", QUERIES)
async def test_missing_attribute(query: str) -> None:
    broken = thing()
    del broken.name
    del broken.leaf
    await assert_same(query, [thing(), broken])


async def test_switches_are_not_remembered_from_another_request() -> None:
    (query,) = (each for each in QUERIES if "$yes" in each)
    shown = [set((await answer(DIRECT, query, [thing()], yes))[0]["things"][0]) for yes in (True, False, True)]
    assert shown == [{"name"}, {"number", "leaf"}, {"name"}]


def fallbacks(of: strawberry.Schema) -> Counter[str]:
    return direct_execution(of._schema).fallbacks.copy()


async def test_plain_selection_does_go_the_direct_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("went the ordinary way")

    before = fallbacks(DIRECT)
    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "complete_iterable_value", refuse)
    assert (await answer(DIRECT, QUERIES[2], [thing()]))[1] == []
    assert fallbacks(DIRECT) == before


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the executor tells at level debug, which tests do not show."""
    told: list[dict[str, Any]] = []
    log = SimpleNamespace(debug=lambda event, **values: told.append({"event": event, **values}))
    monkeypatch.setattr("gql_app.graphql.direct.executor.log", log)
    return told


async def test_fallbacks_are_counted_and_told(lines: list[dict[str, Any]]) -> None:
    before = fallbacks(DIRECT)
    await assert_same("{ things { name leaf { text } } }", [thing(), thing(leaf=leaf(text=None)), thing()])
    # The list; of its objects the one that is broken, and the object in it. The other two are read directly.
    assert fallbacks(DIRECT) - before == {"Thing": 2, "Leaf": 1}
    assert [(line["type"], line["values"]) for line in lines] == [("Thing", 3), ("Thing", 1), ("Leaf", 1)]
    assert {line["reason"] for line in lines} == {"a null where there must be none"}


async def test_values_are_not_told(lines: list[dict[str, Any]]) -> None:
    await assert_same("{ things { number } }", [thing(number="secret")])
    assert len(lines) == 2
    assert "secret" not in str(lines)


async def test_fault_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not out of the ordinary, but wrong, shows as an error instead of a slower answer."""

    def faulty(*_: Any) -> Any:
        raise RuntimeError("a fault")

    of = schema(DirectExecutor)
    monkeypatch.setattr("gql_app.graphql.direct.planning.complete_leaves", lambda _: faulty)
    data, [error] = await answer(of, "{ things { name } }", [thing()])
    assert (data, error["message"], error["path"]) == ({"things": None}, "a fault", ["things"])
    assert not fallbacks(of)


def test_plans_of_one_operation_are_limited() -> None:
    """Clients choose the values of the variables on which plans depend."""
    kind, made = GraphQLObjectType("T", {}), []
    plans = Plans(None)
    for number in range(3 * MAX_PLANS):
        switches = (("a", bool(number % 2)), (f"v{number // 2}", True))
        assert plans.get(kind, [], switches, lambda: made.append(None)) is None
    assert len(made) == 3 * MAX_PLANS
    assert len(plans._by_place) <= MAX_PLANS
    plans.get(kind, [], switches, lambda: pytest.fail("made again"))


def test_executor_has_a_switch() -> None:
    on, off = ApiSchema(Settings(_env_file=None)), ApiSchema(Settings(_env_file=None), direct=False)
    assert (on.execution_context_class, on.as_str()) == (DirectExecutor, off.as_str())
    assert not issubclass(off.execution_context_class, DirectExecutor)
    assert not on.direct_fallbacks
