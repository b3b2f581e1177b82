"""GraphQL about tenants' access to their help desks."""

from collections.abc import Iterator
from typing import Any

import pytest

from gql_app.settings import Settings
from services.connections.kinds import SOURCE_NEEDS
from tests.api.graphql.client import Api
from tests.connecting import KEY, TOKEN, HelpDesk, help_desk, record
from tests.fakes import make_settings

SHOWN = """
    connectionId tenantId source settings { name value } secretNames account prefix scheduleMinutes announceFrom
    state problem problemDetail advice failures lastRunAt lastSuccessAt nextRunAt createdAt updatedAt
"""
CREATE = f"""
mutation Create($input: CreateConnectionInput!) {{
  createConnection(input: $input) {{
    __typename
    ... on ConnectionSaved {{ connection {{ {SHOWN} }} }}
    ... on ConnectionRefused {{ message code }}
  }}
}}
"""
TRY = """
mutation Try($input: TryConnectionInput!) {
  tryConnection(input: $input) {
    __typename
    ... on ConnectionChecked { ok detail problem }
    ... on ConnectionRefused { message code }
  }
}
"""
CHANGE = f"""
mutation Change($input: ChangeConnectionInput!) {{
  changeConnection(input: $input) {{
    __typename
    ... on ConnectionSaved {{ connection {{ {SHOWN} }} }}
    ... on UserError {{ message }}
    ... on ConnectionRefused {{ code }}
    ... on ConnectionNotFound {{ connectionId }}
  }}
}}
"""
DELETE = f"""
mutation Delete($id: String!) {{
  deleteConnection(input: {{connectionId: $id}}) {{
    __typename
    ... on ConnectionDeleted {{ connection {{ {SHOWN} }} }}
    ... on ConnectionNotFound {{ connectionId }}
  }}
}}
"""
CHECK = """
mutation Check($id: String!) {
  checkConnection(input: {connectionId: $id}) {
    __typename
    ... on ConnectionChecked { ok detail problem }
    ... on ConnectionNotFound { message connectionId }
  }
}
"""
CHECK_CHANGE = """
mutation Check($input: CheckConnectionInput!) {
  checkConnection(input: $input) {
    __typename
    ... on ConnectionChecked { ok detail problem }
    ... on UserError { message }
    ... on ConnectionRefused { code }
    ... on ConnectionNotFound { connectionId }
  }
}
"""


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY)


@pytest.fixture
def desk() -> Iterator[HelpDesk]:
    with help_desk(record("1")) as desk:
        yield desk


def pair(name: str, value: str | None) -> dict[str, str | None]:
    return {"name": name, "value": value}


def wanted(url: str, **more: Any) -> dict[str, Any]:
    return {
        "tenantId": "acme",
        "source": "STANDARD",
        "settings": [pair("base_url", url)],
        "secrets": [pair("bearer_token", TOKEN)],
    } | more


async def ask(api: Api, query: str, **variables: Any) -> Any:
    answer = await api.ask(query, **variables)
    assert "errors" not in answer, answer
    assert TOKEN not in str(answer)
    [found] = answer["data"].values()
    return found


async def test_a_connection_is_made_shown_changed_checked_and_removed(api: Api, desk: HelpDesk) -> None:
    made = (await ask(api, CREATE, input=wanted(desk.url, scheduleMinutes=15)))["connection"]
    assert (made["source"], made["state"], made["scheduleMinutes"]) == ("STANDARD", "NEW", 15)
    assert (made["settings"], made["secretNames"]) == ([pair("base_url", desk.url)], ["bearer_token"])
    name = made["connectionId"]
    assert await ask(api, f'{{ connections(tenantId: "acme") {{ {SHOWN} }} }}') == [made]
    assert await ask(api, f'{{ connections(tenantId: "other") {{ {SHOWN} }} }}') == []
    assert await ask(api, f'{{ connection(connectionId: "{name}") {{ {SHOWN} }} }}') == made
    change = {"connectionId": name, "settings": [pair("requests_per_minute", "30")], "scheduleMinutes": 0}
    changed = (await ask(api, CHANGE, input=change))["connection"]
    assert (changed["scheduleMinutes"], changed["nextRunAt"]) == (None, None)
    assert changed["settings"] == [pair("base_url", desk.url), pair("requests_per_minute", "30")]
    assert await ask(api, CHECK, id=name) == {
        "__typename": "ConnectionChecked",
        "ok": True,
        "detail": "It answers and shows tickets.",
        "problem": None,
    }
    change = {"connectionId": name, "secrets": [pair("bearer_token", None)]}
    assert (await ask(api, CHANGE, input=change))["connection"]["secretNames"] == []
    checked = await ask(api, CHECK, id=name)
    assert (checked["ok"], checked["problem"]) == (False, "CREDENTIAL_REFUSED")
    assert (await ask(api, DELETE, id=name))["connection"]["connectionId"] == name
    gone = {"__typename": "ConnectionNotFound", "connectionId": name}
    assert await ask(api, DELETE, id=name) == gone
    assert (await ask(api, CHECK, id=name)).items() >= gone.items()
    assert (await ask(api, CHANGE, input={"connectionId": name})).items() >= gone.items()


