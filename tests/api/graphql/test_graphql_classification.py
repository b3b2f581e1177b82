"""The GraphQL fields about how a tenant's tickets are classified."""

import pytest

from documents.tenant_classifier import TenantClassifier
from tests.api.graphql.client import Api

RULES = """{ classificationRules(tenantId: "tenant_a") {
  words { revision high } before { revision } reclassification { state version }
} }"""
SAVE = """mutation ($input: SaveOwnWordsInput!) { saveOwnWords(input: $input) {
  __typename
  ... on OwnWordsSaved { rules { words { revision high harmless } before { revision } } }
  ... on OwnWordsRefused { message faults { fault list entry column reason } }
  ... on OwnWordsConflict { message revision }
} }"""
PREVIEW = """query ($high: [String!]!) { previewClassification(tenantId: "tenant_a", high: $high) {
  total lookedAt isComplete changed raised refusal version
  transitions { label before after tickets samples { externalId subject reasonsAfter { keyword } } }
} }"""
RECLASSIFY = """mutation { reclassifyTickets(input: {tenantId: "tenant_a"}) {
  ... on ReclassificationRequested { reclassification { state announce } }
} }"""
OURS = {"tenantId": "tenant_a"}


@pytest.fixture(autouse=True)
async def _nothing_saved(api: Api) -> None:
    await api.db.collection(TenantClassifier).delete_many({})


async def test_words_are_saved_and_shown(api: Api) -> None:
    saved = (await api.data(SAVE, input=OURS | {"expectedRevision": 0, "high": ["fire"]}))["saveOwnWords"]
    again = (await api.data(SAVE, input=OURS | {"expectedRevision": 0, "high": ["flood"]}))["saveOwnWords"]
    rules = (await api.data(RULES))["classificationRules"]

    assert saved["rules"]["words"] == {"revision": 1, "high": ["fire"], "harmless": []}
    assert (again["__typename"], again["revision"]) == ("OwnWordsConflict", 1)
    assert rules["words"] == {"revision": 1, "high": ["fire"]}
    assert rules["reclassification"]["state"] == "PENDING"
    assert (await api.data(RECLASSIFY))["reclassifyTickets"]["reclassification"]["announce"] is False


async def test_faults_are_named(api: Api) -> None:
    refused = (await api.data(SAVE, input=OURS | {"expectedRevision": 0, "high": ["the"]}))["saveOwnWords"]

    assert refused["__typename"] == "OwnWordsRefused"
    assert [(each["fault"], each["list"], each["entry"]) for each in refused["faults"]] == [("TOO_COMMON", "high", 1)]
    tried = await api.error(PREVIEW, high=["*"])
    assert tried["extensions"]["code"] == "OWN_WORDS_REFUSED"
    assert [each["type"] for each in tried["extensions"]["errors"]] == ["empty"]


async def test_a_preview_counts_every_ticket(api: Api) -> None:
    found = (await api.data(PREVIEW, high=["invoice"]))["previewClassification"]

    assert found["isComplete"]
    assert found["lookedAt"] == found["total"] > 0
    for label in ("urgency", "sentiment", "requires_action"):
        assert sum(each["tickets"] for each in found["transitions"] if each["label"] == label) == found["total"]
