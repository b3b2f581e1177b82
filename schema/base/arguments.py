"""Arguments that many GraphQL fields share."""

from datetime import datetime
from typing import Annotated

import strawberry

TenantId = Annotated[str, strawberry.argument(name="tenantId", description="The tenant.")]
JobId = Annotated[str, strawberry.argument(name="jobId", description="The job's id (not its global id).")]
FromDate = Annotated[datetime | None, strawberry.argument(description="Only tickets created at or after this moment.")]
ToDate = Annotated[datetime | None, strawberry.argument(description="Only tickets created before this moment.")]
