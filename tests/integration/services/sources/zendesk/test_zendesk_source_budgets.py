from documents.database import Database
from services.kit.clock import SystemClock
from services.sources.budget import RateLimiter
from tests.zendesk_reading import DeskReader, paths, read_desk


def reader_with_budgets(db: Database) -> tuple[DeskReader, dict[str, RateLimiter]]:
    """A reader whose limits are kept in the database."""
    made: dict[str, RateLimiter] = {}
    reader = read_desk(ticket_count=40, incremental_per_minute=10, requests_per_minute=200)

    def limiter(name: str, limit: int) -> RateLimiter:
        made[name] = RateLimiter(db, SystemClock(), limit=limit, request_seconds=30, name=name)
        return made[name]

    reader.limiters = limiter
    return reader, made


async def test_exports_and_other_requests_draw_on_budgets_of_their_own(db: Database) -> None:
    reader, made = reader_with_budgets(db)
    asked = paths(await reader.run()) + paths(await reader.run())
    exports = [path for path in asked if path.startswith("incremental/")]
    assert len(reader.tickets) + len(reader.gone) == 40
    assert len(exports) == 3
    states = {name: await limiter.state() for name, limiter in made.items()}
    assert {name: (state.limit, state.used) for name, state in states.items()} == {
        "zendesk_exports:desk": (10, 3),
        "zendesk:desk": (200, len(asked) - 3),
    }


async def test_a_single_ticket_costs_nothing_of_the_exports(db: Database) -> None:
    reader, made = reader_with_budgets(db)
    assert await reader.source().is_gone(reader.caller, "4000")
    assert (await made["zendesk_exports:desk"].state()).used == 0
    assert (await made["zendesk:desk"].state()).used == 1
