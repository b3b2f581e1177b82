import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification.classifier import classify

DATA = Path(__file__).parents[3] / "data" / "labelled_tickets.jsonl"
LABELLED = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
FIELDS = ("urgency", "sentiment", "requires_action")


def wrong_tickets(tickets: list[dict[str, Any]], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    wrong = []
    for ticket in tickets:
        result = classify(subject=ticket["subject"], message=ticket["message"])
        if any(getattr(result, field) != ticket[field] for field in fields):
            wrong.append(ticket)
    return wrong


@pytest.mark.parametrize("fields", [FIELDS, *[(field,) for field in FIELDS]], ids="+".join)
@pytest.mark.parametrize("split", ["tuned", "held_out"])
def test_at_least_95_percent_of_the_labelled_tickets_are_right(
    split: str, fields: tuple[str, ...], record_property: Callable[[str, object], None]
) -> None:
    tickets = [ticket for ticket in LABELLED if ticket["split"] == split]
    wrong = wrong_tickets(tickets, fields)
    accuracy = 1 - len(wrong) / len(tickets)
    record_property("accuracy", accuracy)
    assert accuracy >= 0.95, wrong


@pytest.mark.parametrize("label", [*Urgency, *Sentiment])
def test_every_label_occurs_among_the_held_out_tickets(label: str) -> None:
    labels = [ticket[field] for ticket in LABELLED for field in FIELDS if ticket["split"] == "held_out"]
    assert labels.count(label) >= 10
