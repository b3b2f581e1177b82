"""Carries an order out: with its settings, what the service depends on, an event loop, and the signals to stop."""

import asyncio
import signal
from asyncio import new_event_loop
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

import typer
from rich.console import Console

from documents.failures import DatabaseError, translating
from gql_app.commands.configuration import InvalidSettingsError, load_mock_settings, load_settings
from gql_app.commands.orders import Order, ServiceOrder, load
from gql_app.commands.screen.logs import logs_beside
from gql_app.commands.stopping import StoppedAtStartError
from gql_app.commands.waiting import waiting
from gql_app.http.address import AddressError, bind
from gql_app.local import bundled_mock, embedded_mongo
from gql_app.local.bundled_mock import BundledMockError
from gql_app.local.embedded_mongo import EmbeddedMongoError
from gql_app.logs import configure_logging
from gql_app.settings import Settings
from services.errors import ServiceError

with suppress(ImportError):  # there is none for Windows
    from uvloop import new_event_loop

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
FAILED_TO_START = 2
KILLED_BY = 128
"""Added to the number of a signal, as shells do."""
CANNOT_START = (
    AddressError,
    BundledMockError,
    DatabaseError,
    EmbeddedMongoError,
    InvalidSettingsError,
    ServiceError,
)
NO_SOURCE = (
    "EXTERNAL_API_URL: MONGO_URL names a database of your own, and nothing says where its tickets come from; name the "
    "external API, or `mock` for the bundled sample tickets"
)

T = TypeVar("T")


class StoppedBySignal(Exception):  # noqa: N818 (nothing went wrong)
    """A signal ended a command that does not come to an end of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Dependencies(NamedTuple):
    """Where the service finds what it depends on."""

    mongo_url: str
    external_api_url: str
    """Empty where the command does not need it."""
    lack_of_room: Callable[[], str | None] = lambda: None
    """Says so if MongoDB has no room on its disk, as far as that is known."""


class Means(NamedTuple):
    """What a command has to do its work with."""

    settings: Settings
    found: Dependencies
    stop: asyncio.Event
    """Set by the signals to stop, if the command heeds them; others are cancelled."""


def carry_out(order: Order) -> int:
    """Do what was ordered, and return the exit code; what keeps a command from its work is told in one line."""
    try:
        if not isinstance(order, ServiceOrder):
            exit_code: int = load(order.work)(**order.arguments)
            return exit_code
        settings = load_settings()
        if order.has_worker:
            settings = settings.model_copy(update={"run_worker": True})
        return _with_dependencies(order, settings)
    except CANNOT_START as error:
        typer.echo(f"Error: {error}", err=True)
        return FAILED_TO_START
    except StoppedAtStartError:
        return 0
    except StoppedBySignal as stopped:
        return KILLED_BY + stopped.number
    except KeyboardInterrupt:
        return KILLED_BY + signal.SIGINT


def _with_dependencies(order: ServiceOrder, settings: Settings) -> int:
    """Load what does the work while the dependencies start: the one takes a processor, the other patience."""
    with ExitStack() as stack:
        shown = Console(stderr=order.log_name is None or bool(order.arguments.get("as_json")))
        stack.enter_context(_logging(settings, order.log_name, shown))
        arguments = dict(order.arguments)
        if order.listens:
            arguments["listener"] = stack.enter_context(bind(settings.host, settings.port))
        loading = stack.enter_context(ThreadPoolExecutor(1)).submit(load, order.work)
        with waiting("Starting MongoDB and the external API; after a crash MongoDB recovers first.", shown):
            found = stack.enter_context(open_dependencies(settings, needs_source=order.needs_source))
            work = loading.result()
        with translating():
            exit_code: int = run(
                lambda stop: work(Means(settings, found, stop), **arguments), heeds_stop=order.heeds_stop
            )
            return exit_code


@contextmanager
def open_dependencies(settings: Settings, *, needs_source: bool = True) -> Iterator[Dependencies]:
    """Start MongoDB and the mock external API, at the same time, unless the settings name others.

    Raises:
        InvalidSettingsError: the mock's settings do not make sense, or nothing says where tickets come from.
        EmbeddedMongoError: MongoDB cannot be started.
        BundledMockError: the mock cannot be started.
    """
    check_source(settings, needs_source=needs_source)
    with ExitStack() as shares, ThreadPoolExecutor(max_workers=1) as aside:
        mongo_url = settings.mongo_url
        external_api_url = None if settings.uses_bundled_mock else settings.external_api_url
        needs_mock = needs_source and settings.uses_bundled_mock
        starting_mock = aside.submit(bundled_mock.start, settings.data_dir) if needs_mock else None
        try:
            if mongo_url is None:
                mongo_url = shares.enter_context(embedded_mongo.start(settings.data_dir)).url
        finally:
            if starting_mock is not None:
                external_api_url = shares.enter_context(starting_mock.result()).url
        is_embedded = settings.mongo_url is None
        lack_of_room = partial(embedded_mongo.lack_of_room, settings.data_dir) if is_embedded else lambda: None
        yield Dependencies(mongo_url, external_api_url or "", lack_of_room)


def check_source(settings: Settings, *, needs_source: bool = True) -> None:
    """See to it that the settings say where tickets come from, in a way that makes sense.

    Raises:
        InvalidSettingsError: they do not.
    """
    if not needs_source:
        return
    if settings.external_api_url is None and settings.mongo_url is not None:
        raise InvalidSettingsError(NO_SOURCE)
    if settings.uses_bundled_mock:
        load_mock_settings()


def run(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *, heeds_stop: bool = True) -> T:
    """Run `main` on the fastest event loop there is; the event that it is given is set by SIGINT and SIGTERM.

    If it does not heed the event, it is cancelled instead, and the process ends as by the signal. A second signal of
    the same kind has its usual effect: the process ends without further ado.
    """

    async def with_signals() -> T:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        work = asyncio.ensure_future(main(stop))
        received: list[int] = []

        def order_stop(number: signal.Signals) -> None:
            loop.remove_signal_handler(number)
            received.append(number)
            if heeds_stop:
                stop.set()
            else:
                work.cancel()

        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, order_stop, number)
        try:
            return await work
        except asyncio.CancelledError:
            if received:
                raise StoppedBySignal(received[0]) from None
            raise

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(with_signals())


def _logging(settings: Settings, name: str | None, shown: Console) -> AbstractContextManager[None]:
    """Send log lines to standard error, or out of the way of what a command of this name shows."""
    if name is not None:
        return logs_beside(shown, settings, name)
    configure_logging(settings)
    return nullcontext()
