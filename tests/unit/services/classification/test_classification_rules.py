import re
import tomllib
from pathlib import Path

import pytest

from services.classification.rules import RULES_FILE, rule_set

PARTS = """
[macros]
[harmless]
[scopes]
[words]
passes = "a"
stops = "b"
conjunctions = "c"
voids = "d"
[rules.defect]
urgency = "medium"
sentiment = "negative"
[rules.defect.keywords]
broken = "broken"
"""


def rules_file(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rules_are_read_from_a_file(tmp_path: Path) -> None:
    rules = rule_set(rules_file(tmp_path, PARTS))
    assert [rule.name for rule in rules.rules.values()] == ["defect"]
    assert [(hit.start, hit.end) for hit in rules.phrases.find(["it", "is", "broken"])] == [(2, 3)]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [('"medium"', '"middling"'), ("[scopes]", '[scopes]\nsideways = "not"'), ('"broken"', '"{unknown}"')],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        rule_set(rules_file(tmp_path, PARTS.replace(right, wrong)))


def test_every_macro_is_used() -> None:
    text = RULES_FILE.read_text(encoding="utf-8")
    assert [name for name in tomllib.loads(text)["macros"] if f"{{{name}}}" not in text] == []


def test_keywords_are_plain_lower_case_terms() -> None:
    rules = tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))["rules"].values()
    keywords = [keyword for rule in rules for keyword in rule["keywords"]]
    assert [keyword for keyword in keywords if not re.fullmatch("[a-z]+( [a-z]+)*", keyword)] == []
