"""Routes about the service itself, for people, load balancers and Prometheus. They need no credential."""

from fastapi import APIRouter, Request, Response, status

from gql_app.rest.answers.base import HealthAnswer, LiveAnswer
from gql_app.rest.parameters import PublicContext
from gql_app.telemetry.telemetry import Telemetry
from resolvers import system as resolvers

router = APIRouter(tags=["system"])


@router.get("/health", responses={503: {"model": HealthAnswer, "description": "A dependency cannot be reached."}})
async def get_health(context: PublicContext, response: Response) -> HealthAnswer:
    """Whether everything that the service depends on can be reached; 503 if not."""
    return _judged(HealthAnswer.of(await resolvers.get_health(context)), response)


@router.get("/health/live")
async def is_live() -> LiveAnswer:
    """200 for as long as the process answers: restarting it would heal nothing that another route complains of."""
    return LiveAnswer()


@router.get("/health/ready", responses={503: {"model": HealthAnswer, "description": "The database cannot be reached."}})
async def is_ready(context: PublicContext, response: Response) -> HealthAnswer:
    """Whether requests can be served: 503 without the database. The external API does not matter for that."""
    return _judged(HealthAnswer.of(await resolvers.get_health(context, only=["mongodb"])), response)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def get_metrics(request: Request) -> Response:
    """Prometheus metrics; they name routes, never tenants. Without the database, its figures are the last known."""
    telemetry: Telemetry = request.app.state.telemetry
    text, media_type = await telemetry.render()
    return Response(text, media_type=media_type)


def _judged(answer: HealthAnswer, response: Response) -> HealthAnswer:
    if answer.status != "ok":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return answer
