import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.ingestion.courses.course import CIRCLE, KEPT_MOVING, MAX_DULL_PAGES, Course, Step
from services.sources.pages import PagePlace, SourcePage
from tests.moving_list import ORDERS, MovingList, walk


def course(*, may_shift: bool = True, max_pages: int = 10_000) -> Course:
    return Course(may_shift=may_shift, max_pages=max_pages)


def still(number: int, *, size: int = 3, order: str = "oldest first", **told: bool) -> MovingList:
    """A list that moves only when a test moves it."""
    listed = MovingList(random.Random(1), size, order, liveliness=0, **told)  # type: ignore[arg-type]
    listed.fill(number)
    return listed


def moved_before(listed: MovingList, requests: int, change: Callable[[], None]) -> None:
    """Let the list change once, after so many requests."""

    def pass_time() -> None:
        listed.now += timedelta(seconds=1)
        if len(listed.requests) == requests:
            change()

    listed._pass_time = pass_time  # type: ignore[method-assign]


def page(*ids: str, following: PagePlace | None = None, total: int | None = None) -> SourcePage:
    return SourcePage(ids, ids, following, total)


def step(walked: Course, place: PagePlace, shown: SourcePage) -> Step:
    return walked.arrived(place, shown, {})


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("number", [0, 1, 3, 7, 9])
def test_a_list_that_stands_still_is_read_once(number: int, counts: bool) -> None:
    listed = still(number, counts=counts)
    walked = walk(listed, course())
    assert (walked.seen, walked.remarks) == (set(listed.ids), [])
    assert listed.requests == list(range(1, max(1, -(-number // 3)) + 1))


def test_pages_and_gaps_are_walked_as_told() -> None:
    walked = course()
    assert step(walked, 1, page("a", following=7)).next == 7
    assert step(walked, 7, page("b", following=8, total=2)).next == 8
    assert step(walked, 8, page()).next == 7  # an end that was not announced: has the list become shorter?
    assert step(walked, 7, page("b", following=8, total=2)).next == 8
    assert step(walked, 8, page()) == Step(None)


def test_a_hint_never_overrules_the_page() -> None:
    for total in (None, 0, 10**9):
        walked = course()
        assert step(walked, 1, page("a", following=2, total=total)).next == 2
        assert step(walked, 2, page("b", total=total)) == Step(None)


def test_a_ticket_deleted_behind_the_walk_is_no_reason_to_miss_another() -> None:
    listed = still(9)
    moved_before(listed, 1, lambda: (listed.deleted.add(listed.ids.pop(0)), None)[1])
    walked = walk(listed, course())
    assert "T-3" in walked.seen
    assert walked.remarks == []
    assert listed.requests == [1, 2, 1, 2, 3]


def test_a_deletion_that_the_total_hides_is_known_by_its_name() -> None:
    listed = still(9)

    def replace() -> None:
        listed.deleted.add(listed.ids.pop(0))
        listed.insert()

    moved_before(listed, 1, replace)
    walked = walk(listed, course())
    assert set(listed.ids) <= walked.seen
    assert walked.remarks == []
    assert listed.requests[:4] == [1, 2, 3, 1]


def test_a_deletion_that_nobody_names_is_known_by_what_came_in_its_place() -> None:
    listed = still(9, names_deleted=False)
    moved_before(listed, 1, lambda: (listed.ids.pop(0), listed.insert())[1])
    assert set(listed.ids) <= walk(listed, course()).seen


def test_tickets_that_come_in_at_the_front_push_others_on_and_are_read_at_the_end() -> None:
    listed = still(9, order="newest first")
    moved_before(listed, 2, listed.insert)
    walked = walk(listed, course())
    assert (walked.seen, walked.remarks) == (set(listed.ids), [])


def test_a_ticket_that_jumps_to_the_front_is_found_there() -> None:
    listed = still(9, order="edited first")
    moved_before(listed, 1, lambda: listed.ids.insert(0, listed.ids.pop(7)))
    walked = walk(listed, course())
    assert (walked.seen, walked.remarks) == (set(listed.ids), [])


def test_a_ticket_that_jumps_to_the_end_leaves_no_gap() -> None:
    listed = still(9, order="edited last")
    moved_before(listed, 1, lambda: listed.ids.append(listed.ids.pop(0)))
    walked = walk(listed, course())
    assert (walked.seen, walked.remarks) == (set(listed.ids), [])


def test_more_than_a_page_may_vanish_behind_the_walk() -> None:
    listed = still(18)

    def vanish() -> None:
        listed.deleted |= set(listed.ids[:7])
        del listed.ids[:7]

    moved_before(listed, 4, vanish)
    walked = walk(listed, course())
    assert set(listed.ids) <= walked.seen
    assert walked.remarks == []


def test_what_stays_shown_twice_is_looked_into_once_and_reported() -> None:
    listed = still(9)
    listed.ids[7] = "T-1"
    walked = walk(listed, course())
    assert (walked.seen, walked.remarks) == (set(listed.ids), [KEPT_MOVING])
    assert len(listed.requests) == 6


def test_what_is_named_as_deleted_and_shown_all_the_same_is_looked_into_once() -> None:
    listed = still(9)
    listed.deleted = {"T-4"}
    walked = walk(listed, course())
    assert (walked.remarks, listed.requests) == ([], [1, 2, 3, 2, 3])


def test_a_list_that_never_stands_still_is_read_only_so_often() -> None:
    listed = MovingList(random.Random(1), 5, "anywhere", liveliness=0.9)
    listed.fill(100)
    walked = walk(listed, course())
    assert KEPT_MOVING in walked.remarks
    assert len(listed.requests) <= 4 * len(set(listed.requests)) + 20


@pytest.mark.parametrize("circle", [[1], [1, 2], [1, 2, 3, 4, 5]])
def test_a_circle_is_left(circle: list[int]) -> None:
    walked, place, reads, remarks = course(), 1, 0, []
    following: PagePlace | None = place
    while following is not None:
        shown = circle[(circle.index(int(following)) + 1) % len(circle)]
        made = step(walked, following, page(f"T-{following}", following=shown))
        remarks += made.remarks
        following, reads = made.next, reads + 1
    assert reads == len(circle) + MAX_DULL_PAGES
    assert CIRCLE in remarks
    assert walked.ended(set()).next is None


def test_new_numbers_for_the_same_page_are_a_circle_too() -> None:
    walked, place = course(), 1
    remarks: list[str] = []
    while (made := step(walked, place, page("a", "b", following=place + 1))).next is not None:
        remarks += made.remarks
        place += 1
    assert place == 1 + MAX_DULL_PAGES
    assert remarks[0] == "page 2 repeats page 1"


def test_a_way_back_that_leads_on_again_is_followed() -> None:
    walked = course()
    ways = [(1, 2), (2, 1), (1, 2), (2, 3), (3, None)]
    found = [step(walked, place, page(f"T-{place}", following=following)) for place, following in ways]
    assert [made.next for made in found] == [2, 1, 2, 3, None]
    assert found[2].remarks == (CIRCLE,)


def test_pages_without_end_end() -> None:
    walked, place = course(max_pages=50), 1
    while (made := step(walked, place, page(f"T-{place}", following=place + 1))).next is not None:
        place += 1
    assert (place, made.remarks) == (50, ("stopped after 50 pages, and there were more",))


def test_records_without_an_id_are_counted_and_prove_nothing() -> None:
    walked = course()
    nameless = SourcePage([None, {}], [None, None], 2, 4)
    assert step(walked, 1, nameless) == Step(2)
    assert step(walked, 2, SourcePage([None, {}], [None, None], None, 4)) == Step(None)


def test_a_source_whose_places_stay_is_not_read_again() -> None:
    walked = course(may_shift=False)
    assert step(walked, 1, page("a", "b", following="after-b", total=4)).next == "after-b"
    assert step(walked, "after-b", page("c", total=3)) == Step(None)
    assert walked.ended({"a"}).next is None


def resumed(place: PagePlace, last: PagePlace | None, total: int | None = 9) -> Course:
    walked = course()
    walked.resume(place, last, total, ["T-0", "T-1", "T-2"])
    return walked


def test_a_walk_is_taken_up_where_it_was_left() -> None:
    listed = still(9)
    walked = walk(listed, resumed(2, 1), start=2)
    assert (listed.requests, walked.remarks) == ([2, 3], [])


def test_a_page_that_was_stored_but_not_left_is_read_again() -> None:
    listed = still(9)
    walked = walk(listed, resumed(1, 1), start=1)
    assert (listed.requests, walked.remarks) == ([1, 2, 3], [])


def test_a_list_that_moved_while_nobody_walked_is_gone_back_in() -> None:
    listed = still(9)
    listed.deleted.add(listed.ids.pop(0))
    walked = walk(listed, resumed(2, 1), start=2)
    assert set(listed.ids) <= walked.seen
    assert walked.remarks == []


def test_a_walk_that_was_left_on_its_way_back_finds_everything() -> None:
    listed = still(9)
    walked = walk(listed, resumed(1, None), start=1)
    assert walked.seen == set(listed.ids)
    assert walked.remarks == []


@pytest.mark.parametrize("block", range(10))
def test_who_lived_throughout_is_seen_or_the_walk_says_that_it_cannot_tell(block: int) -> None:
    """A thousand walks over lists that change between any two requests."""
    silent = 0
    for seed in range(100 * block, 100 * block + 100):
        chance = random.Random(seed)
        listed = MovingList(
            chance,
            size=chance.choice([3, 5, 10]),
            order=chance.choice(ORDERS),
            liveliness=chance.choice([0.01, 0.03, 0.1, 0.3]),
            counts=chance.random() < 0.8,
        )
        listed.fill(chance.randint(0, 80))
        before = set(listed.ids)
        walked = walk(listed, course())
        missed = before & set(listed.ids) - walked.seen
        assert not missed or walked.remarks, (seed, missed)
        silent += not walked.remarks
    assert silent > 60  # most do claim to be complete
