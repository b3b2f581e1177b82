"""What a test has computed: its own time, and that of processes that it has started, ended or not."""

import subprocess
import sys
import time

import pytest

from tests.expense import spent
from tests.waiting import eventually

COMPUTE = "import sys, time\nwhile time.process_time() < 0.2: pass\nprint(flush=True); sys.stdin.read()"


def test_own_time_counts() -> None:
    before, began = spent(), time.process_time()
    while time.process_time() < began + 0.1:
        pass
    assert spent() - before >= 0.1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of processes that run")
def test_the_time_of_a_child_counts_once_while_it_runs_and_when_it_has_ended() -> None:
    before = spent()
    with subprocess.Popen(
        [sys.executable, "-S", "-c", COMPUTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        eventually(lambda: spent() - before >= 0.19)
    assert 0.19 <= spent() - before < 2
