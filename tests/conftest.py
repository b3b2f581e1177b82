"""How the tests are run; what they can ask for is in fixtures.py."""

import pytest

from tests.expense import count_from_now, pytest_runtest_makereport, pytest_terminal_summary  # noqa: F401
from tests.order import in_good_order
from tests.processes import prepare


def pytest_configure(config: pytest.Config) -> None:
    """Who only hands out tests to processes, which xdist starts after this, need not load the application."""
    if config.getoption("numprocesses", None):
        prepare()
    else:
        config.pluginmanager.import_plugin("tests.fixtures")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    workers: dict[str, int] = getattr(config, "workerinput", {})  # of xdist
    items[:] = in_good_order(items, workers.get("workercount", 1))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    count_from_now()
