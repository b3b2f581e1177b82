"""How names of something are read: customers, sources, agents."""

LONGEST_WORD = 1_000
"""Characters."""


def word_of(value: object) -> str | None:
    """A name of something: a text, or a number as its text. None where there is none.

    Raises:
        ValueError: it is something else, or too long.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("must be a text or a number")  # noqa: TRY004  (a fault of the record)
    word = clean(value if isinstance(value, str) else number_text(value)).strip()
    if len(word) > LONGEST_WORD:
        raise ValueError(f"longer than {LONGEST_WORD:,} characters")
    return word or None


def clean(text: str) -> str:
    """The text without NUL, which breaks CSV readers, and without lone surrogates, which UTF-8 lacks."""
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode()
    return text.replace("\x00", "") if "\x00" in text else text


def number_text(value: float) -> str:
    """A number as a name has it: a whole one without a point."""
    return str(int(value)) if isinstance(value, int) or value.is_integer() else str(value)
