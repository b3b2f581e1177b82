"""What the tags of a stored ticket are: texts that are not empty, each once, whatever other programs store there."""

from typing import Any

from documents.database import Row


def tags_in(stored: Any) -> list[str]:
    """The tags in what is stored as `tags`, in their order; a text by itself is one."""
    if not stored:
        return []
    listed = stored if isinstance(stored, list) else [stored]
    return list(dict.fromkeys(each for each in listed if each and isinstance(each, str)))


def tags_expression() -> Row:
    """The expression for the tags of a ticket, in any order."""
    each_once = {"$setUnion": [{"$cond": [{"$isArray": "$tags"}, "$tags", ["$tags"]]}]}
    is_tag = {"$and": [{"$eq": [{"$type": "$$this"}, "string"]}, {"$ne": ["$$this", ""]}]}
    return {"$filter": {"input": each_once, "cond": is_tag}}
