"""A cache by identity: graphql-core's nodes can be hashed, but that walks the whole document each time."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class IdentityCache(Generic[K, V]):
    """Keeps what was made for the most recently used objects, and these objects, so that no id is used again."""

    def __init__(self, maxsize: int) -> None:
        self._maxsize = maxsize
        self._kept: OrderedDict[int, tuple[K, V]] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """What was made for this very object, or is made now."""
        kept = self._kept.get(id(key))
        if kept is None:
            kept = self._kept[id(key)] = (key, make())
            if len(self._kept) > self._maxsize:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(id(key))
        return kept[1]
