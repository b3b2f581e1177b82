from services.notifications.slots import RESERVED, Slots


def take(slots: Slots, count: int) -> None:
    for _ in range(count):
        slots.take()


def test_a_destination_has_its_share_and_no_more() -> None:
    slots = Slots(10)
    take(slots, 7)
    assert (slots.free(7), slots.free(0)) == (3, 10)


def test_destinations_that_hang_leave_places_to_those_that_have_none() -> None:
    slots = Slots(10)
    take(slots, 30)
    assert slots.free(10) <= 0
    assert slots.free(0) == RESERVED


def test_all_together_have_a_limit() -> None:
    slots = Slots(10)
    take(slots, 40)
    assert slots.free(0) == 0
    slots.give_back()
    assert slots.free(0) == 1
