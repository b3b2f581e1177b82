"""Checking the files of the rules: `python -m gql_app rules check`."""

import typer

from gql_app.commands.data.output import as_text, print_json
from gql_app.rest.answers.base import Answer
from services.classification.checking.files import check_rules
from services.classification.checking.release import RulesFault, note_release
from services.classification.rules import rules_version


class RulesFaultAnswer(Answer):
    """What is wrong in a file of the rules."""

    file: str
    line: int
    reason: str
    is_remark: bool


def check_files(*, strict: bool, release: bool, as_json: bool) -> int:
    """Print what is wrong; 1 if there is a fault."""
    found = check_rules()
    faults = [each for each in found if strict or not each.is_remark]
    if as_json:
        print_json(*(RulesFaultAnswer.model_validate(each) for each in found))
    else:
        _print(found)
    if faults:
        return 1
    if release:
        note_release()
    if not as_json:
        remarks = f", {len(found)} remarks" if found else ""
        typer.echo(f"The rules, version {rules_version()}, can be used{remarks}.")
    return 0


def _print(found: list[RulesFault]) -> None:
    for each in found:
        typer.echo(as_text(str(each)))
