"""How transactions end: their last calls and the commit, in one call of the driver."""

import pytest
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from documents.circuit_breaker import Circuit
from documents.database import Database, Session
from documents.transactions import Ending, PlainSession


class RefusedError(Exception):
    pass


async def test_the_last_calls_see_what_was_done_before_and_are_committed_with_it(db: Database) -> None:
    rows, seen = db.collection(Circuit), []

    async def work(session: Session) -> str:
        await rows.insert_one({"_id": "first"}, session=session)
        return "done"

    def last_calls(session: PlainSession) -> None:
        seen.extend(row["_id"] for row in rows.delegate.find(session=session))
        rows.delegate.insert_one({"_id": "last"}, session=session)

    assert await db.in_transaction(work, ending=Ending(last_calls=last_calls)) == "done"
    assert seen == ["first"]
    assert {row["_id"] for row in await rows.find().to_list(None)} == {"first", "last"}


@pytest.mark.parametrize("error", [RefusedError, PyMongoError])
async def test_what_the_last_calls_raise_undoes_the_transaction(db: Database, error: type[Exception]) -> None:
    rows, session = db.collection(Circuit), await db.new_session()

    async def work(session: Session) -> None:
        await rows.insert_one({"_id": 1}, session=session)

    def last_calls(session: PlainSession) -> None:
        rows.delegate.insert_one({"_id": 2}, session=session)
        raise error

    with pytest.raises(error):
        await db.in_transaction(work, session, ending=Ending(last_calls=last_calls))
    assert await rows.count_documents({}) == 0
    await db.in_transaction(work, session)
    assert await rows.count_documents({}) == 1


@pytest.mark.parametrize("is_committed", [True, False])
async def test_a_commit_of_which_nobody_knows_is_tried_again_and_the_work_is_not(
    db: Database, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    rows, commit, times = db.collection(Circuit), ClientSession.commit_transaction, []

    def interrupted(session: ClientSession) -> None:
        """As if the connection broke before the first commit was sent, or before its answer came."""
        if is_committed:
            commit(session)
        error = PyMongoError("the connection broke")
        error._add_error_label("UnknownTransactionCommitResult")
        raise error

    # The driver has taken down the original for its own calls: the second try is one of those.
    monkeypatch.setattr(ClientSession, "commit_transaction", interrupted)

    async def work(session: Session) -> None:
        await rows.insert_one({"number": 1}, session=session)

    def last_calls(session: PlainSession) -> None:
        times.append(rows.delegate.insert_one({"number": 2}, session=session))

    await db.in_transaction(work, ending=Ending(last_calls=last_calls))
    assert len(times) == 1
    assert sorted(row["number"] for row in await rows.find().to_list(None)) == [1, 2]
