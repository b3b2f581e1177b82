"""The fields of a record that the contract does not know: kept, within bounds, and marked where they do not fit.

The bounds hold for one ticket: real help desks send some 30 further fields, 1 to 4 levels deep, in 2 to 5 kB.
"""

import json
from collections.abc import Mapping
from typing import Any

from documents.database import Row
from services.kit.stored_json import to_stored

MAX_EXTRA_FIELDS = 200
MAX_EXTRA_LEVELS = 16
MAX_EXTRA_CHARACTERS = 32 * 1024
"""Of all values together, as JSON text."""
LEFT_OUT = "[left out]"
"""The key under which fields are named that are too many."""
_SHOWN_CHARACTERS = 200
_NAMED_FIELDS = 20
_NESTING = (dict, list)


def bounded(fields: Mapping[str, Any]) -> Row | None:
    """The fields as they are stored, by name; None if there are none.

    Of a value that is too large or nested too deeply, the beginning of its JSON text stays, with a mark.
    """
    if not fields:
        return None
    kept: Row = {}
    room = MAX_EXTRA_CHARACTERS
    names = sorted(fields)  # upstream may send the same fields in another order, which is no change
    for name in names[:MAX_EXTRA_FIELDS]:
        value = fields[name]
        text = json.dumps(value)
        size = len(name) + len(text)
        if size > room or _levels(value) > MAX_EXTRA_LEVELS:
            value = f"{text[:_SHOWN_CHARACTERS]} [cut: {len(text):,} characters]"
            size = len(value)
        room -= size
        kept[name[:_SHOWN_CHARACTERS]] = value
    if others := names[MAX_EXTRA_FIELDS:]:
        named = [name[:_SHOWN_CHARACTERS] for name in others[:_NAMED_FIELDS]]
        kept[LEFT_OUT] = {"fields": len(others), "among them": named}
    stored: Row = to_stored(kept)
    return stored


def _levels(value: Any) -> int:
    """How deeply lists and objects nest, as far as it matters; without recursion."""
    layer, levels = [value], 0
    while levels <= MAX_EXTRA_LEVELS and (layer := [each for each in layer if type(each) in _NESTING]):
        levels += 1
        layer = [child for parent in layer for child in (parent.values() if type(parent) is dict else parent)]
    return levels
