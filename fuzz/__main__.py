"""Serve the service with sample data, and let made-up bytes and schemathesis loose on it; 1: a fault was found.

`python -m fuzz raw` sends the bytes alone, for which nothing has to be installed.
"""

import os
import subprocess
import sys
from pathlib import Path

from fuzz.raw import fuzz_sockets
from soak.cluster import Cluster

ROOT = Path(__file__).parent.parent
SCHEMATHESIS = ROOT / ".venv-fuzz" / "bin" / "schemathesis"
EXAMPLES = 20
"""Requests made up for each operation."""
SEED = 1
SERVED_FOREVER = "^/ingest/run$"
"""Left out: a run waits for its end, and made-up tenants have upstream walked for nothing."""


def main() -> int:
    """Fuzz sockets, then REST, then GraphQL."""
    with Cluster(mock={"ticket_count": 500, "rate_limit_per_minute": 0}) as cluster:
        process, service = cluster.service()
        for tenant in ("tenant_a", "tenant_d"):
            service.post("/ingest/run", params={"tenant_id": tenant}).raise_for_status()
        broken = fuzz_sockets(service.base_url.port or 80, process.resident_bytes, SEED)
        print(*broken, sep="\n")
        faults = len(broken) + sum(
            subprocess.run(
                [
                    *(SCHEMATHESIS, "run", f"{service.base_url}{path}", "--checks", "no_fault_of_ours", "--no-color"),
                    *("--max-examples", str(EXAMPLES), "--seed", str(SEED), "--exclude-path-regex", SERVED_FOREVER),
                ],
                env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzz.hooks", "PYTHONPATH": str(ROOT)},
                cwd=cluster.home,
                check=False,
            ).returncode
            for path in ([] if sys.argv[1:] == ["raw"] else ["/openapi.json", "/graphql"])
        )
        log = process.log.read_text(errors="replace")
        unexpected = [line for line in log.splitlines() if "[error" in line]
        print(*unexpected, sep="\n")
    return 1 if faults or unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
