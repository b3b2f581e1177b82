import socket

import pytest

from gql_app.http.address import AddressError, bind, url_of


def test_an_address_is_taken_without_answering_on_it_yet() -> None:
    with bind("127.0.0.1", 0) as listener:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(listener.getsockname(), timeout=1)
        listener.listen()
        socket.create_connection(listener.getsockname(), timeout=1).close()


def test_an_address_that_somebody_listens_on_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AddressError, match="in use"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_a_host_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AddressError, match=r"Cannot listen on no\.such\.host\.invalid:80: \w+"):
        bind("no.such.host.invalid", 80)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])  # noqa: S104
def test_the_url_is_one_that_a_browser_on_this_machine_can_open(host: str, shown: str) -> None:
    with bind(host, 0) as listener:
        assert url_of(listener) == f"http://{shown}:{listener.getsockname()[1]}"
