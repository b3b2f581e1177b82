"""The mutations `correctTicket` and `withdrawCorrection`, and what follows from them for those who watch."""

from datetime import UTC, datetime
from typing import Any

import pytest

from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket
from tests.api.graphql.client import Api
from tests.fakes import bearer

CORRECT = """mutation ($input: CorrectTicketInput!) {
  correctTicket(input: $input) {
    __typename
    ... on UserError { message }
    ... on TicketNotFound { externalId }
    ... on TicketCorrected { ticket {
      externalId urgency sentiment requiresAction judgedBy
      correction { urgency sentiment requiresAction by note machine { urgency sentiment requiresAction } }
      history(first: 1) { action actor jobId changes { field old new } }
    } }
  }
}"""
WITHDRAW = """mutation ($input: WithdrawCorrectionInput!) {
  withdrawCorrection(input: $input) {
    __typename
    ... on TicketNotFound { externalId }
    ... on CorrectionWithdrawn { ticket { urgency judgedBy correction { by } } }
  }
}"""
OURS = {"tenantId": "tenant_a", "externalId": "t1"}


@pytest.fixture(autouse=True)
async def _ticket(api: Api) -> None:
    """t1, as the rules have judged it."""
    tickets = api.db.collection(Ticket)
    await tickets.delete_many(theirs := {"tenant_id": "tenant_a", "external_id": "t1"})
    judged = {
        "urgency": "low",
        "sentiment": "neutral",
        "requires_action": False,
        "judged_by": "rules",
        "language": "en",
    }
    await tickets.insert_one(theirs | judged | {"subject": "Hello", "message": "Nothing.", "keyword_key": ""})


async def test_a_correction_is_answered_with_the_ticket(api: Api) -> None:
    given = OURS | {"urgency": "HIGH", "note": "why"}
    answer = (await api.data(CORRECT, input=given))["correctTicket"]["ticket"]
    assert answer == {
        "externalId": "t1",
        "urgency": "HIGH",
        "sentiment": "NEUTRAL",
        "requiresAction": True,
        "judgedBy": "PERSON",
        "correction": {
            "urgency": "HIGH",
            "sentiment": None,
            "requiresAction": None,
            "by": None,
            "note": "why",
            "machine": {"urgency": "LOW", "sentiment": "NEUTRAL", "requiresAction": False},
        },
        "history": [
            {
                "action": "UPDATED",
                "actor": None,
                "jobId": None,
                "changes": [
                    {"field": "urgency", "old": "LOW", "new": "HIGH"},
                    {"field": "requires_action", "old": False, "new": True},
                    {"field": "judged_by", "old": "RULES", "new": "PERSON"},
                ],
            }
        ],
    }
    withdrawn = (await api.data(WITHDRAW, input=OURS))["withdrawCorrection"]["ticket"]
    assert withdrawn == {"urgency": "LOW", "judgedBy": "RULES", "correction": None}


async def test_the_token_says_who_it_was(jwt_api: Api) -> None:
    headers = bearer(sub="ann", scope="tickets:read tickets:write")
    answer = await jwt_api.ask(CORRECT, headers=headers, input=OURS | {"sentiment": "NEGATIVE"})
    ticket = answer["data"]["correctTicket"]["ticket"]
    assert (ticket["correction"]["by"], ticket["history"][0]["actor"]) == ("ann", "ann")


@pytest.mark.parametrize("word", [{}, {"note": "why"}, {"urgency": "LOW", "note": "x" * 501}], ids=str)
async def test_what_makes_no_sense_is_refused(api: Api, word: dict[str, Any]) -> None:
    answer = (await api.data(CORRECT, input=OURS | word))["correctTicket"]
    assert answer["__typename"] == "CorrectionRefused"


async def test_unknown_and_deleted_tickets_are_not_found(api: Api) -> None:
    await api.db.collection(Ticket).delete_many({"tenant_id": "tenant_a", "external_id": "t1"})
    unknown = (await api.data(CORRECT, input=OURS | {"urgency": "LOW"}))["correctTicket"]
    assert (unknown["__typename"], unknown["externalId"]) == ("TicketNotFound", "t1")
    assert (await api.data(WITHDRAW, input=OURS))["withdrawCorrection"]["__typename"] == "TicketNotFound"


async def test_a_value_that_is_none_is_a_coded_error(api: Api) -> None:
    assert await api.code(CORRECT, input=OURS | {"urgency": "GIGANTIC"}) == "BAD_REQUEST"


LEARNING = """query ($tenant: String!) {
  learning(tenantId: $tenant) {
    corrections isUpToDate trainedAt learnedFrom unreadable uncorrected uncorrectedChanged
    labels { label tried rulesRight learnedRight isOn }
  }
}"""


async def test_what_was_learned_is_told_with_how_it_did(api: Api) -> None:
    trial = {"label": "urgency", "tried": 30, "rules_right": 3, "learned_right": 29, "is_on": True}
    counts = {"corrections": 30, "unreadable": 2, "uncorrected": 500, "uncorrected_changed": 1}
    learning = {"corrected": 40, "trained_at": datetime(2026, 2, 5, tzinfo=UTC), "labels": [trial], **counts}
    rows = api.db.collection(TenantClassifier)
    await rows.insert_one({"_id": "taught", "revision": 1, "corrected": 40, "learning": learning})
    found = (await api.data(LEARNING, tenant="taught"))["learning"]
    await rows.delete_one({"_id": "taught"})
    assert found == {
        "corrections": 0,
        "isUpToDate": True,
        "trainedAt": "2026-02-05T00:00:00Z",
        "learnedFrom": 30,
        "unreadable": 2,
        "uncorrected": 500,
        "uncorrectedChanged": 1,
        "labels": [{"label": "urgency", "tried": 30, "rulesRight": 3, "learnedRight": 29, "isOn": True}],
    }
