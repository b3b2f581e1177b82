"""A support ticket as we keep it: the upstream's fields, our classification of them, and our bookkeeping.

This is the one place that declares a field of a ticket. What a run compares, what a read projects, what clients are
told of a field, what is counted: all that is derived from the declarations here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from beanie import Document

from documents.correction import TicketCorrection
from documents.described import Classified, DescribedEnum, FromSource, LongText, Shown
from documents.search_indexes import SEARCH_INDEXES
from documents.ticket_indexes import ticket_indexes

KEYWORD_SEPARATOR = "|"
"""Between the keywords of `Ticket.keyword_key`."""


class Urgency(DescribedEnum):
    """How soon somebody has to look at a ticket."""

    HIGH = "high", "Legal threat, money dispute, privacy or security, outage or data loss, or said to be urgent."
    MEDIUM = "medium", "One user is blocked or annoyed, or wants to leave."
    LOW = "low", "Everything else: questions, ideas, thanks."


class Sentiment(DescribedEnum):
    """The mood a ticket was written in."""

    NEGATIVE = "negative", "Anger, complaint, threat, or a report that something does not work."
    NEUTRAL = "neutral", "Neither."
    POSITIVE = "positive", "Praise or thanks, with nothing negative beside it."


class Language(DescribedEnum):
    """The language a ticket is written in."""

    EN = "en", "English."
    DE = "de", "German."
    FR = "fr", "French."
    ES = "es", "Spanish."
    PT = "pt", "Portuguese."
    IT = "it", "Italian."
    UNSUPPORTED = "unsupported", "Another one, which is not read: its classification says next to nothing."


class JudgedBy(DescribedEnum):
    """What a ticket's classification comes from."""

    RULES = "rules", "The rules, with the tenant's own words."
    LEARNED = "learned", "What was learned from this tenant's corrections, with the rules as its starting point."
    PERSON = "person", "A person's correction."


class StatusCategory(DescribedEnum):
    """What a status means, whatever word upstream has for it."""

    OPEN = "open", "Somebody has to go on with it; every status that is not known to mean something else."
    PENDING = "pending", "It waits: pending, on hold, snoozed, waiting for something."
    CLOSED = (
        "closed",
        "Nothing is left to do: closed, solved, resolved, done, completed, cancelled, archived, merged, spam.",
    )


class CountedField(DescribedEnum):
    """The fields by which tickets can be counted."""

    STATUS = "status", "The status, as upstream names it, in lower case."
    STATUS_CATEGORY = "status_category", "What the status means: open, pending, closed."
    URGENCY = "urgency", "How soon somebody has to look at a ticket: high, medium, low."
    SENTIMENT = "sentiment", "The mood: negative, neutral, positive."
    SOURCE = "source", "The channel, as upstream names it."
    PRIORITY = "priority", "How pressing it is, as upstream names it, in lower case."
    ASSIGNEE = "assignee", "Who works on it, as upstream names them."
    LANGUAGE = "language", "The language it is written in."
    TAG = "tag", "Its tags: a ticket counts once under each, and one without tags under none."


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """One reason for a ticket's classification."""

    rule: str
    """The rule's name, for instance `money_dispute`."""
    keyword: str
    """The rule's term in its plain form, for instance `refund`; what keyword statistics count."""
    text: str
    """The words of the ticket that matched, normalised."""
    field: str | None = None
    """Where they stand: `subject`, `message` or `replies`; null in tickets that were judged before it was kept."""
    start: int | None = None
    end: int | None = None
    """From where to where, in Unicode code points of that field as it is stored."""
    weight: float | None = None
    """Of what was learned (the rule is `learned`): how much these words carried. With rules, there is none."""
    label: str | None = None
    """What they carried: `urgency`, `sentiment` or `requires_action`."""


_OTHERWISE_HELD = (CountedField.STATUS_CATEGORY, CountedField.TAG)
COUNTED_FIELDS = tuple(field.value for field in CountedField if field not in _OTHERWISE_HELD)
"""Those with one value of their own; the category follows from the status (`services/statuses.py`), tags are many."""
SPARSE_FIELDS = (CountedField.PRIORITY.value, CountedField.ASSIGNEE.value)
"""Those of the counted fields that tickets of some sources never have. Without a value, a ticket takes no room in the
rollups: how many there are is what is missing to the total."""


