import json
import time
from collections.abc import Callable
from typing import Any

import pytest

LIST = "/external/support-tickets"


async def test_scripted_answers_come_first_in_first_out(start: Callable[..., Any]) -> None:
    client = start()
    assert await client.control("script", [{"status": 500}, {"status": 503}]) == {"waiting": 2}
    assert [(await client.get(LIST)).status_code for _ in range(3)] == [500, 503, 200]


async def test_answer_can_be_given_several_times(start: Callable[..., Any]) -> None:
    client = start()
    await client.control("script", {"status": 502, "times": 2})
    assert [(await client.get(LIST)).status_code for _ in range(3)] == [502, 502, 200]


async def test_answer_for_one_page_waits_for_it(start: Callable[..., Any]) -> None:
    client = start()
    await client.control("script", {"status": 500, "page": 2})
    assert [(await client.get(LIST, params={"page": page})).status_code for page in (1, 2, 2)] == [200, 500, 200]


async def test_status_headers_and_body_are_sent_as_given(start: Callable[..., Any]) -> None:
    client = start()
    script = {"status": 200, "headers": {"Content-Type": "text/html", "X-Odd": "1"}, "body": "<h1>Größe</h1>"}
    await client.control("script", script)
    answer = await client.get(LIST)
    assert (answer.text, answer.headers["Content-Type"], answer.headers["X-Odd"]) == (
        "<h1>Größe</h1>",
        "text/html",
        "1",
    )


async def test_patch_replaces_fields_of_the_normal_answer(start: Callable[..., Any]) -> None:
    client = start(drifting_updated_at_share=0)
    normal = await client.page(page=3)
    await client.control("script", {"patch": {"next_page": 1, "total_count": 5}})
    assert await client.page(page=3) == normal | {"next_page": 1, "total_count": 5}


async def test_truncated_answer_is_half_of_the_json(start: Callable[..., Any]) -> None:
    client = start(drifting_updated_at_share=0)
    whole = (await client.get(LIST)).content
    await client.control("script", {"truncate": True})
    answer = await client.get(LIST)
    assert (answer.status_code, answer.content) == (200, whole[: len(whole) // 2])
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_delay_postpones_the_answer(start: Callable[..., Any]) -> None:
    client = start()
    await client.control("script", {"delay_ms": 60})
    begin = time.perf_counter()
    assert len((await client.page())["tickets"]) == 50
    assert time.perf_counter() - begin >= 0.06


async def test_close_breaks_the_connection_off(start: Callable[..., Any]) -> None:
    client = start()
    await client.control("script", {"close": True})
    with pytest.raises(ConnectionAbortedError):
        await client.get(LIST)
    assert (await client.get(LIST)).status_code == 200


async def test_other_paths_do_not_use_the_script_up(start: Callable[..., Any]) -> None:
    client = start()
    await client.control("script", {"status": 500})
    assert (await client.get("/external/deleted-tickets")).status_code == 200
    assert (await client.get(f"{LIST}?page=0")).status_code == 422
    assert (await client.state())["script_waiting"] == 1


async def test_script_can_be_cleared(start: Callable[..., Any]) -> None:
    client = start()
    await client.control("script", {"status": 500, "times": 3})
    assert (await client.delete("/_control/script")).json() == {"waiting": 0}
    assert (await client.get(LIST)).status_code == 200


@pytest.mark.parametrize("wrong", [{"status": 99}, {"times": 0}, {"page": 0}, {"delay_ms": -1}, {"unknown": 1}, 5])
async def test_senseless_script_is_422(start: Callable[..., Any], wrong: Any) -> None:
    assert (await start().post("/_control/script", json=wrong)).status_code == 422
