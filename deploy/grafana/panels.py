"""What the dashboards show: rows of panels, each with its unit and its queries. `make_dashboards.py` writes them."""

from typing import NamedTuple


class Panel(NamedTuple):
    """A graph over time."""

    title: str
    unit: str
    """As Grafana calls it: `s`, `reqps`, `percentunit`, `short` ..."""
    queries: dict[str, str]
    """By legend, in which `{{label}}` stands for a label's value. `$ours` is the selector of our processes, `$rate` the
    time over which rates are taken."""


def quantile(share: float, histogram: str, *labels: str) -> str:
    """Of a histogram over all processes, for each value of the labels."""
    return f"histogram_quantile({share}, sum by ({', '.join(['le', *labels])}) (rate({histogram}_bucket$ours[$rate])))"


def rate(counter: str, *labels: str) -> str:
    """Of a counter, over all processes, for each value of the labels."""
    return (
        f"sum by ({', '.join(labels)}) (rate({counter}$ours[$rate]))" if labels else f"sum(rate({counter}$ours[$rate]))"
    )


def shared(gauge: str, *labels: str) -> str:
    """Of a gauge that is read from the database: the same in every process."""
    return f"max by ({', '.join(labels)}) ({gauge}$ours)" if labels else f"max({gauge}$ours)"


OVERVIEW = [
    [
        Panel("Processes that answer", "short", {"{{component}}": "sum by (component) (up$ours)"}),
        Panel("Alerts", "short", {"{{alertname}}": 'count by (alertname) (ALERTS{alertstate="firing"})'}),
        Panel("Versions", "short", {"{{version}} {{command}}": "count by (version, command) (service_info$ours)"}),
    ],
    [
        Panel("Requests", "reqps", {"all": "support_tickets:http_requests:rate5m"}),
        Panel(
            "Failed and refused",
            "percentunit",
            {
                "5xx": "support_tickets:http_errors:ratio5m",
                "GraphQL": "support_tickets:graphql_errors:ratio5m",
                "429": "support_tickets:http_refused:ratio5m",
            },
        ),
        Panel(
            "95 % are answered within",
            "s",
            {"REST": "support_tickets:rest_seconds:p95_5m", "GraphQL": "support_tickets:graphql_seconds:p95_5m"},
        ),
    ],
    [
        Panel("Oldest queued run", "s", {"waits": shared("ingestion_queue_oldest_seconds")}),
        Panel("Oldest notification", "s", {"{{kind}}": shared("outbox_oldest_seconds", "kind")}),
        Panel(
            "Tenants without a successful run",
            "short",
            {"for {{without_success_for}}": shared("ingestion_tenants_overdue", "without_success_for")},
        ),
    ],
    [
        Panel("Memory", "bytes", {"{{instance}}": "process_resident_memory_bytes$ours"}),
        Panel("Processors", "short", {"{{instance}}": rate("process_cpu_seconds_total", "instance")}),
        Panel("Open files", "short", {"{{instance}}": "process_open_fds$ours"}),
    ],
]

INGESTION = [
    [
        Panel("Runs that ended", "short", {"{{outcome}}": rate("ingestion_runs_total", "outcome") + " * 3600"}),
        Panel("Runs under way", "short", {"{{instance}}": "ingestion_runs_in_progress$ours"}),
        Panel("Jobs", "short", {"{{state}}": shared("ingestion_jobs", "state")}),
    ],
    [
        Panel("Tickets", "cps", {"{{result}}": rate("ingestion_tickets_total", "result")}),
        Panel("A page is stored within", "s", {"95 %": quantile(0.95, "ingestion_page_store_duration_seconds")}),
        Panel("A run takes", "s", {"{{outcome}}, 95 %": quantile(0.95, "ingestion_run_duration_seconds", "outcome")}),
    ],
    [
        Panel(
            "Requests to help desks",
            "reqps",
            {"{{source}} {{result}}": rate("upstream_requests_total", "source", "result")},
        ),
        Panel(
            "A help desk answers within",
            "s",
            {"{{source}}, 95 %": quantile(0.95, "upstream_request_duration_seconds", "source")},
        ),
        Panel("Asked to wait", "cps", {"{{source}}": rate("upstream_throttled_total", "source")}),
    ],
    [
        Panel(
            "Outbound limit",
            "short",
            {"allowed in 60 s": shared("upstream_limit_slots"), "used": shared("upstream_limit_used_slots")},
        ),
        Panel("A request waits for its slot", "s", {"95 %": quantile(0.95, "upstream_slot_wait_seconds")}),
        Panel(
            "Interruptions and lost leases",
            "short",
            {
                "run: {{reason}}": rate("ingestion_run_interruptions_total", "reason") + " * 3600",
                "lease: {{resource}}": rate("leases_lost_total", "resource") + " * 3600",
            },
        ),
    ],
    [
        Panel(
            "Behind",
            "short",
            {
                "not in the rollups": shared("rollup_backlog_tickets"),
                "not found by searches": shared("search_backlog_tickets"),
            },
        ),
        Panel(
            "A ticket is classified within",
            "s",
            {"{{language}}, 95 %": quantile(0.95, "classification_duration_seconds", "language")},
        ),
        Panel("Connections", "short", {"{{source}} {{state}}": shared("help_desk_connections", "source", "state")}),
    ],
]

