"""How much validation compares: fields that have one name in the answer, each with each, through all fragments.

That is the one rule of validation whose work grows faster than the document: 5 kB can make it compare for seconds.
graphql-core counts this work while it does it, in units of about a comparison, but gives up only at 500,000 of them.
"""

from functools import lru_cache

from graphql.validation import ValidationContext
from graphql.validation.rules.overlapping_fields_can_be_merged import OverlappingFieldsCanBeMergedRule


@lru_cache
def comparing_at_most(units: int) -> type[OverlappingFieldsCanBeMergedRule]:
    """The rule of the specification, which aborts validation after so many units."""

    class OverlappingFields(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = units

    return OverlappingFields
