"""The tables of docs/classification.md and of the terminal; they tell numbers, never a text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.accuracy.labelled import Kind, Part
from benchmarks.accuracy.scores import (
    LABELS,
    Judged,
    confusion,
    of_read_languages,
    precision,
    recall,
    share_right,
)
from documents.ticket import Language, Sentiment, Urgency

NEW_PARTS = (Part.HELD_OUT, Part.TUNED)
"""The texts in all languages; the older ones are English alone and have no kinds."""
IN_ALL = "in all"

Results = Mapping[Part, Sequence[Judged]]


def report(results: Results, *, every_language: bool) -> str:
    """All tables, in Markdown; those of what was taken for what of each language, too, or only in all."""
    chapters = [
        ("Right", shares(results)),
        ("All three labels right, by kind", kinds(results)),
        ("High urgency", high_urgency(results)),
        ("Urgency: what was taken for what", confusions(results, "urgency", Urgency, every_language=every_language)),
        ("Mood: what was taken for what", confusions(results, "sentiment", Sentiment, every_language=every_language)),
        ("Language", languages(results)),
    ]
    return "\n\n".join(f"**{title}**\n\n{table}" for title, table in chapters)


def shares(results: Results) -> str:
    """How often which labels are right."""
    rows = []
    for part, judged in results.items():
        for name, group in _by_language(of_read_languages(judged)):
            labels = [_percent(share_right(group, *fields)) for fields in (LABELS, *((label,) for label in LABELS))]
            rows.append([f"{part}, {name}", len(group), *labels])
    return _table(["texts", "number", "all three", "urgency", "mood", "action"], rows)


def kinds(results: Results) -> str:
    """How often all labels are right, for each kind of text."""
    rows = []
    for kind in Kind:
        cells: list[object] = []
        for part in NEW_PARTS:
            group = [each for each in of_read_languages(results[part]) if each.ticket.kind is kind]
            cells += [len(group), _percent(share_right(group, *LABELS))]
        if any(cells[::2]):
            rows.append([kind.replace("_", " "), *cells])
    return _table(["kind", *(head for part in NEW_PARTS for head in (part, "right"))], rows)


def high_urgency(results: Results) -> str:
    """Precision and recall of what somebody is woken up for."""
    rows = [
        [f"{part}, {name}", _percent(precision(group)), _percent(recall(group))]
        for part, judged in results.items()
        for name, group in _by_language(of_read_languages(judged))
    ]
    return _table(["texts", "precision", "recall"], rows)


def confusions(results: Results, field: str, values: type[Urgency] | type[Sentiment], *, every_language: bool) -> str:
    """For each right value, how often which was said."""
    rows = []
    for part in NEW_PARTS:
        for name, group in _by_language(of_read_languages(results[part])):
            if every_language or name == IN_ALL:
                counts = confusion(group, field)
                rows += [[f"{part}, {name}", right, *(counts[right, said] for said in values)] for right in values]
    return _table(["texts", "right", *(f"said {value}" for value in values)], rows)


def languages(results: Results) -> str:
    """How often the language is right, and for what it was taken otherwise."""
    rows = []
    for part in NEW_PARTS:
        for name, group in _by_language(results[part]):
            wrong = Counter(str(each.said.language) for each in group if not each.is_right("language"))
            taken = ", ".join(f"{count} {language}" for language, count in wrong.most_common())
            rows.append([f"{part}, {name}", len(group), _percent(share_right(group, "language")), taken])
    return _table(["texts", "number", "right", "taken for"], rows)


def _by_language(judged: Sequence[Judged]) -> Iterable[tuple[str, list[Judged]]]:
    """Those of each language that occurs, and all; the language as it is named."""
    groups = [(language, [each for each in judged if each.ticket.language is language]) for language in Language]
    named = [(language.description.partition(",")[0].rstrip("."), group) for language, group in groups if group]
    return [*named, (IN_ALL, list(judged))] if len(named) > 1 else named


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}".replace("%", " %")


def _table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
