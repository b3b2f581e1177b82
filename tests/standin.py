"""An external API that has never heard of the mock: numbers for ids, pages of its own size, troubles of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

Response = httpx.Response
THEN = "2026-02-01T10:00:00+02:00"


@dataclass
class StandIn(httpx.AsyncBaseTransport):
    """Answers requests in this process; a test changes what it has and how it answers."""

    numbers: list[int] = field(default_factory=list)
    """The tickets there are, in the order of the list."""
    page_size: int = 5
    """Whatever is asked for."""
    deleted: Any = None
    """The list of the deleted, or a function that tells it; None: that route is forbidden."""
    troubles: list[Callable[[int], Response | None]] = field(default_factory=list)
    """Asked in turn for each list request, by the page's number; the first that gives an answer has answered."""
    pages: list[int] = field(default_factory=list)
    """Of which pages were asked for."""
    requests: int = 0

    async def handle_async_request(self, request: httpx.Request) -> Response:
        """Answer as an API of its own kind does."""
        self.requests += 1
        path = request.url.path
        if path == "/external/deleted-tickets":
            deleted = self.deleted() if callable(self.deleted) else self.deleted
            return Response(403, text="no") if deleted is None else self._json({"deleted_ids": deleted})
        if path.startswith("/external/support-tickets/"):
            number = int(path.rpartition("/")[2])
            return self._json(self.record(number)) if number in self.numbers else Response(404)
        number = int(parse_qs(request.url.query.decode())["page"][0])
        self.pages.append(number)
        for trouble in self.troubles:
            if (answer := trouble(number)) is not None:
                return answer
        return self._page(number)

    def delete(self, *numbers: int) -> None:
        """Tickets go."""
        self.numbers = [number for number in self.numbers if number not in numbers]

    def record(self, number: int) -> dict[str, Any]:
        """A ticket as it shows it."""
        return {
            "id": str(number),
            "tenant_id": "acme",
            "source": "email",
            "customer_id": "C-1",
            "subject": "Urgent" if number % 10 == 0 else "Question",
            "message": "Where is the manual?",
            "created_at": THEN,
            "updated_at": THEN,
            "status": "open",
        }

    def _page(self, number: int) -> Response:
        first = (number - 1) * self.page_size
        shown = self.numbers[first : first + self.page_size]
        if not shown and number > 1:
            return Response(404, json={"error": "out of range"})
        more = first + self.page_size < len(self.numbers)
        page = {"tickets": [self.record(each) for each in shown] or None, "total_count": str(len(self.numbers))}
        return self._json(page | ({"next_page": number + 1} if more else {}))

    def _json(self, body: object) -> Response:
        text = "\ufeff" + json.dumps(body, ensure_ascii=False)
        return Response(200, content=text.encode(), headers={"content-type": "text/plain"})


def times(count: int, answer: Callable[[], Response]) -> Callable[[int], Response | None]:
    """A trouble that comes so often."""
    left = iter(range(count))
    return lambda number: answer() if next(left, None) is not None else None


def once(page: int, change: Callable[[], object]) -> Callable[[int], Response | None]:
    """Something that happens before a page is shown for the first time."""
    pending = [page]

    def trouble(number: int) -> Response | None:
        if number in pending:
            pending.clear()
            change()
        return None

    return trouble
