"""What is stored of a ticket's classification."""

from dataclasses import fields

from documents.database import Row
from documents.ticket import MatchedRule
from services.classification.judging import Judge
from services.classification.keywords import keyword_key

_REASON_FIELDS = tuple(each.name for each in fields(MatchedRule))


def judged(judge: Judge, subject: str, message: str, replies: str | None) -> Row:
    """The fields that classification adds to a ticket with these texts."""
    result = judge.judge(subject=subject, message=message, replies=replies or "")
    return {
        "urgency": result.urgency.value,
        "sentiment": result.sentiment.value,
        "requires_action": result.requires_action,
        "language": None if result.language is None else result.language.value,
        "judged_by": result.judged_by.value,
        "rules_version": judge.version,
        "matched": [_reason(reason) for reason in result.matched],
        "keyword_key": keyword_key(result.matched),
    }


def _reason(reason: MatchedRule) -> Row:
    return {name: value for name in _REASON_FIELDS if (value := getattr(reason, name)) is not None}
