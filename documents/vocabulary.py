"""The words of stored fields that the command line offers: it can, without loading what reads and writes documents."""

from documents.described import DescribedEnum


class NotificationState(DescribedEnum):
    """Where a notification is in its life."""

    # The steps are drawn in `services/notifications/queue.py`.
    PENDING = "pending", "Waits for its next attempt, or is being sent at this moment."
    DELIVERED = "delivered", "The notifier has taken it."
    DEAD = "dead", "Given up or refused; `lastError` says why. It can be redriven."


class DestinationFormat(DescribedEnum):
    """What a destination is sent."""

    SPECIFICATION = "specification", "A JSON object of `ticket_id`, `tenant_id`, `urgency` and `reason`."
    WEBHOOK = "webhook", "A signed event after Standard Webhooks (standardwebhooks.com)."
    SLACK = "slack", "A message to an incoming webhook of Slack, or of what understands the same."


class SourceKind(DescribedEnum):
    """The help desks that can be read."""

    STANDARD = "standard", "An API like the operator's."
    ZENDESK = "zendesk", "Zendesk Support."
    GITHUB = "github", "The issues of a GitHub repository."


class ConnectionState(DescribedEnum):
    """How a connection stands."""

    NEW = "new", "Nothing has been read yet."
    CONNECTED = "connected", "The last run has read all that was to be read."
    FAILING = "failing", "The last run has failed; `problem` says why, and what to do."


class SourceProblem(DescribedEnum):
    """Why a source cannot be read, and what to do."""

    UNREACHABLE = (
        "unreachable",
        "It did not answer, or only with failures, for as long as a run waits. The next run goes on from there.",
    )
    CREDENTIAL_REFUSED = "credential_refused", "It does not take the credential: give the connection another one."
    FORBIDDEN = (
        "forbidden",
        "It takes the credential, which may not read the tickets: let it read them, or give another one.",
    )
    NOT_FOUND = (
        "not_found",
        "There is nothing of that name, or the credential may not know of it: look at both.",
    )
    NOT_IN_PLAN = (
        "not_in_plan",
        "The account's plan does not offer what reading tickets needs: ask whoever runs it.",
    )
    SWITCHED_OFF = (
        "switched_off",
        "Tickets are switched off there: have them switched on, or remove the connection.",
    )
    REFUSED = "refused", "It refused the request: look at the settings."
    SECRETS_UNREADABLE = (
        "secrets_unreadable",
        "The secrets were sealed with a key that this service does not have: give the connection its secrets again.",
    )