async def test_a_connection_can_be_tried_before_it_is_added(api: Api, desk: HelpDesk) -> None:
    told = await ask(api, TRY, input=wanted(desk.url))
    assert told == {
        "__typename": "ConnectionChecked",
        "ok": True,
        "detail": "It answers and shows tickets.",
        "problem": None,
    }
    told = await ask(api, TRY, input=wanted(desk.url, secrets=[pair("bearer_token", "another")]))
    assert (told["ok"], told["problem"]) == (False, "CREDENTIAL_REFUSED")
    told = await ask(api, TRY, input=wanted(desk.url, settings=[]))
    assert told == {
        "__typename": "ConnectionRefused",
        "code": "INVALID_INPUT",
        "message": "standard needs base_url.",
    }
    assert await ask(api, f'{{ connections(tenantId: "acme") {{ {SHOWN} }} }}') == []


async def test_a_change_can_be_tried_before_it_is_stored(api: Api, desk: HelpDesk) -> None:
    made = (await ask(api, CREATE, input=wanted(desk.url)))["connection"]
    other = (await ask(api, CREATE, input=wanted(f"{desk.url}/other")))["connection"]
    name = made["connectionId"]
    well = {"__typename": "ConnectionChecked", "ok": True, "detail": "It answers and shows tickets.", "problem": None}
    limit = {"connectionId": name, "settings": [pair("requests_per_minute", "30")]}
    assert await ask(api, CHECK_CHANGE, input={"connectionId": name}) == well
    assert await ask(api, CHECK_CHANGE, input=limit) == well
    moved = {"connectionId": name, "settings": [pair("base_url", f"{desk.url}/elsewhere")]}
    told = await ask(api, CHECK_CHANGE, input=moved)
    assert (told["ok"], told["problem"]) == (False, "NOT_FOUND")
    for token in ("another", None):
        told = await ask(api, CHECK_CHANGE, input={"connectionId": name, "secrets": [pair("bearer_token", token)]})
        assert (told["ok"], told["problem"]) == (False, "CREDENTIAL_REFUSED")
    asked = list(desk.asked)
    for settings, code in (
        ([pair("base_url", "https://1.1.1.1")], "INVALID_INPUT"),
        ([pair("base_url", desk.url)] * 2, "INVALID_INPUT"),
        ([pair("base_url", "https://10.0.0.1")], "ADDRESS_REFUSED"),
        ([pair("base_url", f"{desk.url}/other")], "CONFLICT"),
    ):
        change = {"connectionId": name, "settings": settings}
        told = await ask(api, CHECK_CHANGE, input=change)
        assert (told["__typename"], told["code"]) == ("ConnectionRefused", code)
        assert told == await ask(api, CHANGE, input=change)
    assert desk.asked == asked
    assert await ask(api, f'{{ connections(tenantId: "acme") {{ {SHOWN} }} }}') == [made, other]


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"source": "GITHUB"}, "INVALID_INPUT", "github has no secret 'bearer_token'"),
        ({"settings": []}, "INVALID_INPUT", "standard needs base_url."),
        ({"settings": [pair("base_url", "https://1.1.1.1")] * 2}, "INVALID_INPUT", "given more than once"),
        ({"settings": [pair("base_url", "http://1.1.1.1")]}, "ADDRESS_REFUSED", "begins with https://"),
        ({"scheduleMinutes": 0}, "INVALID_INPUT", "schedule_minutes must be 1 to 10,080."),
    ],
)
async def test_a_refusal_is_data(api: Api, more: dict[str, Any], code: str, message: str) -> None:
    told = await ask(api, CREATE, input=wanted("https://1.1.1.1", **more))
    assert (told["__typename"], told["code"]) == ("ConnectionRefused", code)
    assert message in told["message"]


async def test_a_second_connection_to_an_account_is_refused(api: Api, desk: HelpDesk) -> None:
    await ask(api, CREATE, input=wanted(desk.url))
    assert (await ask(api, CREATE, input=wanted(desk.url)))["code"] == "CONFLICT"
    other = (await ask(api, CREATE, input=wanted("https://1.1.1.1")))["connection"]["connectionId"]
    change = {
        "connectionId": other,
        "settings": [pair("base_url", desk.url)],
        "secrets": [pair("bearer_token", TOKEN)],
    }
    assert (await ask(api, CHANGE, input=change))["code"] == "CONFLICT"


async def test_a_form_is_told_what_a_source_needs(api: Api) -> None:
    query = """{ offeredSources { source description needs {
      name description expected isSecret isRequired default insteadOf neededWith
    } } }"""
    told = await ask(api, query)
    assert {each["description"] for each in told} >= {"An API like the operator's.", "Zendesk Support."}
    found = {each["source"]: each["needs"] for each in told}
    assert {name.lower() for name in found} == {source.value for source in SOURCE_NEEDS}
    needs = {each["name"]: (each["insteadOf"], each["neededWith"]) for each in found["ZENDESK"]}
    assert (needs["subdomain"], needs["email"]) == ((["base_url"], []), ([], ["api_token"]))
    required = {each["name"]: (each["isSecret"], each["isRequired"]) for each in found["STANDARD"]}
    assert required == {
        "base_url": (False, True),
        "requests_per_minute": (False, False),
        "bearer_token": (True, False),
    }
