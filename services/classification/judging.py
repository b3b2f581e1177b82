"""The judge of a tenant's tickets: the rules, and what the tenant has of its own."""

from dataclasses import dataclass

from services.classification.classifier import Classification, classify
from services.classification.learned import NOTHING_LEARNED, Learned
from services.classification.own.words import OwnBook
from services.classification.rules import rules_version


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the texts of one tenant; the same text always alike."""

    revision: int = 0
    """Of what the tenant has of its own; 0: nothing."""
    own: OwnBook | None = None
    """Its own words, if it has any."""
    learned: Learned = NOTHING_LEARNED
    """What its corrections have taught."""

    @property
    def version(self) -> str:
        """By what is judged, to be stored with each ticket: `2`, or `2.7` with the tenant's 7th revision."""
        return version_of(self.revision)

    def judge(self, *, subject: str, message: str, replies: str = "") -> Classification:
        """Classify a ticket, see `classify`; what was learned has the last word."""
        return self.learned.over(classify(subject=subject, message=message, replies=replies, own=self.own))


def version_of(revision: int) -> str:
    """The version of the judge of a tenant whose own things have this revision."""
    return f"{rules_version()}.{revision}" if revision else str(rules_version())


def is_later(version: object) -> bool:
    """Whether a ticket was judged by later rules than ours: by another version of this program that runs beside us."""
    base = version.partition(".")[0] if isinstance(version, str) else ""
    return base.isdecimal() and int(base) > rules_version()


RULES_ALONE = Judge()
"""Of a tenant that has nothing of its own."""
