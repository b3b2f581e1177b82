"""What the driver's errors mean."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    CursorNotFound,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from documents.failures import (
    DatabaseError,
    DatabaseFullError,
    DatabaseTimeoutError,
    DatabaseUnavailableError,
    one_line,
    translated,
    translating,
)


def labelled(text: str, label: str) -> OperationFailure:
    return OperationFailure(text, 112, {"errorLabels": [label]})


MEANINGS: list[tuple[PyMongoError, type[DatabaseError]]] = [
    (ConnectionFailure("down"), DatabaseUnavailableError),
    (AutoReconnect("down"), DatabaseUnavailableError),
    (NetworkTimeout("down"), DatabaseUnavailableError),
    (NotPrimaryError("down"), DatabaseUnavailableError),
    (ServerSelectionTimeoutError("down"), DatabaseUnavailableError),
    (WaitQueueTimeoutError("busy"), DatabaseUnavailableError),
    (ExecutionTimeout("slow"), DatabaseTimeoutError),
    (OperationFailure("refused"), DatabaseError),
    (DuplicateKeyError("twice"), DatabaseError),
    (BulkWriteError({"writeErrors": []}), DatabaseError),
    (OperationFailure("too little room for an index", 14031), DatabaseFullError),
    (OperationFailure("28: No space left on device", 8), DatabaseFullError),
    (BulkWriteError({"writeErrors": [{"code": 14031, "errmsg": "too little"}]}), DatabaseFullError),
    (WTimeoutError("slow replicas", 64), DatabaseTimeoutError),
    (CursorNotFound("the server was started anew", 43), DatabaseUnavailableError),
    (OperationFailure("interrupted at shutdown", 11600), DatabaseUnavailableError),
    (labelled("conflict", "TransientTransactionError"), DatabaseUnavailableError),
    (labelled("stepping down", "RetryableWriteError"), DatabaseUnavailableError),
]


@pytest.mark.parametrize(("error", "meaning"), MEANINGS, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_an_error_of_the_driver_has_one_meaning(error: PyMongoError, meaning: type[DatabaseError]) -> None:
    assert type(translated(error)) is meaning
    with pytest.raises(DatabaseError) as caught, translating():
        raise error
    assert (type(caught.value), caught.value.__cause__) == (meaning, error)


def test_what_is_translated_stays_as_it_is() -> None:
    error = DatabaseUnavailableError("down")
    assert translated(error) is error
    with pytest.raises(DatabaseUnavailableError) as caught, translating(), translating():
        raise error
    assert (caught.value, caught.value.__cause__) == (error, None)


def test_an_error_from_elsewhere_means_nothing_of_the_database() -> None:
    assert translated(TimeoutError()) is None
    with pytest.raises(TimeoutError), translating():
        raise TimeoutError


def test_a_text_of_the_driver_becomes_one_short_line() -> None:
    error = ServerSelectionTimeoutError("refused:\nhost, Timeout: 5s, Topology Description: <many servers>")
    assert one_line(error) == "refused: host"
    assert len(one_line(ConnectionFailure("x" * 1000))) == 300
