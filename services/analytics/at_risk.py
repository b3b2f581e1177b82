"""The part of the statistics that names customers: those with several urgent tickets that are not closed."""

from documents.database import Row
from documents.ticket import StatusCategory, Ticket, Urgency
from services.analytics.leading import leading_customers
from services.analytics.partition import CustomerPartition
from services.statuses import in_category
from services.tenancy import Filter
from services.tickets.filter import both

TOP_CUSTOMERS = 10
AT_RISK_FROM = 2
"""A customer with at least so many high-urgency tickets that are not closed is at risk."""
TICKET_IDS_SHOWN = 20
_RISKY: Filter = {"urgency": Urgency.HIGH.value, "status": {"$not": in_category(StatusCategory.CLOSED)}}


def at_risk_customers(of: CustomerPartition) -> list[Row]:
    """A pipeline on tickets that ends in one document with `at_risk_customers`."""
    shown = {
        "customer_id": "$_id",
        "high_urgency_count": "$at_risk",
        "ticket_ids": "$tickets.external_id",
    }
    return [
        *leading_customers(of, "at_risk", TOP_CUSTOMERS, least=AT_RISK_FROM),
        {"$lookup": _newest_tickets(of.all_tickets)},
        {"$group": {"_id": None, "at_risk_customers": {"$push": shown}}},
        {"$project": {"_id": 0}},
    ]


def _newest_tickets(all_tickets: Filter) -> Row:
    """Adds a customer's newest tickets; the index has them in this order, so no more are looked at."""
    return {
        "from": Ticket.Settings.name,
        "localField": "_id",
        "foreignField": "customer_id",
        "pipeline": [
            {"$match": both(all_tickets, _RISKY)},
            {"$sort": {"created_at": -1, "external_id": 1}},
            # Right behind the sort: until an index has been chosen, each one that might do is tried for so many.
            {"$limit": TICKET_IDS_SHOWN},
            {"$project": {"_id": 0, "external_id": 1}},
        ],
        "as": "tickets",
    }