class Ticket(Document):
    """One ticket of one tenant.

    Only the keys are required: programs of our users write tickets straight into this collection, and a
    field they leave out must not make a ticket unreadable.
    """

    tenant_id: Annotated[str, Shown("The tenant it belongs to.")]
    external_id: Annotated[str, Shown("The upstream's id, unique within the tenant.")]
    source: Annotated[str | None, FromSource("The channel it came through, as upstream names it.")] = None
    customer_id: Annotated[str | None, FromSource("Who wrote it, as upstream names them.")] = None
    subject: Annotated[str, FromSource("The subject line.")] = ""
    message: Annotated[str, LongText("The text.")] = ""
    replies: Annotated[str, LongText("What the customer wrote later, oldest first, separated by an empty line.")] = ""
    """Null and absent are as good as empty; so it is with `tags`."""
    status: Annotated[str | None, FromSource("The status, as upstream names it, in lower case.")] = None
    status_category: Annotated[StatusCategory, Shown("What the status means: open, pending, closed.")] = (
        StatusCategory.OPEN
    )
    """Kept for those who read the collection: we derive it from the status wherever it matters."""
    priority: Annotated[
        str | None, FromSource("How pressing it is, as upstream names it, in lower case; null where it does not say.")
    ] = None
    assignee: Annotated[str | None, FromSource("Who works on it, as upstream names them; null where nobody does.")] = (
        None
    )
    tags: Annotated[list[str], FromSource("Its tags, as upstream has them.")] = []
    """Texts that are not empty; whatever else another program stores among them is no tag."""
    extra: Annotated[
        dict[str, Any] | None,
        FromSource("Further fields that upstream sent, by their names there; of values that are too large, a part."),
    ] = None
    """Keys are written as `services/kit/stored_json.py` says."""
    urgency: Annotated[
        Urgency | None,
        Classified("How soon somebody has to look at it; null where another program stored something else."),
    ] = None
    sentiment: Annotated[
        Sentiment | None,
        Classified("The mood it was written in; null where another program stored something else."),
    ] = None
    requires_action: Annotated[bool, Classified("Whether somebody has to do something.")] = False
    language: Annotated[
        Language | None, Classified("The language it is written in; null where there are no words to tell it by.")
    ] = None
    judged_by: Annotated[
        JudgedBy | None, Shown("What its classification comes from; null where another program stored it.")
    ] = None
    rules_version: Annotated[
        str | None, Shown("The version of the rules it was judged by, with that of the tenant's own words, if any.")
    ] = None
    correction: Annotated[
        TicketCorrection | None, Shown("What a person has said of its classification, as long as its text is the same.")
    ] = None
    """Stored with two more: `id`, and `text_key`, which tells whether the text is the same."""
    created_at: Annotated[datetime | None, FromSource("When it was created upstream.")] = None
    updated_at: Annotated[datetime | None, Shown("The newest change that upstream has shown.")] = None
    """It never moves backwards."""
    matched: Annotated[list[MatchedRule], Shown("Why it was classified as it was, in the order of the text.")] = []

    keyword_key: str = ""
    """The distinct topical keywords of `matched`, sorted and joined by `|`: a scalar, so that an index can cover it."""
    deleted_at: datetime | None = None
    """When we learned that upstream deleted the ticket; absent on live tickets."""
    seen_by_job: str | None = None
    """The last run that saw the ticket upstream; those that a run has not seen are asked for by id."""
    from_file: bool = False
    """Whether only a file that a client sent has shown it since it was new or deleted: upstream, which does not know
    it, is not asked whether it still exists."""
    asked_at: datetime | None = None
    """When upstream was last asked for the ticket by id, because a run had not seen it."""
    unlisted_at: datetime | None = None
    """When upstream, asked by id, last had the ticket that it does not list: it is archived, for instance."""
    first_ingested_at: datetime | None = None
    rolled_up: Any = None
    """As what the rollups count this ticket (`COUNTING` in `services/rollups/rows.py`); where it is anything else,
    analytics count the ticket one by one. Set by us alone: other programs need not know of it."""
    search_terms: list[str] = []
    """What a search finds the ticket by (`services/search/`)."""
    search_version: int | None = None
    """Of how the terms were made; another one than the present, or none: they are still to be made."""

    class Settings:
        """Collection and indexes."""

        name = "tickets"
        indexes = [*ticket_indexes(COUNTED_FIELDS), *SEARCH_INDEXES]
        retired_indexes = ["tenant_text"]


def _shown(trait: type[Shown] = Shown) -> tuple[str, ...]:
    return tuple(name for name in Ticket.model_fields if isinstance(_SHOWN.get(name), trait))


_SHOWN: dict[str, Shown] = {
    name: trait for name, info in Ticket.model_fields.items() for trait in info.metadata if isinstance(trait, Shown)
}

SHOWN_FIELDS = _shown()
"""What clients see of a ticket, beside its `_id`."""
SOURCE_FIELDS = _shown(FromSource)
"""The upstream's fields whose change is an update; `updated_at` alone is not."""
CLASSIFIED_FIELDS = _shown(Classified)
KEPT_FIELDS = tuple(name for name in (*SOURCE_FIELDS, *CLASSIFIED_FIELDS) if not isinstance(_SHOWN[name], LongText))
"""What the history holds of a ticket when it comes and when it goes."""


def description_of(field: str) -> str:
    """What clients are told of a field that they see."""
    return _SHOWN[field].description
