"""A scenario of `soak/` in a process of its own: `python -m tests.one_promise FILE`; its verdict takes its place."""

import pickle
import sys
from pathlib import Path

if __name__ == "__main__":
    file = Path(sys.argv[1])
    scenario = pickle.loads(file.read_bytes())  # noqa: S301 (the test's own)
    file.write_bytes(pickle.dumps(scenario()))
