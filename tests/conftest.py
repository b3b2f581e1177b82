"""How the tests are run; what they can ask for is in fixtures.py."""

import gc
from collections.abc import Generator
from typing import Any

import pytest

from tests.expense import count_from_now, pytest_runtest_makereport, pytest_terminal_summary  # noqa: F401
from tests.order import in_good_order
from tests.processes import prepare

gc.disable()  # what is loaded and collected is kept: to look for garbage in it is a fifth of its time


def pytest_configure(config: pytest.Config) -> None:
    """Who only hands out tests to processes, which xdist starts after this, need not load the application."""
    if config.getoption("numprocesses", None):
        prepare()
    else:
        config.pluginmanager.import_plugin("tests.fixtures")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Each process begins with other folders and files: what one has compiled the others read."""
    report = yield
    if isinstance(collector, pytest.Directory):
        number, count = _process(collector.config)
        first = len(report.result) * number // count
        report.result = [*report.result[first:], *report.result[:first]]
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: str(item.path))
    items[:] = in_good_order(items, _process(config)[1])


def _process(config: pytest.Config) -> tuple[int, int]:
    """The number of this process among those of xdist, and how many there are."""
    worker: dict[str, Any] = getattr(config, "workerinput", {"workerid": "gw0", "workercount": 1})
    return int(worker["workerid"].removeprefix("gw")), worker["workercount"]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
    count_from_now()
