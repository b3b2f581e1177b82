"""Whoever adds a collection decides what an erasure does to it."""

from documents.all_documents import ALL_DOCUMENTS
from services.protection.whereabouts import OTHERWISE, TENANT_ROWS


def test_every_collection_is_named_once() -> None:
    named = [*TENANT_ROWS, *OTHERWISE]
    assert sorted(each.__name__ for each in named) == sorted(each.__name__ for each in ALL_DOCUMENTS)
    assert all(field == "_id" or field in document.model_fields for document, field in TENANT_ROWS.items())
