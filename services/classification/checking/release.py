"""Which rules were released last: whoever changes them raises their version."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.classification.rules import PACKS_FOLDER, rules_version

RELEASED_FILE = "released.toml"
"""Version and digest of the rules that were released last."""


@dataclass(frozen=True, slots=True, order=True)
class RulesFault:
    """What is wrong in a file."""

    file: str
    line: int
    reason: str
    is_remark: bool = False
    """Whether it does no harm: a phrase that never counts, since another one fits the same words."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'remark: ' if self.is_remark else ''}{self.reason}"


def digest_of(folder: Path = PACKS_FOLDER) -> str:
    """Tells two states of the rules apart."""
    sums = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.glob("*.toml")):
        if path.name != RELEASED_FILE:
            sums.update(path.name.encode() + b"\0" + path.read_bytes())
    return sums.hexdigest()


def note_release(folder: Path = PACKS_FOLDER) -> None:
    """Note the present state as that of the present version."""
    text = f'# Written by `rules check --release`.\nversion = {rules_version(folder)}\ndigest = "{digest_of(folder)}"\n'
    (folder / RELEASED_FILE).write_text(text, encoding="utf-8")


def faults_of_version(folder: Path) -> Iterator[RulesFault]:
    """The fault of rules that have changed since they were released, under the same version."""
    path = folder / RELEASED_FILE
    if not path.exists():
        return
    released, present = tomllib.loads(path.read_text(encoding="utf-8")), rules_version.__wrapped__(folder)
    if present < released["version"]:
        yield RulesFault(
            "signals.toml", 1, f"Version {present} is lower than {released['version']}, which is released."
        )
    elif present == released["version"] and digest_of(folder) != released["digest"]:
        yield RulesFault(
            "signals.toml", 1, f"The rules are others than those released as version {present}: raise the version."
        )
