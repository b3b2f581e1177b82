"""What all REST answers have in common, and those about the service itself. Times are UTC."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from documents.ingestion_job import JobStatus
from services.health import HealthReport
from services.lists.numbered import Page


class Answer(BaseModel):
    """Base: made from the attributes of what the services return."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Every error, as RFC 9457 `application/problem+json`."""

    type: str
    title: str
    status: int
    """The HTTP status."""
    detail: str
    code: str
    """What programs decide by: `NOT_FOUND`, `ALREADY_RUNNING`, ..."""
    instance: str
    request_id: str | None = None
    """Quote it when you report a problem."""
    job_id: str | None = None
    """The ingestion job that is the reason."""
    job_status: JobStatus | None = None
    errors: list[dict[str, Any]] | None = None
    """Which parameters are wrong, and why."""


class NumberedPage(Answer):
    """The place of a page in its list; pages count from 1."""

    page: int
    page_size: int
    total_count: int
    next_page: int | None


DependencyState = Literal["healthy", "unhealthy"]


class HealthAnswer(Answer):
    """Whether the service and what it depends on work."""

    status: Literal["ok", "degraded"]
    dependencies: dict[str, DependencyState]

    @classmethod
    def of(cls, report: HealthReport) -> Self:
        """The answer for a report."""
        verdicts: dict[str, DependencyState] = {
            name: "healthy" if is_healthy else "unhealthy" for name, is_healthy in report.dependencies.items()
        }
        return cls(status="ok" if report.is_healthy else "degraded", dependencies=verdicts)


class LiveAnswer(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"


def place_of(page: Page[Any]) -> dict[str, Any]:
    """The members of `NumberedPage`."""
    return {
        "page": page.page,
        "page_size": page.page_size,
        "total_count": page.total_count,
        "next_page": page.next_page,
    }
