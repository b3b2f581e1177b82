"""Starting runs over REST and following them."""

from typing import Any

import httpx

from tests.waiting import until

RUN = "/ingest/run?tenant_id=tenant_a"
RUN_OF_FEW = "/ingest/run?tenant_id=tenant_d"
"""Where a test needs several runs, and one page is enough."""
ASYNC = {"prefer": "respond-async"}
COUNTS = ("new_ingested", "updated", "unchanged", "deleted", "skipped", "errors")


async def start(client: httpx.AsyncClient) -> str:
    answer = await client.post(RUN, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


async def progress(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/ingest/progress/{job_id}")).json()
    return found


async def reach(client: httpx.AsyncClient, job_id: str, **wanted: Any) -> dict[str, Any]:
    """Follow a job until its progress shows what is wanted."""

    async def reached() -> dict[str, Any] | None:
        found = await progress(client, job_id)
        return found if all(found[name] == value for name, value in wanted.items()) else None

    return await until(reached, f"a job with {wanted}")


async def active_job(client: httpx.AsyncClient) -> str:
    """Wait until a run is there; its id."""

    async def found() -> str | None:
        job_id: str | None = (await client.get("/ingest/status?tenant_id=tenant_a")).json()["job_id"]
        return job_id

    return await until(found, "a run")
