"""GraphQL documents that clients really send, larger than most: every limit has to let them pass."""

from graphql import get_introspection_query


def dashboard(lists: int, fragments: int) -> str:
    """Lists side by side, each with components that bring a fragment of their own; Apollo adds every `__typename`."""
    fields = "__typename id externalId subject status urgency sentiment createdAt updatedAt source requiresAction"
    selections = [
        f'list{i}: tickets(tenantId: "t", first: 20) {{ __typename totalCount pageInfo {{ __typename hasNextPage '
        f"endCursor }} edges {{ __typename cursor node {{ __typename id "
        f"{' '.join(f'...Part{i}_{j}' for j in range(fragments))} }} }} }}"
        for i in range(lists)
    ]
    parts = [
        f"fragment Part{i}_{j} on Ticket {{ {fields} customer {{ __typename id externalId }} "
        "matched { __typename rule keyword } }"
        for i in range(lists)
        for j in range(fragments)
    ]
    return f"query Dashboard {{ {' '.join(selections)} }} {' '.join(parts)}"


BOARD = """query Board {
  open: tickets(tenantId: "t", filter: {status: "open"}, first: 100) { ...Column }
  pending: tickets(tenantId: "t", filter: {status: "pending"}, first: 100) { ...Column }
  urgent: tickets(tenantId: "t", filter: {urgency: HIGH}, first: 100) { ...Column }
  closed: tickets(tenantId: "t", filter: {status: "closed"}, first: 100) { ...Column }
}
fragment Column on TicketConnection { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ...Card } } }
fragment Card on Ticket {
  id externalId subject message status urgency sentiment createdAt matched { rule keyword text }
  notifications { state } customer { id externalId }
}"""
USUAL = {
    "three lists with ten fragments each": dashboard(3, 10),
    "a board of four columns": BOARD,
    "graphql-js": get_introspection_query(),
    "GraphiQL": get_introspection_query(schema_description=True, input_value_deprecation=True),
    "everything": get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    ),
}
"""What dashboards ask for, and the introspection of GraphiQL, Apollo's tools, GraphQL Code Generator and Relay."""
