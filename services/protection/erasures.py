"""Asking for erasures, and their certificates."""

from datetime import datetime
from uuid import uuid4

from pymongo.errors import PyMongoError

from documents.database import Database, Row, Session
from documents.erasure import Erasure, ErasureScope, ErasureState
from documents.ingestion_job import IngestionJob
from documents.tenant_protection import TenantProtection
from services.coordination.interventions import Interventions
from services.coordination.resources import ingest_resource
from services.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from services.kit.clock import Clock
from services.kit.words import LONGEST_WORD, word_of
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.lists.numbered import Page, read_newest
from services.protection.digests import DigestKeys
from services.tenancy import Filter, owned


class ErasureNotFoundError(NotFoundError):
    """There is no erasure with this id."""

    def __init__(self, erasure_id: str) -> None:
        super().__init__(f"There is no erasure {erasure_id!r}.")


class NotErasedError(ConflictError):
    """The tenant was not erased, or is still being erased."""


class Erasures:
    """Keeps erasures; who may ask for one is for others to know."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys = DigestKeys(database)
        self._interventions = Interventions(database)
        self._rows = database.collection(Erasure)
        self._protections = database.collection(TenantProtection)
        self._jobs = database.collection(IngestionJob)

    async def request_customer(self, tenant_id: str, customer_id: str, *, by: str | None) -> Erasure:
        """Have a customer erased. From now on nothing of theirs comes in that was created until now; the rest is done
        in the background. Whoever asks again gets another erasure: it is about what has come into being since, too.

        Raises:
            InvalidInputError: nobody can have such an id.
        """
        digest = await self.digest(tenant_id, customer_id)
        return await self._request(
            tenant_id,
            {"scope": ErasureScope.CUSTOMER.value, "customer_digest": digest, "customer_id": customer_id},
            {"$inc": {"revision": 1, "erasures": 1}},
            by,
        )

    async def request_tenant(self, tenant_id: str, *, by: str | None) -> Erasure:
        """Have a tenant erased. From now on nothing is stored for it, and its runs end; until it is reopened. Asked for
        again before that, it is the same erasure."""
        erasure = await self._request(
            tenant_id,
            {"scope": ErasureScope.TENANT.value},
            {"$inc": {"revision": 1}, "$set": {"is_erased": True, "retention_days": None}},
            by,
            same=owned(tenant_id, scope=ErasureScope.TENANT.value, lifted_at=None),
        )
        await self._jobs.update_many(owned(tenant_id, active=True), {"$set": {"cancel_requested": True}})
        return erasure

    async def reopen(self, tenant_id: str, *, by: str | None) -> Erasure:
        """Let an erased tenant be used again, as if it were new. Erased customers of it stay so.

        Raises:
            NotErasedError: it was not erased, or that is not done yet.
        """
        mine = owned(tenant_id, scope=ErasureScope.TENANT.value, lifted_at=None)

        async def work(session: Session) -> Row | None:
            row = await self._rows.find_one({**mine, "state": ErasureState.DONE.value}, session=session)
            if row is None:
                return None
            lifted = {"lifted_at": self._clock.now(), "lifted_by": by}
            await self._rows.update_one({"_id": row["_id"]}, {"$set": lifted}, session=session)
            opened = {"$inc": {"revision": 1}, "$set": {"is_erased": False}}
            await self._protections.update_one({"_id": tenant_id}, opened, session=session)
            return {**row, **lifted}

        row = await self._database.in_transaction(work)
        if row is None:
            raise NotErasedError("The tenant was not erased, or its erasure is not done yet.")
        return _erasure(row)

    async def get(self, erasure_id: str) -> Erasure:
        """One erasure, also long after it is done.

        Raises:
            ErasureNotFoundError: there is none with this id.
        """
        row = await self._rows.find_one({"_id": erasure_id})
        if row is None:
            raise ErasureNotFoundError(erasure_id)
        return _erasure(row)

    async def slice(self, tenant_id: str, window: Window, *, customer_id: str | None = None) -> Slice[Erasure]:
        """A stretch of a tenant's erasures, newest first; those of one customer, if that is asked for.

        Raises:
            InvalidInputError: nobody can have such an id.
            QueryTimeoutError: the database did not finish.
        """
        found = await read_slice(self._rows, await self._among(tenant_id, customer_id), "requested_at", window)
        return found.map(_erasure)

    async def page(self, tenant_id: str, *, page: int, page_size: int, customer_id: str | None = None) -> Page[Erasure]:
        """A numbered page of the same."""
        where = await self._among(tenant_id, customer_id)
        return (await read_newest(self._rows, where, "requested_at", page=page, page_size=page_size)).turned(_erasure)

    async def count(self, tenant_id: str, *, customer_id: str | None = None) -> int:
        """How many there are."""
        where = await self._among(tenant_id, customer_id)
        async with time_limited():
            return await self._rows.count_documents(where, maxTimeMS=LIST_MILLISECONDS)

    async def _among(self, tenant_id: str, customer_id: str | None) -> Filter:
        if customer_id is None:
            return owned(tenant_id)
        return owned(tenant_id, customer_digest=await self.digest(tenant_id, customer_id))

    async def digest(self, tenant_id: str, customer_id: str) -> str:
        """What stands for a customer where no personal data may be.

        Raises:
            InvalidInputError: nobody can have such an id.
        """
        if not 0 < len(customer_id) <= LONGEST_WORD:
            raise InvalidInputError(f"customer_id must be 1 to {LONGEST_WORD:,} characters.")
        if word_of(customer_id) != customer_id:
            raise InvalidInputError("customer_id must have no blanks at its ends, nor NUL: no customer's is stored so.")
        return (await self._keys.digester()).customer(tenant_id, customer_id)

    async def _request(
        self, tenant_id: str, asked: Row, shield: Row, by: str | None, *, same: Filter | None = None
    ) -> Erasure:
        """`same`: what would be the same erasure."""
        resources, key = [ingest_resource(tenant_id)], f"era_{uuid4().hex}"
        await self._interventions.prepare(resources)

        async def work(session: Session) -> Row:
            await self._interventions.come_between(resources, session)
            await self._protections.update_one({"_id": tenant_id}, shield, upsert=True, session=session)
            known = None if same is None else await self._rows.find_one(same, session=session)
            if known is not None:
                return known
            row = {"_id": key, "tenant_id": tenant_id, **asked, **_requested(self._clock.now(), by)}
            await self._rows.insert_one(row, session=session)
            return row

        try:
            return _erasure(await self._database.in_transaction(work))
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise UnavailableError("Something of the tenant is being stored; try again in a minute.") from error
            raise


def _requested(now: datetime, by: str | None) -> Row:
    return {"requested_at": now, "requested_by": by, "state": ErasureState.PENDING.value, "stage": 0, "counts": {}}


def _erasure(row: Row) -> Erasure:
    found: Erasure = Erasure.model_validate(row)
    return found
