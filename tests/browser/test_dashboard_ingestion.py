"""Runs in the dashboard: started, followed, cancelled, and seen where somebody else started them."""

import json
from datetime import UTC, datetime, timedelta

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.quarantined_record import QuarantinedRecord
from documents.tenant_lock import TenantLock
from resolvers.context import Services
from services.ingestion.worker import Worker
from tests.browser.chromium import Page
from tests.browser.dashboard_page import FIGURES, follow, shows, told
from tests.fakes import MockApi, ingest

RUN = "document.querySelector('.run button')"


async def test_from_no_tickets_to_figures_that_agree(
    page: Page, address: str, worker: Worker, mock_api: MockApi
) -> None:
    mock_api.hold()
    await page.open(f"http://{address}/?tenant=tenant_c&period=all")
    await shows(page, "No tickets of this tenant yet")
    await follow(page, "?tenant=tenant_c&period=all&view=ingestion")
    await page.until(f"{RUN}?.innerText === 'Start a run' && !{RUN}.disabled")
    await page.evaluate(f"{RUN}.click()")
    await shows(page, "Run under way")
    mock_api.release()
    await shows(page, "Completed")
    await page.until("document.querySelector('.runs tbody tr') !== null")
    assert await told(page, ".runs .outcome") == ["Success"]
    new = int((await told(page, ".counts dd"))[0])
    assert new == len(mock_api.live_ids("tenant_c"))
    await follow(page, "?tenant=tenant_c&period=all")
    await page.until(FIGURES + " !== null")
    assert (await told(page, ".figure .value"))[0] == str(new)
    assert page.complaints == []


async def test_somebody_elses_run_is_seen_and_can_be_cancelled(
    page: Page, address: str, services: Services, worker: Worker, mock_api: MockApi
) -> None:
    await page.open(f"http://{address}/?tenant=tenant_d&view=ingestion")
    await shows(page, "There has been no run yet")
    mock_api.hold()
    await services.jobs.start("tenant_d")
    await shows(page, "Run under way")
    await page.evaluate(f"{RUN}.click()")
    await page.until("document.querySelector('.runs .outcome')?.innerText === 'Cancelled'")
    mock_api.release()


async def test_a_run_says_until_when_it_waits(page: Page, address: str, services: Services, db: Database) -> None:
    job = await services.jobs.start("tenant_a")
    until = datetime.now(UTC) + timedelta(hours=1)
    waits = {"status": "running", "started_at": datetime.now(UTC), "waiting_until": until, "total_pages": 9}
    await db.collection(IngestionJob).update_one({"_id": job.id}, {"$set": waits})
    await page.open(f"http://{address}/?tenant=tenant_a&view=ingestion&zone=Asia/Tokyo")
    await shows(page, f"Waiting for the limit until {until + timedelta(hours=9):%H:%M:%S}")
    await shows(page, "page 0 of 9")


async def test_a_run_whose_worker_has_died_says_where_it_goes_on(
    page: Page, address: str, services: Services, db: Database
) -> None:
    job = await services.jobs.start("tenant_a")
    begun = datetime.now(UTC) - timedelta(minutes=1)
    runs = {"status": "running", "started_at": begun, "processed_pages": 4, "total_pages": 9}
    await db.collection(IngestionJob).update_one({"_id": job.id}, {"$set": runs})
    lease = {"resource_id": "ingest:tenant_a", "owner_id": job.id, "holder": "h", "acquired_at": begun, "fence": 1}
    await db.collection(TenantLock).insert_one({**lease, "expires_at": begun + timedelta(hours=1)})
    await page.open(f"http://{address}/?tenant=tenant_a&view=ingestion")
    await shows(page, "If its worker has died, another one goes on then, after page 4.")
    await page.until("document.querySelector('.run-wait')?.innerText === ''")
    await db.collection(TenantLock).update_one({}, {"$set": {"expires_at": begun}})
    await shows(page, "Its worker is gone; the next one goes on after page 4.")
    assert page.complaints == []


async def test_two_starts_at_once_are_one_run(page: Page, address: str, db: Database) -> None:
    await page.open(f"http://{address}/?tenant=tenant_a&view=ingestion")
    await page.until(f"{RUN}?.innerText === 'Start a run' && !{RUN}.disabled")
    query = 'mutation { startIngestion(input: { tenantId: "tenant_a" }) { __typename } }'
    request = {"method": "POST", "headers": {"content-type": "application/json"}, "body": json.dumps({"query": query})}
    await page.evaluate(f"window.other = fetch('/graphql', {json.dumps(request)}); {RUN}.click()")
    await page.evaluate("window.other.then((answer) => answer.text())")
    await shows(page, "Run under way")
    assert await db.collection(IngestionJob).count_documents({}) == 1
    assert page.complaints == []


async def test_what_could_not_be_stored_is_shown_as_text(
    page: Page, address: str, services: Services, worker: Worker, db: Database
) -> None:
    await ingest(services, "tenant_a")
    evil = '{"id": "<img src=x onerror=alert(1)>"}'
    rows = [
        {
            "_id": f"r{number}",
            "tenant_id": "tenant_a",
            "external_id": "<b>1</b>",
            "reason": "no usable created_at",
            "raw": evil,
            "is_attributed": True,
            "state": "waiting",
            "page": 3,
            "position": 0,
            "recorded_at": datetime.now(UTC) - timedelta(minutes=number),
            "times_seen": 2,
        }
        for number in range(25)
    ]
    await db.collection(QuarantinedRecord).insert_many(rows)
    await page.open(f"http://{address}/?tenant=tenant_a&view=ingestion")
    await page.until("document.querySelectorAll('.records > li').length === 20")
    await page.evaluate("document.querySelector('.records summary').click()")
    assert (await told(page, ".records .raw"))[0] == evil
    await page.evaluate("[...document.querySelectorAll('.pages button')].at(-1).click()")
    await page.until("document.querySelectorAll('.records > li').length === 5")
    assert page.complaints == []
