import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mock_external_api.malformed import KINDS

LIST = "/external/support-tickets"
FIELDS = {"id", "tenant_id", "source", "customer_id", "subject", "message", "created_at", "updated_at", "status"}


def _tenants(tickets: list[Any]) -> set[str]:
    return {ticket["tenant_id"] for ticket in tickets}


def _moment(ticket: dict[str, str], field: str) -> datetime:
    return datetime.fromisoformat(ticket[field])


class TestList:
    async def test_page_has_the_shape_of_the_contract(self, start: Callable[..., Any]) -> None:
        page = await start().page(page=1, page_size=50)
        assert set(page) == {"tickets", "next_page", "total_count"}
        assert len(page["tickets"]) == 50
        assert page["next_page"] == 2
        assert all(set(ticket) == FIELDS and ticket["created_at"].endswith("Z") for ticket in page["tickets"])

    async def test_walk_visits_every_live_ticket_once_in_order(self, start: Callable[..., Any]) -> None:
        tickets = await start(deleted_share=0.1).walk()
        assert len({ticket["id"] for ticket in tickets}) == len(tickets) == 450
        assert [ticket["created_at"] for ticket in tickets] == sorted(ticket["created_at"] for ticket in tickets)

    async def test_last_page_may_be_exactly_full(self, start: Callable[..., Any]) -> None:
        client = start(ticket_count=100, deleted_share=0)
        assert (await client.page(page=2, page_size=50))["next_page"] is None

    async def test_page_past_the_end_is_empty(self, start: Callable[..., Any]) -> None:
        page = await start().page(page=1_000_000_000_000, page_size=100)
        assert (page["tickets"], page["next_page"], page["total_count"]) == ([], None, 475)

    async def test_no_tickets_at_all_is_an_empty_page(self, start: Callable[..., Any]) -> None:
        assert await start(ticket_count=0).page() == {"tickets": [], "next_page": None, "total_count": 0}

    async def test_tenant_filter_is_honoured_by_default(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        assert _tenants(await client.walk(tenant_id="tenant_c")) == {"tenant_c"}
        assert (await client.page(tenant_id="tenant_c"))["total_count"] == 100

    async def test_unknown_tenant_has_no_tickets(self, start: Callable[..., Any]) -> None:
        assert (await start().page(tenant_id="nobody"))["total_count"] == 0

    async def test_tenant_filter_can_be_ignored_so_that_pages_mix(self, start: Callable[..., Any]) -> None:
        page = await start(honour_tenant_id=False).page(tenant_id="tenant_c", page_size=100)
        assert _tenants(page["tickets"]) == {"tenant_a", "tenant_b", "tenant_c", "tenant_d"}
        assert page["total_count"] == 475

    async def test_deleted_tickets_are_listed_on_demand_and_counted(self, start: Callable[..., Any]) -> None:
        client = start()
        live, everything = await client.walk(), await client.walk(include_deleted=True)
        deleted = (await client.get("/external/deleted-tickets")).json()["deleted_ids"]
        assert {t["id"] for t in everything} - {t["id"] for t in live} == set(deleted)
        assert (await client.page(include_deleted=True))["total_count"] == len(live) + len(deleted) == 500

    @pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page_size=0", "page_size=101", "page_size="])
    async def test_senseless_parameters_are_422(self, start: Callable[..., Any], query: str) -> None:
        assert (await start().get(f"{LIST}?{query}")).status_code == 422

    async def test_latency_delays_the_answer(self, start: Callable[..., Any]) -> None:
        client = start(latency_ms=60)
        begin = time.perf_counter()
        await client.page()
        assert time.perf_counter() - begin >= 0.06


class TestSingleTicket:
    async def test_ticket_by_id_is_the_listed_one(self, start: Callable[..., Any]) -> None:
        client = start(drifting_updated_at_share=0)
        listed = (await client.page(page_size=1))["tickets"][0]
        assert (await client.get(f"{LIST}/{listed['id']}")).json() == listed

    async def test_unknown_ticket_is_404(self, start: Callable[..., Any]) -> None:
        assert (await start().get(f"{LIST}/tkt-999999")).status_code == 404

    async def test_deleted_ticket_is_404(self, start: Callable[..., Any]) -> None:
        client = start()
        deleted = (await client.get("/external/deleted-tickets")).json()["deleted_ids"]
        assert (await client.get(f"{LIST}/{deleted[0]}")).status_code == 404


class TestDrift:
    async def test_a_tenth_of_the_tickets_changes_updated_at_and_nothing_else(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        first, second = await client.walk(), await client.walk()
        moved = [a["id"] for a, b in zip(first, second, strict=True) if a != b]
        assert 48 <= len(moved) <= 50  # one or two of the 50 may draw the same millisecond twice
        for ticket in first + second:
            del ticket["updated_at"]
        assert first == second

    async def test_drift_goes_forwards_and_backwards(self, start: Callable[..., Any]) -> None:
        client = start()
        first, second = await client.walk(), await client.walk()
        moves = Counter(
            (a["updated_at"] < b["updated_at"]) - (a["updated_at"] > b["updated_at"])
            for a, b in zip(first, second, strict=True)
        )
        assert min(moves[1], moves[-1]) >= 10

    async def test_drift_never_goes_before_creation_nor_past_now(
        self, start: Callable[..., Any], hand_clock: Any
    ) -> None:
        client = start(drifting_updated_at_share=1.0)
        for _ in range(3):
            for ticket in await client.walk():
                assert _moment(ticket, "created_at") <= _moment(ticket, "updated_at") <= hand_clock.moment

    async def test_without_drift_every_walk_is_the_same(self, start: Callable[..., Any]) -> None:
        client = start(drifting_updated_at_share=0)
        assert await client.walk() == await client.walk()


class TestMalformed:
    async def test_share_of_malformed_records_is_exact_and_every_kind_occurs(self, start: Callable[..., Any]) -> None:
        client = start(malformed_share=0.1, huge_message_chars=2_000)
        kinds = (await client.state())["tickets"]["malformed"]
        assert sum(kinds.values()) == 50
        assert set(kinds) == set(KINDS)

    async def test_malformed_records_arrive_in_the_list(self, start: Callable[..., Any]) -> None:
        tickets = await start(malformed_share=1.0, deleted_share=0, huge_message_chars=2_000).walk()
        assert len(tickets) == 500
        assert None in tickets
        assert any(isinstance(ticket, str) for ticket in tickets)
        assert any(isinstance(ticket, dict) and "id" not in ticket for ticket in tickets)

    async def test_the_same_records_are_malformed_each_time(self, start: Callable[..., Any]) -> None:
        client = start(malformed_share=0.2, drifting_updated_at_share=0, huge_message_chars=2_000)
        assert await client.walk() == await client.walk()


class TestRateLimit:
    async def test_request_61_is_refused_until_the_window_has_moved_on(
        self, start: Callable[..., Any], hand_clock: Any
    ) -> None:
        client = start(rate_limit_per_minute=60)
        statuses = [(await client.get(LIST)).status_code for _ in range(61)]
        assert statuses == [200] * 60 + [429]
        hand_clock.advance(60)
        assert (await client.get(LIST)).status_code == 200

    @pytest.mark.parametrize("path", [LIST, f"{LIST}/tkt-000001", "/external/deleted-tickets", "/external/nothing"])
    async def test_one_limit_covers_every_external_path(self, start: Callable[..., Any], path: str) -> None:
        client = start(rate_limit_per_minute=1)
        await client.get("/external/anything")
        assert (await client.get(path)).status_code == 429

    async def test_other_paths_are_free(self, start: Callable[..., Any]) -> None:
        client = start(rate_limit_per_minute=1)
        for _ in range(3):
            assert (await client.get("/health")).json() == {"status": "ok"}
        status = (await client.get("/rate-limit/status")).json()
        assert status == {"limit": 1, "window_seconds": 60, "current_requests": 0, "remaining": 1}

    async def test_retry_after_in_seconds_is_enough_to_wait(self, start: Callable[..., Any], hand_clock: Any) -> None:
        client = start(rate_limit_per_minute=1)
        await client.get(LIST)
        hand_clock.advance(12.4)
        wait = (await client.get(LIST)).headers["Retry-After"]
        assert wait == "48"
        hand_clock.advance(float(wait))
        assert (await client.get(LIST)).status_code == 200

    async def test_retry_after_can_be_an_http_date(self, start: Callable[..., Any], hand_clock: Any) -> None:
        client = start(rate_limit_per_minute=1, retry_after_style="http_date")
        await client.get(LIST)
        text = (await client.get(LIST)).headers["Retry-After"]
        assert text.endswith("GMT")
        assert (parsedate_to_datetime(text) - hand_clock.moment).total_seconds() == 60

    async def test_retry_after_can_be_missing(self, start: Callable[..., Any]) -> None:
        client = start(rate_limit_per_minute=1, retry_after_style="missing")
        await client.get(LIST)
        answer = await client.get(LIST)
        assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)

    async def test_retry_after_can_be_garbage(self, start: Callable[..., Any]) -> None:
        client = start(rate_limit_per_minute=1, retry_after_style="garbage")
        await client.get(LIST)
        assert (await client.get(LIST)).headers["Retry-After"] == "soon"


class TestRandomFailures:
    async def test_error_rate_one_fails_everything_external_with_5xx(self, start: Callable[..., Any]) -> None:
        client = start(error_rate=1.0)
        statuses = [(await client.get(LIST)).status_code for _ in range(10)]
        assert min(statuses) >= 500
        assert (await client.get("/health")).status_code == 200

    async def test_error_rate_is_a_chance(self, start: Callable[..., Any]) -> None:
        client = start(error_rate=0.5)
        failed = sum([(await client.get(LIST)).status_code >= 500 for _ in range(100)])
        assert 30 <= failed <= 70
