"""GraphQL fields about what is learned from people's corrections."""

from datetime import datetime

import strawberry

from resolvers.corrections import get_learning
from schema.base.arguments import TenantId
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from services.judging.learnings import LearningState


@strawberry.type(description="How what was learned about a label did on corrections that it was not trained with.")
class LabelLearning:
    """One label's trial."""

    label: str = strawberry.field(description="`urgency`, `sentiment` or `requires_action`.")
    tried: int = strawberry.field(description="Corrections that say something of it.")
    rules_right: int = strawberry.field(description="Of how many of them the rules are right.")
    learned_right: int | None = strawberry.field(
        description="Of how many of them what was learned is right; null where it was not tried, since there are too "
        "few corrections, or the rules are right too often."
    )
    is_on: bool = strawberry.field(description="Whether it decides.")


@strawberry.type(description="What is learned from a tenant's corrections.")
class TenantLearning:
    """How learning stands."""

    tenant_id: str = strawberry.field(description="The tenant.")
    corrections: int = strawberry.field(description="Corrections that are kept to be learned from.")
    is_up_to_date: bool = strawberry.field(description="Whether all of them were looked at.")
    trained_at: datetime | None = strawberry.field(description="When it was learned from them last; null: never.")
    learned_from: int = strawberry.field(description="From how many of them it was, at that time.")
    unreadable: int = strawberry.field(
        description="From how many it was not, since the text that they are about is gone, or has become another one."
    )
    uncorrected: int = strawberry.field(description="Other tickets that were looked at.")
    uncorrected_changed: int = strawberry.field(
        description="Those of them that what was learned decides otherwise than the rules."
    )
    labels: list[LabelLearning] = strawberry.field(
        description="By label, where it is right more often than the rules.", directives=[ListSize(assumed_size=3)]
    )


@strawberry.type
class LearningQueries:
    """The root field about learning."""

    @strawberry.field(
        description="What is learned from a tenant's corrections, and where it decides.", directives=[Cost(weight=5)]
    )
    async def learning(self, info: Info, tenant_id: TenantId) -> TenantLearning | None:
        """How learning stands."""
        return _to_learning(await get_learning(info.context, tenant_id))


def _to_learning(state: LearningState) -> TenantLearning:
    last = state.last
    return TenantLearning(
        tenant_id=state.tenant_id,
        corrections=state.corrections,
        is_up_to_date=state.is_up_to_date,
        trained_at=None if last is None else last.trained_at,
        learned_from=0 if last is None else last.corrections,
        unreadable=0 if last is None else last.unreadable,
        uncorrected=0 if last is None else last.uncorrected,
        uncorrected_changed=0 if last is None else last.uncorrected_changed,
        labels=[] if last is None else [LabelLearning(**each.model_dump()) for each in last.labels],
    )
