"""Directives that say what a field costs: read by the limit on cost, and by clients in the SDL.

After IBM's "GraphQL Cost Directives" specification. An object costs 1 and a leaf nothing unless `@cost` says
otherwise; a list costs as often as it is long, which `@listSize` tells.
"""

import strawberry
from strawberry.schema_directive import Location

DEFAULT_PAGE_SIZE = 20
"""How many nodes a connection shows where neither `first` nor `last` is given."""


@strawberry.schema_directive(
    name="cost", locations=[Location.FIELD_DEFINITION], description="What the field itself costs, once each time."
)
class Cost:
    """The weight of a field."""

    weight: int = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    name="listSize",
    locations=[Location.FIELD_DEFINITION],
    description="How long the field's list is, or the lists of its `sizedFields`.",
)
class ListSize:
    """The length of a list."""

    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=strawberry.UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=strawberry.UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=strawberry.UNSET)


CONNECTION = ListSize(
    assumed_size=DEFAULT_PAGE_SIZE, slicing_arguments=["first", "last"], sized_fields=["edges", "nodes"]
)
"""What every field that returns a connection carries."""
