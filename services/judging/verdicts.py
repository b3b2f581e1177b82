"""What is stored of a ticket's classification: the judge's answer, over which a person's word on the same text wins."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from documents.correction import MachineAnswer
from documents.database import Row
from documents.ticket import CLASSIFIED_FIELDS, JudgedBy, MatchedRule, Urgency
from services.classification.judging import Judge
from services.classification.keywords import keyword_key

_REASON_FIELDS = tuple(each.name for each in fields(MatchedRule))
CORRECTABLE = tuple(each.name for each in fields(MachineAnswer))
"""What a person can say of a ticket."""


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


def judged_with(known: Mapping[str, Any], judge: Judge, subject: str, message: str, replies: str | None) -> Row:
    """The same of a ticket that is `known` (its `correction` is what is read): a person's word on the same text wins.

    One on another text is dropped: `correction` is None then, and else not among the fields.
    """
    fields = judged(judge, subject, message, replies)
    correction = known.get("correction")
    if not isinstance(correction, dict):
        return fields
    if correction.get("text_key") != text_key(subject, message, replies):
        return fields | {"correction": None}
    return fields | corrected(correction)


def corrected(correction: Row) -> Row:
    """The fields of a ticket that follow from a person's word. Who calls it urgent wants somebody to act."""
    said = {name: correction[name] for name in CORRECTABLE if correction.get(name) is not None}
    if said.get("urgency") in (Urgency.HIGH, Urgency.MEDIUM):
        said.setdefault("requires_action", True)
    return {**said, "judged_by": JudgedBy.PERSON.value}


def text_key(subject: str, message: str, replies: str | None) -> str:
    """Tells texts apart; those that differ only in case, blanks and the like are the same."""
    texts = [unicodedata.normalize("NFKC", text).casefold().split() for text in (subject, message, replies or "")]
    return hashlib.blake2b(json.dumps(texts).encode(), digest_size=16).hexdigest()


def texts_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """What of a stored ticket is judged; other programs may have stored anything."""
    subject, message, replies = (text if isinstance(text := row.get(name), str) else "" for name in _TEXTS)
    return subject, message, replies


def is_ours(row: Row) -> bool:
    """Whether it was us who judged a stored ticket: what other programs store without, they answer for."""
    return isinstance(row.get("rules_version"), str) or isinstance(row.get("first_ingested_at"), datetime)


def rejudged(judge: Judge, row: Mapping[str, Any]) -> Row:
    """What is stored of a ticket of ours, read with `READ_TO_REJUDGE`, when it is judged anew.

    A person's word stays, with what is said of the same text without it.
    """
    fields, correction = judged(judge, *texts_of(row)), row.get("correction")
    if not isinstance(correction, dict):
        return fields
    machine = {name: fields[name] for name in CORRECTABLE}
    return fields | corrected(correction) | {"correction": {**correction, "machine": machine}}


_TEXTS = ("subject", "message", "replies")
READ_TO_REJUDGE: Row = dict.fromkeys(
    [
        *(*_TEXTS, *CLASSIFIED_FIELDS, "judged_by", "rules_version", "matched", "keyword_key", "correction"),
        *("external_id", "status", "first_ingested_at"),
    ],
    1,
)
"""What has to be read of a stored ticket."""


def _reason(reason: MatchedRule) -> Row:
    return {name: value for name in _REASON_FIELDS if (value := getattr(reason, name)) is not None}
