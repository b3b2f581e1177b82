"""How the tickets that match a filter are counted, where the rollups do not know it."""

from dataclasses import replace

from documents.database import Row
from documents.ticket import Ticket
from services.rollups.rows import UNKNOWN
from services.search.terms import MAX_LABEL_CHARACTERS, SEARCH_VERSION, keyword_term, rule_term
from services.tenancy import live
from services.tickets.choices import Choice
from services.tickets.filter import TicketFilter, condition, created_between


def counting(tenant_id: str, wanted: TicketFilter) -> list[Row]:
    """A pipeline on tickets that ends in documents whose `count`s together are those that match; none for none.

    Raises:
        InvalidInputError: as `condition`.
    """
    where, term = condition(tenant_id, wanted), _label(wanted)
    if term is None:
        return [{"$match": where}, {"$count": "count"}]
    # An index has the tickets with the label, which those that are not yet indexed do not have.
    period = created_between(wanted.created_from, wanted.created_to)
    alone: list[Row] = [
        {"$match": {**where, "search_version": {"$ne": SEARCH_VERSION}, "search_terms": {"$ne": term}}},
        {"$count": "count"},
    ]
    return [
        {"$match": live(tenant_id, search_terms=term, **period)},
        {"$count": "count"},
        {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": alone}},
    ]


def _label(wanted: TicketFilter) -> str | None:
    """The label of the tickets that match, if the filter has nothing but one keyword or one rule, and a period."""
    bare = replace(wanted, keyword=None, rule=None, created_from=None, created_to=None)
    choices = [(choice, term) for choice, term in ((wanted.keyword, keyword_term), (wanted.rule, rule_term)) if choice]
    if bare != TicketFilter() or len(choices) != 1:
        return None
    choice, to_term = choices[0]
    (value, *others) = choice.any_of or (None,)
    if value is None or others or choice != Choice((value,)) or value == UNKNOWN:
        return None
    return to_term(value) if 0 < len(value) < MAX_LABEL_CHARACTERS else None
