"""`--where NAME=VALUE`: the parameters of GET /tickets."""

import pytest

from gql_app.commands.data.tickets import conditions_of
from services.errors import InvalidInputError
from services.tickets.ordering import TicketOrder


def test_they_are_read_as_rest_reads_them() -> None:
    where = ["urgency=high", "urgency=low", "status_not=closed", "q=a=b", "order=oldest_first"]
    wanted = conditions_of("acme", where)
    assert wanted.order is TicketOrder.OLDEST_FIRST
    found = wanted.to_filter()
    assert found.urgency is not None
    assert found.urgency.any_of == ("high", "low")
    assert found.status is not None
    assert found.status.none_of == ("closed",)
    assert found.q == "a=b"


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        (["urgncy=high"], "There is no parameter 'urgncy'; did you mean urgency?"),
        (["tenant_id=other"], "There is no parameter 'tenant_id'"),
        (["urgency"], "No NAME=VALUE: 'urgency'"),
        (["urgency=urgent"], "urgency: Input should be 'high'"),
        (["q=a", "q=b"], "q is given more than once"),
        (["created_from=2026"], "created_from: must be ISO 8601"),
    ],
)
def test_what_makes_no_sense_is_refused(where: list[str], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason.replace("?", r"\?")):
        conditions_of("acme", where)
