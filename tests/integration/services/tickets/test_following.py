"""What somebody who shows the tickets of a filter is told when tickets change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from documents.database import Database
from documents.ticket import Sentiment, StatusCategory, Ticket, Urgency
from services.coordination.change_streams import Changes
from services.coordination.ticket_edits import SEEN_FIELDS, EditedTickets, TicketEdit, TicketEdits
from services.kit.clock import SystemClock
from services.lists.keyset import Window
from services.search.indexing import SearchIndex
from services.search.terms import SEARCHED_FIELDS
from services.tenancy import Filter
from services.tickets.choices import Choice, only
from services.tickets.filter import CHOICES, OTHERS, TicketFilter, condition
from services.tickets.following import FollowedTickets, TicketUpdateKind, TicketUpdates, fields_in
from services.tickets.reading import Tickets
from tests.properties import some_of
from tests.waiting import PATIENCE_SECONDS

TENANT = "a"
NOW = datetime(2026, 2, 5, tzinfo=UTC)
FILTERS = [
    TicketFilter(),
    TicketFilter(urgency=only(Urgency.HIGH)),
    TicketFilter(status=only("open"), sentiment=only(Sentiment.NEGATIVE)),
    TicketFilter(status_category=only(StatusCategory.CLOSED)),
    TicketFilter(q="refund"),
    TicketFilter(created_from=NOW, requires_action=True),
    TicketFilter(urgency=Choice(none_of=(Urgency.HIGH,)), source=only("email", None)),
    TicketFilter(keyword=only("refund"), updated_to=NOW),
    TicketFilter(rule=Choice(none_of=("money",)), status=Choice(none_of=("closed",))),
]
EVERYTHING = TicketFilter(
    **{name: only(None) for name in CHOICES},
    **{name: NOW for name in OTHERS if name.endswith(("_from", "_to"))},
    requires_action=True,
    q="x",
    created_weekday=1,
    created_hour=2,
    time_zone="Europe/Paris",
)
KINDS = TicketUpdateKind


class Followed:
    """A tenant's tickets, and a follower of theirs."""

    def __init__(self, db: Database, edits: TicketEdits) -> None:
        self.rows = db.collection(Ticket)
        self._db = db
        self._edits = edits
        self._marks = 0

    async def changed(self) -> EditedTickets:
        """What has changed so far: a last change, of which the others know nothing, comes after all of them."""
        unmarked = {"external_id": {"$not": {"$regex": "^mark "}}}
        await SearchIndex(self._db).check(await self.rows.distinct("_id", unmarked))  # as the keeper does
        self._marks += 1
        mark = f"mark {self._marks}"
        await self.rows.insert_one({"_id": mark, "tenant_id": TENANT, "external_id": mark, "deleted_at": NOW})
        edits, has_more = dict[Any, TicketEdit](), False
        async with asyncio.timeout(PATIENCE_SECONDS):
            while mark not in edits:
                await self._edits.wait()
                taken = self._edits.take()
                for edit in taken.edits:  # what is taken in two parts may tell of a ticket in both
                    together = edits.setdefault(edit.row_id, edit)
                    together.is_new |= edit.is_new
                    together.is_replaced |= edit.is_replaced
                    together.fields |= edit.fields
                has_more |= taken.has_more
        del edits[mark]
        return EditedTickets(list(edits.values()), has_more)

    async def told(self, wanted: TicketFilter) -> TicketUpdates:
        return await FollowedTickets(self._db).look_at(TENANT, wanted, await self.changed())

    async def shown(self, wanted: TicketFilter) -> set[str]:
        """What a list of these tickets shows."""
        return {each.external_id for each in (await Tickets(self._db).slice(TENANT, wanted, Window(100))).items}

    async def insert(self, external_id: str, **fields: Any) -> None:
        await self.rows.insert_one({"tenant_id": TENANT, "external_id": external_id, **fields})

    async def set(self, external_id: str, **fields: Any) -> None:
        await self.rows.update_one({"tenant_id": TENANT, "external_id": external_id}, {"$set": fields})


@pytest.fixture
async def followed(db: Database) -> AsyncIterator[Followed]:
    async with following(db) as followed:
        yield followed


@asynccontextmanager
async def following(db: Database) -> AsyncIterator[Followed]:
    changes = Changes(db, SystemClock())
    async with changes.ticket_edits.follow(TENANT) as edits:
        yield Followed(db, edits)
    await changes.close()


def kinds(told: TicketUpdates) -> dict[str, TicketUpdateKind]:
    return {update.external_id: update.kind for update in told.updates}


def any_fields(dice: Random) -> dict[str, Any]:
    """Some fields of a ticket, with some of the values that filters ask for."""
    choices: dict[str, list[Any]] = {
        "urgency": ["high", "low", None],
        "sentiment": ["negative", "neutral"],
        "status": ["open", "closed", "solved", 5],
        "subject": ["a refund", "thanks"],
        "search_terms": [["refund"], ["thanks"], []],
        "message": ["I want my refund", "hello"],
        "requires_action": [True, False],
        "created_at": [NOW, NOW.replace(year=2025)],
        "extra": [{"a": 1}, {"a": 2}, None],
        "seen_by_job": ["j1", "j2"],
        "source": ["email", "chat", None],
        "updated_at": [NOW, NOW.replace(year=2025)],
        "keyword_key": ["refund", "login|refund", "refunds", ""],
        "matched": [[], [{"rule": "money", "keyword": "refund", "text": "refund"}]],
        "deleted_at": [None, None, NOW],
    }
    return {name: dice.choice(choices[name]) for name in dice.sample(sorted(choices), dice.randint(1, 4))}


