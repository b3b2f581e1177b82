import asyncio
from tests.fakes import *
from documents.ingestion_job import IngestionJob
async def test_x(db, mock_api):
    settings = make_settings(rate_limit_per_minute=2)
    async with open_services(db, mock_api.transport, settings) as services, open_client(app_with(services, settings)) as client:
        await client.post("/ingest/run?tenant_id=tenant_a", headers={"prefer":"respond-async"})
        await asyncio.sleep(1.5)
        print(await IngestionJob.find_all().to_list())
        print(await services.rate_limiter.state())
        from documents.rate_limit import RateLimit
        print(await db.collection(RateLimit).find().to_list(None))
