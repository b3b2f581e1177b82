"""Builds the services that keep people's data from where it may not be, and note who does what."""

from typing import TypedDict

from documents.database import Database
from gql_app.settings import Settings
from services.coordination.leases import Leases
from services.judging.reclassifier import RECLASSIFICATION_RESOURCE
from services.kit.clock import Clock
from services.protection.ages.retentions import Retentions
from services.protection.eraser import Eraser
from services.protection.erasures import Erasures
from services.protection.portability import CustomerExports
from services.protection.shields import Shields
from services.protection.trail import AuditTrail
from services.rollups.write import Rollups


class ProtectionServices(TypedDict):
    """By their names among `Services`."""

    erasures: Erasures
    retentions: Retentions
    customer_exports: CustomerExports
    shields: Shields
    trail: AuditTrail


def build_protection(settings: Settings, database: Database, clock: Clock) -> ProtectionServices:
    """What requests need."""
    trail = AuditTrail(database, clock, keep_days=settings.audit_retention_days)
    return {
        "erasures": Erasures(database, clock),
        "retentions": Retentions(database, trail, clock),
        "customer_exports": CustomerExports(database),
        "shields": Shields(database),
        "trail": trail,
    }


def build_eraser(database: Database, leases: Leases, retentions: Retentions, clock: Clock) -> Eraser:
    """What erases beside them. Whoever judges anew announces what it has read of tickets: it is ordered with that."""
    ordered_with = [RECLASSIFICATION_RESOURCE]
    return Eraser(database, Rollups(database), leases, clock, retentions=retentions, ordered_with=ordered_with)
