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
