"""Who asks, and what they may see: the same rules for REST, GraphQL and WebSocket."""

from dataclasses import dataclass
from datetime import datetime

from documents.described import DescribedEnum
from services.errors import ForbiddenError, InvalidInputError, NotFoundError

MAX_TENANT_ID_CHARACTERS = 200


class Scope(DescribedEnum):
    """What a credential may do."""

    TICKETS_READ = "tickets:read", "Read the tenants' tickets, statistics, runs and locks."
    TICKETS_WRITE = "tickets:write", "Correct how the tenants' tickets are classified."
    INGEST_RUN = "ingest:run", "Start and cancel ingestion."
    ADMIN = "admin", "Change what all tenants share, for instance a circuit breaker; includes the other scopes."


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who asks."""

    tenants: frozenset[str] | None
    """The tenants they may see; None: all."""
    scopes: frozenset[Scope]
    subject: str = "anonymous"
    """Whose credential it is; `anonymous` where there is none, or it does not say."""
    name: str | None = None
    """What people call them, as far as the credential says."""
    expires_at: datetime | None = None
    """When the credential runs out, for connections that outlive a request; None: never."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody knows who it is."""
        return self.subject == EVERYONE.subject

    @property
    def all_scopes(self) -> frozenset[Scope]:
        """What they may do, with what a scope includes."""
        return frozenset(Scope) if Scope.ADMIN in self.scopes else self.scopes

    def may_see(self, tenant_id: str) -> bool:
        """Whether the tenant is one of theirs."""
        return self.tenants is None or tenant_id in self.tenants

    def require_anything(self) -> None:
        """Demand that the credential is good for something.

        Raises:
            ForbiddenError: it has no scope, or no tenant to use one on.
        """
        if not self.scopes:
            raise ForbiddenError("The credential has no scope.")
        if self.tenants is not None and not self.tenants and Scope.ADMIN not in self.scopes:
            raise ForbiddenError("The credential has no tenant.")

    def require(self, scope: Scope) -> None:
        """Demand a scope.

        Raises:
            ForbiddenError: the caller lacks it.
        """
        if scope not in self.all_scopes:
            raise ForbiddenError(f"This needs the scope {scope.value!r}.")

    def require_tenant(self, tenant_id: str, scope: Scope = Scope.TICKETS_READ) -> None:
        """Demand a scope on a tenant; every function that takes a tenant begins with this.

        Raises:
            ForbiddenError: the caller lacks the scope.
            InvalidInputError: no tenant can have such a name.
            NotFoundError: the tenant is not one of the caller's, whether it exists or not.
        """
        self.require(scope)
        if not 0 < len(tenant_id) <= MAX_TENANT_ID_CHARACTERS or not tenant_id.isprintable():
            raise InvalidInputError("must be 1 to 200 printable characters.", argument="tenant_id")
        if not self.may_see(tenant_id):
            raise NotFoundError(f"There is no tenant {tenant_id!r}.")


EVERYONE = Caller(tenants=None, scopes=frozenset([Scope.ADMIN]))
"""The caller when access is open: they may do everything."""
