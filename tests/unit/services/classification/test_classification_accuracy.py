"""How often the classification is right, and whether the texts that say so are what they should be. All numbers:
`make accuracy`. Failures show places, never a text: who writes rules must not see what is held out.
"""

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from benchmarks.accuracy.labelled import HELD_OUT_FILE, Kind, Part, labelled_tickets, read_labelled, tuned_files
from benchmarks.accuracy.scores import LABELS, Judged, judged_part, share_right
from documents.ticket import Language, Sentiment, Urgency

READ = [language for language in Language if language is not Language.UNSUPPORTED]
FLOORS: dict[Part, dict[Language, float]] = {
    Part.HELD_OUT: {
        Language.EN: 0.75,
        Language.DE: 0.80,
        Language.FR: 0.67,
        Language.ES: 0.68,
        Language.PT: 0.70,
        Language.IT: 0.75,
    },
    Part.TUNED: {
        Language.EN: 0.88,
        Language.DE: 0.90,
        Language.FR: 0.88,
        Language.ES: 0.80,
        Language.PT: 0.80,
        Language.IT: 0.80,
    },
    Part.OLDER_HELD_OUT: {Language.EN: 0.95},
    Part.OLDER_TUNED: {Language.EN: 0.95},
}
"""At least this share of the texts in a language has all three labels right."""
LANGUAGE_FLOOR = 0.95
"""At least this share of the texts is taken for what language they are in."""
ENGLISH_ONLY = (Part.OLDER_HELD_OUT, Part.OLDER_TUNED)


def judged_in(part: Part, language: Language) -> list[Judged]:
    return [each for each in judged_part(part) if each.ticket.language is language]


@pytest.mark.parametrize(
    ("part", "language"), [(part, language) for part, floors in FLOORS.items() for language in floors]
)
def test_enough_tickets_have_all_labels_right(
    part: Part, language: Language, record_property: Callable[[str, object], None]
) -> None:
    right = share_right(judged_in(part, language), *LABELS)
    assert right is not None
    record_property("accuracy", right)
    assert right >= FLOORS[part][language], "make accuracy"


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("part", ENGLISH_ONLY)
def test_each_label_of_the_older_english_texts_is_right(part: Part, label: str) -> None:
    right = share_right(judged_part(part), label)
    assert right is not None
    assert right >= FLOORS[part][Language.EN]


@pytest.mark.parametrize("part", Part)
def test_the_language_is_recognised(part: Part) -> None:
    right = share_right(judged_part(part), "language")
    assert right is not None
    assert right >= LANGUAGE_FLOOR


def test_every_language_has_a_floor() -> None:
    assert {part: set(floors) for part, floors in FLOORS.items()} == {
        part: {Language.EN} if part in ENGLISH_ONLY else set(READ) for part in Part
    }


def test_every_kind_of_text_is_held_out_in_every_language() -> None:
    found = Counter((ticket.language, ticket.kind) for ticket in labelled_tickets()[Part.HELD_OUT])
    expected = {(language, kind) for language in READ for kind in Kind if kind is not Kind.UNSUPPORTED}
    assert set(found) == expected | {(Language.UNSUPPORTED, Kind.UNSUPPORTED)}
    assert min(found.values()) >= 2


@pytest.mark.parametrize("language", READ)
@pytest.mark.parametrize("label", [*Urgency, *Sentiment, True, False])
def test_every_label_is_held_out_in_every_language(language: Language, label: object) -> None:
    tickets = [ticket for ticket in labelled_tickets()[Part.HELD_OUT] if ticket.language is language]
    values = [getattr(ticket, field) for ticket in tickets for field in LABELS]
    assert sum(value is label for value in values) >= 6


@pytest.mark.parametrize("part", Part)
def test_labels_do_not_contradict_each_other(part: Part) -> None:
    assert [
        number
        for number, ticket in enumerate(labelled_tickets()[part], start=1)
        if ticket.urgency is not Urgency.LOW and not ticket.requires_action
    ] == []


def test_there_are_enough_texts_that_nobody_who_writes_rules_has_seen() -> None:
    assert len(labelled_tickets()[Part.HELD_OUT]) >= 400
    assert len(labelled_tickets()[Part.TUNED]) >= 400


def test_no_text_occurs_twice() -> None:
    places = defaultdict(list)
    for part, tickets in labelled_tickets().items():
        for number, ticket in enumerate(tickets, start=1):
            texts = tuple(" ".join(text.casefold().split()) for text in (ticket.subject, ticket.message))
            places[texts].append((part, number))
    assert [found for texts, found in places.items() if any(texts) and len(found) > 1] == []


def test_the_held_out_texts_are_apart_from_those_that_packs_are_written_with() -> None:
    assert HELD_OUT_FILE not in tuned_files().values()
    assert read_labelled(HELD_OUT_FILE) == labelled_tickets()[Part.HELD_OUT]