async def change_something(followed: Followed, dice: Random, names: list[str]) -> None:
    name = dice.choice(names)
    ticket = {"tenant_id": TENANT, "external_id": name}
    match dice.randint(0, 5):
        case 0:
            names.append(f"t{len(names)}")
            await followed.insert(names[-1], **any_fields(dice))
        case 1:
            await followed.rows.replace_one(ticket, ticket | any_fields(dice))
        case 2:
            await followed.rows.update_one(ticket, {"$unset": dict.fromkeys(any_fields(dice), "")})
        case _:
            await followed.set(name, **any_fields(dice))


@pytest.mark.thorough
@pytest.mark.parametrize("wanted", FILTERS)
@pytest.mark.parametrize("seed", some_of(range(4), one_in=4))
async def test_a_board_that_does_as_it_is_told_shows_what_the_list_shows(
    followed: Followed, wanted: TicketFilter, seed: int
) -> None:
    dice = Random(seed)
    names = ["t0"]
    await followed.insert("t0", **any_fields(dice))
    await followed.changed()
    board = await followed.shown(wanted)
    for _ in range(12):
        for _ in range(dice.randint(1, 6)):
            await change_something(followed, dice, names)
        told = await followed.told(wanted)
        assert not told.has_more
        before = set(board)
        for update in told.updates:
            is_here = update.kind in (KINDS.CREATED, KINDS.UPDATED)
            assert (update.ticket is not None) == is_here
            (board.add if is_here else board.discard)(update.external_id)
            assert update.kind is not KINDS.CREATED or update.external_id not in before
        assert board == await followed.shown(wanted)


async def test_each_kind_of_change_is_told_as_what_it_is(followed: Followed) -> None:
    wanted = TicketFilter(urgency=only(Urgency.HIGH))
    for name in ("edited", "calmed", "deleted", "low"):
        await followed.insert(name, urgency="low" if name == "low" else "high")
    assert kinds(await followed.told(wanted)) == dict.fromkeys(("edited", "calmed", "deleted"), KINDS.CREATED)
    await followed.set("edited", subject="new")
    await followed.set("calmed", urgency="low")
    await followed.set("deleted", deleted_at=NOW)
    await followed.set("low", subject="new")
    assert kinds(await followed.told(wanted)) == {
        "edited": KINDS.UPDATED,
        "calmed": KINDS.UNMATCHED,
        "deleted": KINDS.DELETED,
    }
    await followed.set("low", urgency="high")
    await followed.set("deleted", deleted_at=None)
    assert kinds(await followed.told(wanted)) == {"low": KINDS.UPDATED, "deleted": KINDS.UPDATED}


async def test_what_does_not_concern_the_filter_is_not_told(followed: Followed) -> None:
    await followed.insert("low", urgency="low", extra={"a": {"b": 1}})
    assert (await followed.told(TicketFilter(urgency=only(Urgency.HIGH)))).updates == []
    await followed.rows.update_one({"external_id": "low"}, {"$set": {"extra.a.b": 2, "seen_by_job": "j"}})
    await followed.set("low", deleted_at=NOW)
    assert (await followed.told(TicketFilter(urgency=only(Urgency.HIGH)))).updates == []


async def test_bookkeeping_is_no_change_and_a_nested_field_is(followed: Followed) -> None:
    await followed.insert("t", extra={"a": {"b": 1}})
    await followed.changed()
    await followed.set("t", seen_by_job="j", rolled_up=True)
    assert (await followed.changed()).edits == []
    await followed.rows.update_one({"external_id": "t"}, {"$set": {"extra.a.b": 2}})
    assert [edit.fields for edit in (await followed.changed()).edits] == [{"extra"}]


async def test_a_removed_ticket_or_one_that_changes_hands_leaves_the_board_to_read_anew(followed: Followed) -> None:
    await followed.insert("removed")
    await followed.insert("moved")
    await followed.changed()
    await followed.rows.delete_one({"external_id": "removed"})
    assert await followed.told(TicketFilter()) == TicketUpdates([], has_more=True)
    await followed.set("moved", tenant_id="b")
    assert await followed.told(TicketFilter()) == TicketUpdates([], has_more=True)


async def test_another_tenants_tickets_are_not_told(followed: Followed) -> None:
    await followed.rows.insert_one({"tenant_id": "b", "external_id": "t1", "urgency": "high"})
    await followed.rows.update_one({"tenant_id": "b"}, {"$set": {"urgency": "low"}})
    assert await followed.changed() == EditedTickets([], has_more=False)


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ({}, set()),
        ({"status": "open", "matched.rule": "x"}, {"status", "matched"}),
        ({"$and": [{"status": 1}, {"$or": [{"urgency": 1}, {"source": 1}]}]}, {"status", "urgency", "source"}),
        ({"search_terms": {"$all": ["x"]}}, {"search_terms", *SEARCHED_FIELDS}),
        (
            {"$expr": {"$and": ["$$NOW", {"$eq": ["$status", {"$literal": "$source"}]}, "$matched.rule"]}},
            {"status", "matched"},
        ),
        ({"$where": "true"}, None),
    ],
)
def test_fields_that_a_condition_rests_on(where: Filter, fields: set[str] | None) -> None:
    assert fields_in(where) == fields


def test_whatever_a_filter_can_rest_on_is_followed() -> None:
    """Whoever adds a condition on another field has its changes followed, too."""
    assert all(getattr(EVERYTHING, name) is not None for name in (*CHOICES, *OTHERS))
    rests_on = fields_in(condition(TENANT, EVERYTHING))
    assert rests_on is not None
    assert rests_on - {"tenant_id"} <= set(SEEN_FIELDS)
