"""Which of a ticket's matched keywords say what it is about: those are what keyword statistics count."""

from collections.abc import Iterable

from documents.ticket import KEYWORD_SEPARATOR, MatchedRule, Sentiment, Urgency
from services.classification.rules import Action, Rule, all_rules


def keyword_key(matches: Iterable[MatchedRule]) -> str:
    """The distinct topical keywords, sorted and joined: one scalar, so that an index can cover it."""
    rules = all_rules()
    topical = {match.keyword for match in matches if match.rule in rules and _is_topical(rules[match.rule])}
    return KEYWORD_SEPARATOR.join(sorted(topical))


def _is_topical(rule: Rule) -> bool:
    """Whether a rule names a matter (an outage, a refund, a wish) rather than a manner of writing (please, thanks)."""
    return rule.urgency is not Urgency.LOW or rule.sentiment is Sentiment.NEGATIVE or rule.action is Action.WISH
