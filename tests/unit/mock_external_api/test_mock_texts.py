import random
import re
import unicodedata
from string import Formatter

import pytest

from mock_external_api.texts.bank import BANK, ISSUES, LANGUAGES, MAIL, Topic
from mock_external_api.texts.compose import compose, draw_topics
from mock_external_api.texts.issues import as_comment, as_issue
from mock_external_api.texts.mail import as_received, reply_as_text
from mock_external_api.texts.slots import NUMBERS, SlotFiller


@pytest.fixture(scope="module")
def texts() -> list[tuple[Topic, str, str]]:
    rng = random.Random(1)
    sources = tuple(BANK.openings)
    return [(topic, *compose(rng, topic, rng.choice(sources))) for topic in draw_topics(rng, 10_000)]


def _templates() -> list[str]:
    fixed = [text for words in (*BANK.openings.values(), *vars(BANK.phrases).values()) for text in words]
    fixed += [text for topic in BANK.topics for pair in (*topic.tickets, topic.details) for text in pair]
    for bank in LANGUAGES.values():
        fixed += [text for pair in (*bank.high, *bank.medium, *bank.low) for text in pair]
        fixed += [*bank.openings, *bank.sign_offs]
    fixed += [ISSUES.form_below, *ISSUES.quotes, *ISSUES.code]
    return fixed + [text for each in (MAIL, *LANGUAGES.values()) for text in (each.said, each.answer, each.footer)]


def test_every_slot_of_every_template_can_be_filled() -> None:
    known = BANK.slots.keys() | NUMBERS.keys()
    used = {name for template in _templates() for _, name, _, _ in Formatter().parse(template) if name is not None}
    assert used == known


def test_weights_are_percentages() -> None:
    assert sum(topic.weight for topic in BANK.topics) == pytest.approx(100)


@pytest.mark.parametrize(("urgency", "least", "most"), [("high", 10, 12), ("medium", 30, 40), ("low", 50, 60)])
def test_urgency_has_natural_proportions(urgency: str, least: float, most: float) -> None:
    assert least <= sum(topic.weight for topic in BANK.topics if topic.urgency == urgency) <= most


def test_every_promised_subject_area_is_there() -> None:
    areas = {"legal", "refund", "double_charge", "security", "outage", "urgent", "bug", "login", "slow"}
    areas |= {"cancellation", "complaint", "how_to", "feature_request", "feedback", "thanks", "announcement"}
    assert areas <= {topic.name for topic in BANK.topics}


def test_a_slot_keeps_its_value_within_a_ticket() -> None:
    slots = SlotFiller(random.Random(3))
    assert "{amount}".format_map(slots) == "{amount}".format_map(slots)


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        "{nonsense}".format_map(SlotFiller(random.Random(3)))


def test_most_messages_are_distinct(texts: list[tuple[Topic, str, str]]) -> None:
    assert len({message for _, _, message in texts}) >= 6_000


def test_messages_stay_distinct_without_names_and_numbers(texts: list[tuple[Topic, str, str]]) -> None:
    names = "|".join(map(re.escape, BANK.slots["name"] + BANK.slots["company"] + BANK.slots["agent"]))
    assert len({re.sub(rf"\d+|{names}", "", message) for _, _, message in texts}) >= 6_000


def test_no_braces_are_left(texts: list[tuple[Topic, str, str]]) -> None:
    assert not [message for _, subject, message in texts if set("{}") & set(subject + message)]


def test_every_ticket_has_a_subject_and_only_few_lack_a_message(texts: list[tuple[Topic, str, str]]) -> None:
    assert all(subject.strip() for _, subject, _ in texts)
    assert 0 < sum(not message for _, _, message in texts) < 50


@pytest.mark.parametrize("mark", ["\u2019", "'", "no rush", "not urgent", "nothing is broken", "no longer broken"])
def test_marks_of_real_text_occur(texts: list[tuple[Topic, str, str]], mark: str) -> None:
    assert sum(mark in message.lower() for _, _, message in texts) >= 20


def test_typos_occur(texts: list[tuple[Topic, str, str]]) -> None:
    assert sum(any(wrong in message for wrong in BANK.typos) for _, _, message in texts) >= 50


def test_emoji_and_other_scripts_occur(texts: list[tuple[Topic, str, str]]) -> None:
    everything = {character for _, _, message in texts for character in message}
    kinds = {unicodedata.category(character) for character in everything}
    scripts = {unicodedata.name(character, "?").split()[0] for character in everything}
    assert "So" in kinds
    assert {"LATIN", "ARABIC", "CJK", "HANGUL", "CYRILLIC"} <= scripts


def test_calm_words_never_stand_under_urgent_material(texts: list[tuple[Topic, str, str]]) -> None:
    urgent = [message for topic, _, message in texts if topic.urgency == "high"]
    assert len(urgent) > 1_000
    assert not [message for message in urgent if any(words in message for words in BANK.phrases.calm)]


def test_mails_that_a_help_desk_makes_texts_of_keep_all_but_their_html(texts: list[tuple[Topic, str, str]]) -> None:
    rng = random.Random(5)
    mails = [as_received(rng, topic, "email", subject, message, html_share=0)[1] for topic, subject, message in texts]
    assert not [mail for mail in mails if "<html" in mail or "<div" in mail]
    assert sum("\n> " in mail for mail in mails) >= 3_000
    assert sum(MAIL.footer in mail for mail in mails) >= 1_000
    assert sum("Mit freundlichen Grüßen" in mail for mail in mails) >= 100
    replies = [reply_as_text(rng, "email", "Any news?") for _ in range(100)]
    assert all(reply.startswith("Any news?") for reply in replies)
    assert any("\n> " in reply for reply in replies)
    assert reply_as_text(rng, "web", "Any news?") == "Any news?"


def test_issues_have_markdown_around_the_words_in_whatever_language(texts: list[tuple[Topic, str, str]]) -> None:
    rng = random.Random(6)
    issues = [as_issue(rng, topic, title, body) for topic, title, body in texts]
    for mark in ("```", "### What happened?", "\n> ", "- [x] ", "| part | value |", "Rechnung"):
        assert sum(mark in body for _, body in issues) >= 100, mark
    assert not [body for _, body in issues if "{code}" in body or "{{" in body]


def test_some_comments_quote_the_first_line_of_what_was_written_before() -> None:
    rng = random.Random(7)
    comments = {as_comment(rng, "Same here.", "It is dark.\nSince ten.") for _ in range(100)}
    assert comments == {"Same here.", "> It is dark.\n\nSame here."}
    assert as_comment(rng, "Same here.", None) == "Same here."
