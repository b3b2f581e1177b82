"""The list of migrations."""

from documents.schema_version import KNOWN_VERSION
from services.migration.migrator import ALL_MIGRATIONS


def test_migrations_are_numbered_one_after_the_other_up_to_the_known_version() -> None:
    assert [each.number for each in ALL_MIGRATIONS] == list(range(1, KNOWN_VERSION + 1))
