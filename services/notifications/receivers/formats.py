"""What destinations are sent: one function a format, from the notifications to a body and its headers."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from documents.destination import DestinationFormat
from services.notifications.claims import ClaimedNotification
from services.notifications.receivers.refusals import InvalidSecretError

SECRET_PREFIX = "whsec_"  # noqa: S105  (what a secret begins with, no secret)
SECRET_BYTES = range(24, 65)
"""How long a signing secret may be, after Standard Webhooks."""
NEW_SECRET_BYTES = 32
SHOWN_IN_A_DIGEST = 20
"""Tickets that a digest for people names one by one."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A request's body (JSON) and the headers that belong to it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def compose(
    format_: DestinationFormat, notifications: Sequence[ClaimedNotification], secrets: Sequence[str], now: datetime
) -> OutgoingMessage:
    """The message for one notification, or the digest of several, which must be one tenant's and about tickets.

    `Idempotency-Key` is the same for every attempt, so that a receiver can tell a repetition. A digest that is tried
    again may have grown meanwhile and is another message then; each alert in it has its own `notification_id`.
    """
    key = message_id([each.id for each in notifications])
    return _COMPOSERS[format_](key, notifications, secrets, now)


def message_id(ids: Sequence[str]) -> str:
    """The idempotency key of a message: the notification's id, or for several what follows from theirs."""
    return ids[0] if len(ids) == 1 else hashlib.blake2b("".join(sorted(ids)).encode(), digest_size=16).hexdigest()


def new_secret() -> str:
    """A signing secret of our own making."""
    return SECRET_PREFIX + base64.b64encode(os.urandom(NEW_SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """The key in a signing secret `whsec_...`.

    Raises:
        InvalidSecretError: it has another form or length; the text does not repeat it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_BYTES:
        raise InvalidSecretError("A secret is whsec_ and 24 to 64 bytes in base64.")
    return key


def signatures(secrets: Sequence[str], key: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret that is valid now."""
    signed = f"{key}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret_bytes(secret), signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _as_specified(
    key: str, notifications: Sequence[ClaimedNotification], secrets: Sequence[str], now: datetime
) -> OutgoingMessage:
    [notification] = notifications  # the specification knows no digest
    body = {name: getattr(notification, name) for name in ("ticket_id", "tenant_id", "urgency", "reason")}
    return OutgoingMessage(orjson.dumps(body), {"Idempotency-Key": key})


def _as_webhook(
    key: str, notifications: Sequence[ClaimedNotification], secrets: Sequence[str], now: datetime
) -> OutgoingMessage:
    first = notifications[0]
    if first.spike is not None:
        event = {"type": "spike.detected", "timestamp": first.created_at, "data": _spike(first)}
    elif len(notifications) == 1:
        event = {"type": "ticket.urgent", "timestamp": first.created_at, "data": _alert(first)}
    else:
        alerts = [_alert(each) for each in notifications]
        data = {"tenant_id": first.tenant_id, "count": len(alerts), "alerts": alerts}
        event = {"type": "ticket.urgent.digest", "timestamp": first.created_at, "data": data}
    body, timestamp = orjson.dumps(event, option=orjson.OPT_UTC_Z), int(now.timestamp())
    headers = {
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(secrets, key, timestamp, body),
    }
    return OutgoingMessage(body, headers)


def _for_slack(
    key: str, notifications: Sequence[ClaimedNotification], secrets: Sequence[str], now: datetime
) -> OutgoingMessage:
    first = notifications[0]
    if first.spike is not None:
        text = f"Spike at {_plain(first.tenant_id)}: {_plain(first.reason)}"
    elif len(notifications) == 1:
        text = f"Urgent ticket {_plain(first.ticket_id)} of {_plain(first.tenant_id)}: {_plain(first.reason)}"
    else:
        lines = [f"{len(notifications)} urgent tickets of {_plain(first.tenant_id)}:"]
        lines += [f"- {_plain(each.ticket_id)}: {_plain(each.reason)}" for each in notifications[:SHOWN_IN_A_DIGEST]]
        if more := len(notifications) - SHOWN_IN_A_DIGEST:
            lines += [f"and {more} more"] * (more > 0)
        text = "\n".join(lines)
    return OutgoingMessage(orjson.dumps({"text": text}), {"Idempotency-Key": key})


def _alert(notification: ClaimedNotification) -> dict[str, Any]:
    names = ("tenant_id", "ticket_id", "urgency", "reason")
    return {"notification_id": notification.id, **{name: getattr(notification, name) for name in names}}


def _spike(notification: ClaimedNotification) -> dict[str, Any]:
    told = {name: getattr(notification, name) for name in ("tenant_id", "reason")}
    return {"notification_id": notification.id, **told, **(notification.spike or {})}


def _plain(text: str) -> str:
    """Text in which Slack finds no link, mention or channel."""
    one_line = " ".join(text.split())
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


Composer = Callable[[str, Sequence[ClaimedNotification], Sequence[str], datetime], OutgoingMessage]
_COMPOSERS: dict[DestinationFormat, Composer] = {
    DestinationFormat.SPECIFICATION: _as_specified,
    DestinationFormat.WEBHOOK: _as_webhook,
    DestinationFormat.SLACK: _for_slack,
}
