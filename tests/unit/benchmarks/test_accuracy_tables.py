import pytest

from benchmarks.accuracy.__main__ import main, wrong_ones
from benchmarks.accuracy.labelled import Kind, LabelledTicket, Part, labelled_tickets
from benchmarks.accuracy.scores import Judged, judged_part, precision, recall, share_right
from benchmarks.accuracy.speed import CHARACTERS, mixed_messages
from benchmarks.accuracy.tables import confusions, high_urgency, kinds, languages, report, shares
from documents.ticket import Language, Sentiment, Urgency
from services.classification import Classification


def a_judged(
    right: Urgency,
    said: Urgency,
    *,
    language: Language = Language.EN,
    taken_for: Language | None = None,
    kind: Kind = Kind.PLAIN,
) -> Judged:
    ticket = LabelledTicket(
        subject="",
        message="",
        language=language,
        kind=kind,
        urgency=right,
        sentiment=Sentiment.NEUTRAL,
        requires_action=True,
    )
    answer = Classification(
        urgency=said,
        sentiment=Sentiment.NEUTRAL,
        requires_action=True,
        language=taken_for or language,
        matched=(),
    )
    return Judged(ticket, answer)


JUDGED = [
    a_judged(Urgency.HIGH, Urgency.HIGH),
    a_judged(Urgency.HIGH, Urgency.LOW, kind=Kind.SARCASM),
    a_judged(Urgency.HIGH, Urgency.LOW, kind=Kind.SARCASM),
    a_judged(Urgency.LOW, Urgency.HIGH, language=Language.DE, taken_for=Language.IT),
    a_judged(Urgency.LOW, Urgency.HIGH, language=Language.UNSUPPORTED, kind=Kind.UNSUPPORTED),
]
RESULTS = {Part.HELD_OUT: JUDGED, Part.TUNED: []}


def test_shares_precision_and_recall_are_counted_from_what_is_right_and_what_was_said() -> None:
    assert share_right(JUDGED, "urgency") == 1 / 5
    assert share_right(JUDGED, "urgency", "sentiment") == 1 / 5
    assert precision(JUDGED) == recall(JUDGED) == 1 / 3
    assert share_right([], "urgency") is precision([]) is recall([]) is None


def test_the_tables_have_a_row_for_each_language_and_one_for_all() -> None:
    assert shares(RESULTS).splitlines()[2:] == [
        "| held out, English | 3 | 33 % | 33 % | 100 % | 100 % |",
        "| held out, German | 1 | 0 % | 0 % | 100 % | 100 % |",
        "| held out, in all | 4 | 25 % | 25 % | 100 % | 100 % |",
    ]
    assert high_urgency(RESULTS).splitlines()[2:] == [
        "| held out, English | 100 % | 33 % |",
        "| held out, German | 0 % |  |",
        "| held out, in all | 50 % | 33 % |",
    ]
    assert kinds(RESULTS).splitlines()[2:] == ["| plain | 2 | 50 % | 0 |  |", "| sarcasm | 2 | 0 % | 0 |  |"]


def test_of_a_language_that_is_not_read_only_the_language_counts() -> None:
    assert languages(RESULTS).splitlines()[2:] == [
        "| held out, English | 3 | 100 % |  |",
        "| held out, German | 1 | 0 % | 1 it |",
        "| held out, Another one | 1 | 100 % |  |",
        "| held out, in all | 5 | 80 % | 1 it |",
    ]


def test_confusions_say_what_was_taken_for_what() -> None:
    in_all = ["| held out, in all | high | 1 | 0 | 2 |", "| held out, in all | medium | 0 | 0 | 0 |"]
    assert confusions(RESULTS, "urgency", Urgency, every_language=False).splitlines()[2:4] == in_all
    assert len(confusions(RESULTS, "urgency", Urgency, every_language=True).splitlines()) == 2 + 3 * 3


def test_the_tables_never_tell_a_held_out_text() -> None:
    told = report({Part.HELD_OUT: judged_part(Part.HELD_OUT), Part.TUNED: []}, every_language=True)
    tickets = labelled_tickets()[Part.HELD_OUT]
    assert [ticket.kind for ticket in tickets if len(ticket.message) > 20 and ticket.message[:20] in told] == []


def test_the_wrong_ones_of_the_held_out_texts_are_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["accuracy", "--wrong", "held_out"])
    with pytest.raises(SystemExit):
        main()


def test_the_wrong_ones_of_tuned_texts_are_told() -> None:
    assert wrong_ones("older").splitlines()[-1].endswith(f" of {len(labelled_tickets()[Part.OLDER_TUNED])}")


def test_messages_that_are_timed_have_one_length_and_take_turns() -> None:
    tickets = [
        LabelledTicket(
            subject="",
            message=letter * length,
            language=language,
            kind=kind,
            urgency=Urgency.LOW,
            sentiment=Sentiment.NEUTRAL,
            requires_action=False,
        )
        for letter, language, length, kind in (
            ("a", Language.EN, 3 * CHARACTERS, Kind.PLAIN),
            ("b", Language.DE, 2 * CHARACTERS + 1, Kind.PLAIN),
            ("c", Language.FR, 3 * CHARACTERS, Kind.QUOTED),
        )
    ]
    assert mixed_messages(tickets) == [letter * CHARACTERS for letter in "abab"]
