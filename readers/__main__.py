"""`python -m readers`: Airbyte's connector reads the stand-in of Zendesk and must find its truth; 1: it did not."""

import random
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.rendering import audit_json
from mock_external_api.zendesk.settings import ZendeskSettings
from mock_external_api.zendesk.steps import random_step
from readers.connector import Connector, Reading
from readers.stand_in import served

STREAMS = ("tickets", "users", "ticket_comments", "ticket_audits")
_SETTINGS = ZendeskSettings(ticket_count=150, page_cap=40, incremental_per_minute=0)
_STEPS = 80
_PAST_THE_NEWEST_MINUTE = 120
_SEED = 1


def main() -> int:
    """Check, read all, let things happen, read on, and read under a limit."""
    with served(_SETTINGS) as (desk, url), tempfile.TemporaryDirectory() as home:
        credentials = {
            "credentials": "api_token",
            "email": _SETTINGS.email,
            "api_token": _SETTINGS.api_token,
        }
        connector = Connector(Path(home), url, credentials, _SETTINGS.subdomain)
        differences = list(_scenes(desk, connector))
    print(*differences or ["Airbyte's connector reads the stand-in's truth, nothing else."], sep="\n")
    return 1 if differences else 0


def _scenes(desk: ZendeskDesk, connector: Connector) -> Iterator[str]:
    if not connector.check():
        yield "check: the connection is refused"
    if connector.check(api_token="wrong"):  # noqa: S106 - wrong on purpose
        yield "check: a wrong token is accepted"
    connector.discover(STREAMS)
    first = connector.read(STREAMS)
    yield from _compare("first reading", desk, [first])
    dice = random.Random(_SEED)
    for _ in range(_STEPS):
        random_step(desk, dice)
    desk.delete_requester(1)
    desk.change_settings(ahead_seconds=_PAST_THE_NEWEST_MINUTE)
    second = connector.read(STREAMS, first.states())
    yield from _compare("reading on", desk, [first, second], unheard=_redacted(desk))
    rows = {name: list(records.values()) for name, records in _truth(desk).items()}
    for audit in rows["ticket_audits"]:
        audit["events"] = _known(audit["events"])
    yield from connector.violations(rows)
    yield from _limited(desk, connector)


def _limited(desk: ZendeskDesk, connector: Connector) -> Iterator[str]:
    """Read from the beginning what two requests hold, at one request a minute."""
    desk.change_settings(incremental_per_minute=1, page_cap=1000)
    desk.requests.clear()
    names = ("tickets", "ticket_comments")
    yield from _compare("reading under a limit", desk, [connector.read(names)], names)
    if 429 not in {entry["status"] for entry in desk.requests}:
        yield "reading under a limit: nothing was refused"


def _redacted(desk: ZendeskDesk) -> set[int]:
    """Return the ids of redacted comments and of their audits: who has read these is not shown them again."""
    audits = (audit for ticket in desk.book.tickets.values() for audit in ticket.audits)
    comments = {audit.redacted_comment_id for audit in audits if audit.redacted_comment_id}
    return comments | {number - 1 for number in comments}


def _compare(
    scene: str,
    desk: ZendeskDesk,
    readings: Sequence[Reading],
    names: Sequence[str] = STREAMS,
    unheard: Collection[int] = (),
) -> Iterator[str]:
    """Tell how the last record of each id differs from the truth, leaving out `unheard` ids."""
    for reading in readings:
        yield from (f"{scene}: {fault}" for fault in reading.faults())
    truth = _truth(desk)
    for name in names:
        read = {record["id"]: record for reading in readings for record in reading.records(name)}
        for number in sorted(truth[name].keys() ^ read.keys()):
            yield f"{scene}: {name} {number}: {'is too many' if number in read else 'is missing'}"
        for number in (truth[name].keys() & read.keys()) - set(unheard):
            yield from _differences(f"{scene}: {name} {number}", truth[name][number], read[number])


def _differences(what: str, true: dict[str, Any], read: dict[str, Any]) -> Iterator[str]:
    for field in true:
        if _known(true[field]) != _known(read.get(field)):
            yield f"{what}: {field} is {true[field]!r}, was read as {read.get(field)!r}"


def _known(value: Any) -> Any:
    """Leave out of an audit's events what tags were before: to the connector's schema that is text, not a list."""
    if not isinstance(value, list):
        return value
    return [
        event | {"previous_value": None} if isinstance(event, dict) and event.get("field_name") == "tags" else event
        for event in value
    ]


def _truth(desk: ZendeskDesk) -> dict[str, dict[int, dict[str, Any]]]:
    truth = desk.truth()
    audits = [audit for ticket in desk.book.tickets.values() for audit in ticket.audits]
    comments = {
        comment.id: {"id": comment.id, "ticket_id": number, "body": comment.body, "public": comment.public}
        for number, ticket in truth.items()
        for comment in ticket.comments
    }
    return {
        "tickets": {number: ticket.record for number, ticket in truth.items()},
        "users": {user.id: user.to_json(_SETTINGS.subdomain) for user in desk.book.people.by_id.values()},
        "ticket_comments": comments,
        "ticket_audits": {audit.id: audit_json(audit) for audit in audits},
    }


if __name__ == "__main__":
    sys.exit(main())
