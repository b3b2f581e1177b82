from datetime import UTC, datetime

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from documents.destination import DestinationFormat
from services.errors import InvalidInputError
from services.notifications.claims import ClaimedNotification
from services.notifications.receivers.changes import demand_digest, demand_secret, shown
from services.notifications.receivers.formats import SHOWN_IN_A_DIGEST, compose, new_secret, secret_bytes, signatures
from services.notifications.receivers.refusals import InvalidSecretError

SPECIFICATION, WEBHOOK, SLACK = DestinationFormat
THEN = datetime(2026, 2, 5, 12, tzinfo=UTC)


def alert(ticket: str = "T-1", reason: str = "outage: down") -> ClaimedNotification:
    return ClaimedNotification(f"id-{ticket}", "c", "acme", ticket, "high", reason, 0, 0, THEN)


@given(st.text(), st.text())
def test_any_ticket_is_signed_so_that_it_verifies(ticket: str, reason: str) -> None:
    ticket, reason = (text.encode("utf-8", "ignore").decode() for text in (ticket, reason))
    secrets = [new_secret(), new_secret()]
    message = compose(WEBHOOK, [alert(ticket, reason)], secrets, datetime.now(UTC))
    headers = message.headers | {"webhook-id": message.headers["webhook-id"]}
    for secret in secrets:
        assert Webhook(secret).verify(message.body, headers)["data"]["ticket_id"] == ticket


def test_the_example_of_the_standard_has_the_signature_that_it_gives() -> None:
    """From the reference implementations' tests."""
    body = b'{"test": 2432232314}'
    signed = signatures(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "secret", "whsec_%%%", "whsec_c2hvcnQ=", "whsec_" + "A" * 200, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
)
def test_a_broken_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(InvalidSecretError) as refused:
        secret_bytes(secret)
    assert str(refused.value) == "A secret is whsec_ and 24 to 64 bytes in base64."


def test_a_secret_of_our_own_is_good_and_never_the_same() -> None:
    assert len({secret_bytes(new_secret()) for _ in range(50)}) == 50


@pytest.mark.parametrize("format_", [SPECIFICATION, SLACK])
def test_formats_that_are_not_signed_take_no_secret(format_: DestinationFormat) -> None:
    with pytest.raises(InvalidSecretError):
        demand_secret(format_, new_secret())


def test_the_key_is_the_same_for_every_attempt_and_for_a_digest_whatever_its_order() -> None:
    alerts = [alert("T-1"), alert("T-2")]
    assert compose(SPECIFICATION, alerts[:1], (), THEN).headers["Idempotency-Key"] == "id-T-1"
    keys = {compose(SLACK, each, (), THEN).headers["Idempotency-Key"] for each in (alerts, alerts[::-1])}
    assert len(keys) == 1
    assert keys.isdisjoint({"id-T-1", "id-T-2"})


def test_slack_finds_no_mention_link_or_second_line_in_what_others_wrote() -> None:
    text = orjson.loads(compose(SLACK, [alert("<!channel>\nT", "a & b")], (), THEN).body)["text"]
    assert text == "Urgent ticket &lt;!channel&gt; T of acme: a &amp; b"


def test_a_long_digest_for_people_names_some_and_counts_the_others() -> None:
    alerts = [alert(f"T-{number}") for number in range(SHOWN_IN_A_DIGEST + 7)]
    lines = orjson.loads(compose(SLACK, alerts, (), THEN).body)["text"].splitlines()
    assert (len(lines), lines[-1]) == (SHOWN_IN_A_DIGEST + 2, "and 7 more")


@pytest.mark.parametrize(("format_", "above"), [(SPECIFICATION, 5), (WEBHOOK, 0), (WEBHOOK, -1), (SLACK, 1_001)])
def test_a_digest_that_makes_no_sense_is_refused(format_: DestinationFormat, above: int) -> None:
    with pytest.raises(InvalidInputError):
        demand_digest(format_, above)


@pytest.mark.parametrize(
    ("format_", "url", "seen"),
    [
        (WEBHOOK, "https://example.com/hook", "https://example.com/hook"),
        (WEBHOOK, "https://example.com:8443/hook?token=secret", "https://example.com:8443/hook?..."),
        (SLACK, "https://hooks.slack.com/services/T/B/secret", "https://hooks.slack.com/..."),
    ],
)
def test_what_is_shown_of_an_address_lets_nobody_use_it(format_: DestinationFormat, url: str, seen: str) -> None:
    assert shown(httpx.URL(url), format_) == seen


def a_spike() -> ClaimedNotification:
    figures = {"spike_id": "spk_1", "tickets": 20, "started_at": THEN}
    return ClaimedNotification("id-spike", "c", "acme", "", "high", "20 customers <wrote>", 0, 0, THEN, spike=figures)


def test_a_spike_is_an_event_of_its_own_kind() -> None:
    secret = new_secret()
    message = compose(WEBHOOK, [a_spike()], [secret], datetime.now(UTC))
    event = Webhook(secret).verify(message.body, message.headers)
    assert (event["type"], event["timestamp"]) == ("spike.detected", "2026-02-05T12:00:00Z")
    told = {"notification_id": "id-spike", "tenant_id": "acme", "reason": "20 customers <wrote>"}
    assert event["data"] == {**told, "spike_id": "spk_1", "tickets": 20, "started_at": "2026-02-05T12:00:00Z"}
    text = orjson.loads(compose(SLACK, [a_spike()], [], THEN).body)["text"]
    assert text == "Spike at acme: 20 customers &lt;wrote&gt;"
