"""The reasons for a ticket's classification, as clients see them."""

import strawberry


@strawberry.type(description="One reason for a ticket's classification.")
class MatchedRule:
    """A rule that fired."""

    rule: str = strawberry.field(description="The rule's name, for instance `money_dispute`; `learned`: see `weight`.")
    keyword: str = strawberry.field(description="The rule's term in its plain form, for instance `refund`.")
    text: str = strawberry.field(description="The words of the ticket that matched, normalised.")
    field: str | None = strawberry.field(
        description="Where they stand: `subject`, `message` or `replies`; null in tickets judged before that was kept."
    )
    start: int | None = strawberry.field(description="Where they begin in that field, in Unicode code points.")
    end: int | None = strawberry.field(description="Where they end, likewise.")
    weight: float | None = strawberry.field(
        description="Of words that corrections have taught to decide by: how much they carried; a decision needs 3 "
        "in all. Rules have none."
    )
    label: str | None = strawberry.field(
        description="What such words decided: `urgency`, `sentiment` or `requires_action`."
    )