DELIVERY = [
    [
        Panel("Waiting", "short", {"{{kind}}": shared("outbox_depth", "kind")}),
        Panel("Waiting for longest", "s", {"{{kind}}": shared("outbox_oldest_seconds", "kind")}),
        Panel("Dead letters", "short", {"{{kind}}": shared("dead_letters", "kind")}),
    ],
    [
        Panel("Attempts", "cps", {"{{kind}} {{result}}": rate("notification_attempts_total", "kind", "result")}),
        Panel(
            "A receiver answers within",
            "s",
            {"{{kind}}, 95 %": quantile(0.95, "notification_request_duration_seconds", "kind")},
        ),
        Panel(
            "From urgent to delivered",
            "s",
            {
                "50 %": quantile(0.5, "notification_delivery_seconds"),
                "95 %": quantile(0.95, "notification_delivery_seconds"),
            },
        ),
    ],
    [
        Panel(
            "Circuits that are not closed",
            "short",
            {
                "{{kind}} {{state}}": shared("circuits", "kind", "state").replace(
                    "$ours", '{job="support-tickets", state!="closed"}'
                )
            },
        ),
        Panel("Notifications", "short", {"{{state}}": shared("notifications", "state")}),
    ],
]

API = [
    [
        Panel("Requests by route", "reqps", {"{{route}}": "topk(10, " + rate("http_requests_total", "route") + ")"}),
        Panel("Requests by status", "reqps", {"{{status}}": rate("http_requests_total", "status")}),
        Panel("Requests under way", "short", {"{{instance}}": "http_requests_in_progress$ours"}),
    ],
    [
        Panel(
            "95 % of a route within",
            "s",
            {"{{route}}": "topk(10, " + quantile(0.95, "http_request_duration_seconds", "route") + ")"},
        ),
        Panel("WebSockets", "short", {"{{instance}}": "websocket_connections$ours"}),
    ],
    [
        Panel(
            "GraphQL by field",
            "ops",
            {"{{type}} {{field}}": "topk(10, " + rate("graphql_operations_total", "type", "field") + ")"},
        ),
        Panel(
            "95 % of a field within",
            "s",
            {"{{field}}": "topk(10, " + quantile(0.95, "graphql_operation_duration_seconds", "field") + ")"},
        ),
        Panel("GraphQL errors", "ops", {"{{code}}": rate("graphql_errors_total", "code")}),
    ],
    [
        Panel("GraphQL results", "ops", {"{{result}}": rate("graphql_operations_total", "result")}),
    ],
]

DATABASE = [
    [
        Panel("Can be read", "short", {"{{instance}}": "database_metrics_up$ours"}),
        Panel("Connections", "short", {"{{instance}} {{state}}": "mongodb_pool_connections$ours"}),
        Panel(
            "A connection is had within",
            "s",
            {"{{instance}}, 95 %": quantile(0.95, "mongodb_pool_checkout_duration_seconds", "instance")},
        ),
    ],
    [
        Panel("Commands", "ops", {"{{command}}": rate("mongodb_command_duration_seconds_count", "command")}),
        Panel(
            "95 % of a command within",
            "s",
            {"{{command}}": quantile(0.95, "mongodb_command_duration_seconds", "command")},
        ),
        Panel(
            "Commands that failed",
            "ops",
            {"{{command}} {{error}}": rate("mongodb_command_failures_total", "command", "error")},
        ),
    ],
    [
        Panel(
            "Operations without a connection",
            "ops",
            {"{{reason}}": rate("mongodb_pool_checkout_failures_total", "reason")},
        ),
        Panel(
            "All connections dropped",
            "short",
            {"{{instance}}": rate("mongodb_pool_clears_total", "instance") + " * 3600"},
        ),
        Panel("Figures from the database are so old", "s", {"{{instance}}": "database_metrics_age_seconds$ours"}),
    ],
]

ALL = {
    "overview": ("Support tickets: overview", OVERVIEW),
    "ingestion": ("Support tickets: ingestion", INGESTION),
    "delivery": ("Support tickets: notifications", DELIVERY),
    "api": ("Support tickets: API", API),
    "database": ("Support tickets: MongoDB", DATABASE),
}
