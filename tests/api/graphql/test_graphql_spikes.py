"""Spikes over GraphQL and REST: every figure leads to exactly the tickets that it counts."""

from datetime import timedelta

from documents.ticket import Ticket
from services.coordination.leases import Leases
from services.kit.clock import SystemClock
from services.search.terms import search_fields
from services.spikes.watcher import SPIKES_RESOURCE, SpikeWatcher
from tests.api.graphql.client import Api
from tests.waiting import PATIENCE_SECONDS

COUNTED = "tickets(first: 60) { totalCount nodes { externalId customerId matched { keyword } } }"
SPIKES = f"""
query ($tenant: String!) {{
  spikes(tenantId: $tenant, first: 1) {{
    totalCount
    nodes {{
      id spikeId startedAt until isOver count customers {COUNTED}
      peak {{ start end customers expected chance {COUNTED} }}
      keywords {{ keyword count usualShare {COUNTED} }}
    }}
  }}
}}
"""


async def store_a_rush(api: Api) -> None:
    now = SystemClock().now()
    usual = [
        now - timedelta(weeks=week, hours=hour, minutes=half)
        for week in range(9)
        for hour in range(2, 7)
        for half in (0, 20)
    ]
    moments = [*usual, *(now - timedelta(minutes=20 + number) for number in range(40))]
    rows = []
    for number, moment in enumerate(moments):
        is_usual = number < len(usual)
        row = {"tenant_id": "acme", "external_id": f"T-{number}", "created_at": moment, "first_ingested_at": moment}
        keyword = "invoice" if is_usual or number % 4 == 0 else "outage"
        row |= {"keyword_key": keyword, "customer_id": f"C-{number // 2}", "urgency": "low", "status": "open"}
        row |= {"matched": [{"rule": "outage", "keyword": keyword, "text": keyword}]}
        rows.append(row | search_fields(row))
    await api.db.collection(Ticket).insert_many(rows)
    leases = Leases(api.db, ttl_seconds=PATIENCE_SECONDS)
    async with leases.held(await leases.acquire(f"{SPIKES_RESOURCE} of the test", "test")) as lease:
        assert lease is not None
        await SpikeWatcher(api.db, leases, SystemClock()).look_at(lease, "acme")


async def test_every_figure_of_a_spike_leads_to_its_tickets(resting: Api) -> None:
    await store_a_rush(resting)
    found = (await resting.data(SPIKES, tenant="acme"))["spikes"]
    assert found["totalCount"] == 1
    [spike] = found["nodes"]
    for figure, customers in ((spike, spike["customers"]), (spike["peak"], spike["peak"]["customers"])):
        tickets = figure["tickets"]
        assert len(tickets["nodes"]) == tickets["totalCount"]
        assert len({ticket["customerId"] for ticket in tickets["nodes"]}) == customers
    assert spike["tickets"]["totalCount"] == spike["count"] >= 40
    assert [keyword["keyword"] for keyword in spike["keywords"]] == ["outage"]
    for keyword in spike["keywords"]:
        assert (keyword["tickets"]["totalCount"], keyword["count"], len(keyword["tickets"]["nodes"])) == (30, 30, 30)
        words = {match["keyword"] for ticket in keyword["tickets"]["nodes"] for match in ticket["matched"]}
        assert words == {"outage"}
    again = await resting.data("query ($id: ID!) { node(id: $id) { ... on Spike { spikeId } } }", id=spike["id"])
    assert again["node"] == {"spikeId": spike["spikeId"]}
    page = (await resting.client.get("/tenants/acme/spikes")).json()
    assert [(each["id"], each["tickets"]) for each in page["spikes"]] == [(spike["spikeId"], spike["count"])]
    behind = {"tenant_id": "acme", "created_from": spike["startedAt"], "created_to": spike["until"]}
    assert (await resting.client.get("/tickets", params=behind)).json()["total_count"] == spike["count"]


async def test_a_tenant_without_spikes_has_an_empty_list(api: Api) -> None:
    assert (await api.data(SPIKES, tenant="tenant_a"))["spikes"] == {"totalCount": 0, "nodes": []}
