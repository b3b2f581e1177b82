import pytest

from services.sources.standard.next_page import SPARE_PAGES, Step, next_step, page_count
from services.sources.standard.records import UpstreamPage


def step(number: int, next_page: int | None, total: int | None, *, records: int = 10, repeats: bool = False) -> Step:
    page = UpstreamPage(tickets=[{}] * records, next_page=next_page, total_count=total)
    return next_step(number, page, page_size=10, repeats_previous=repeats)


@pytest.mark.parametrize(("total", "pages"), [(0, 0), (1, 1), (10, 1), (11, 2), (None, None), (-5, None)])
def test_the_number_of_pages_follows_from_the_count(total: int | None, pages: int | None) -> None:
    assert page_count(total, 10) == pages


def test_a_regular_walk_follows_next_page_to_its_end() -> None:
    assert step(1, 2, 30) == Step(2)
    assert step(3, None, 30) == Step(None)


def test_an_empty_page_is_the_end() -> None:
    assert step(4, 5, 100, records=0) == Step(None)


@pytest.mark.parametrize("named", [1, 3, 2, 0, -7])
def test_a_page_that_points_back_is_overruled_and_reported(named: int) -> None:
    found = step(3, named, 100)
    assert found.next_page == 4
    assert found.irregularity == f"page 3 named page {named} as the next"


def test_a_page_that_points_back_from_the_last_page_ends_the_walk() -> None:
    assert step(10, 1, 100).next_page is None


def test_a_jump_over_pages_is_not_followed() -> None:
    assert step(3, 9, 100).next_page == 4


def test_an_end_that_comes_too_early_is_overruled_and_reported() -> None:
    found = step(2, None, 100)
    assert found.next_page == 3
    assert found.irregularity == "page 2 of 10 said that it is the last"


def test_a_page_that_repeats_the_previous_one_ends_the_walk() -> None:
    assert step(5, 6, None, repeats=True) == Step(None, "page 5 repeats page 4")


def test_a_walk_ends_some_pages_after_the_promised_end() -> None:
    assert step(10 + SPARE_PAGES - 1, 10 + SPARE_PAGES, 100).next_page == 10 + SPARE_PAGES
    assert step(10 + SPARE_PAGES, 11 + SPARE_PAGES, 100).next_page is None


def test_a_list_that_grows_is_walked_to_its_new_end() -> None:
    assert step(10, 11, 105) == Step(11)
