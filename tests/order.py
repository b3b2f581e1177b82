"""In which order tests are run by several processes, so that none of them is left alone with long ones at the end."""

from itertools import groupby

import pytest

LONGEST_FIRST = (
    "tests/faults/test_promises.py",
    "tests/faults/",
    "tests/browser/",
    "tests/graphql_clients/",
    "tests/graphql_http_audit/",
    "tests/integration/test_worked_example.py",
    "tests/integration/gql_app/",
    "tests/integration/documents/",
)
"""Where tests wait for other processes more than they compute."""
EACH_BY_ITSELF = LONGEST_FIRST[0]
"""Its tests share nothing, and each takes as long as a usual module."""


def in_good_order(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The order for so many processes, of which xdist gives each an equal part of the list at first.

    Three of four processes begin with what waits, and the others compute meanwhile; whoever is done takes over what
    comes last in another's part, which is short. The tests of a module stay together: they share what it sets up.
    """
    if workers < 2:
        return items
    waiting = [item for item in items if _rank(item) < len(LONGEST_FIRST)]
    modules = [list(each) for _, each in groupby(sorted(waiting, key=_rank), _module)]
    begun = workers * 3 // 4
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, module in enumerate(modules):
        parts[number % begun] += module
    others = [item for item in items if _rank(item) == len(LONGEST_FIRST)]
    size = len(items) // workers
    for part in parts:
        room = max(0, size - len(part))
        part += others[:room]
        others = others[room:]
    return [item for part in parts for item in part] + others


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start)), len(LONGEST_FIRST))


def _module(item: pytest.Item) -> str:
    return item.nodeid if item.nodeid.startswith(EACH_BY_ITSELF) else item.nodeid.partition("::")[0]
