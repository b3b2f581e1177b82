"""Why what is to be saved of a tenant's own is not."""

from collections.abc import Sequence

from services.classification.own.faults import FaultyEntry
from services.errors import ConflictError, ErrorCode, InvalidInputError

_TOLD = 5
"""So many faults are told in words; all of them to programs."""


class OwnWordsRefusedError(InvalidInputError):
    """Words of a tenant's own cannot be used; carries what is wrong."""

    code = ErrorCode.OWN_WORDS_REFUSED

    def __init__(self, faults: Sequence[FaultyEntry]) -> None:
        told = " ".join(map(_as_sentence, faults[:_TOLD]))
        more = f" And {len(faults) - _TOLD} more." if len(faults) > _TOLD else ""
        super().__init__(told + more, errors=[_for_programs(each) for each in faults])
        self.faults = faults


class RevisionConflictError(ConflictError):
    """Somebody else has saved other words meanwhile; carries the revision that they have now."""

    def __init__(self, expected: int, present: int) -> None:
        super().__init__(
            f"The words are of revision {present} now, not {expected}: somebody else has changed them; read them anew.",
            revision=present,
        )
        self.present = present


def _as_sentence(fault: FaultyEntry) -> str:
    text = str(fault)
    return text[0].upper() + text[1:]


def _for_programs(fault: FaultyEntry) -> dict[str, object]:
    """As `errors` of other refusals have it."""
    location = [fault.list_name] + ([str(fault.entry)] if fault.entry else [])
    return {"location": location, "column": fault.column, "message": fault.reason, "type": fault.fault.value}
