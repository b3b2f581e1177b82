"""Which keywords count."""

import pytest

from documents.ticket import MatchedRule as Match
from services.classification.classifier import classify
from services.classification.keywords import keyword_key
from services.classification.rules import all_rules


def test_keywords_are_sorted_and_distinct() -> None:
    matches = [Match("outage", "down", "is down"), Match("defect", "bug", "bug"), Match("defect", "bug", "bugs")]
    assert keyword_key(matches) == "bug|down"


@pytest.mark.parametrize("rule", ["question", "request", "thanks", "praise", "no_action"])
def test_manners_of_writing_are_no_topics(rule: str) -> None:
    assert rule in all_rules()
    assert keyword_key([Match(rule, "word", "word")]) == ""


@pytest.mark.parametrize("rule", ["legal_threat", "refund_request", "defect", "feature_request", "criticism"])
def test_matters_are_topics(rule: str) -> None:
    assert keyword_key([Match(rule, "word", "word")]) == "word"


def test_a_polite_question_about_a_refund_is_about_a_refund() -> None:
    found = classify(subject="Question", message="Could you please tell me how to get a refund? Thanks!")
    assert {match.keyword for match in found.matched} > {"refund"}
    assert keyword_key(found.matched) == "refund"
