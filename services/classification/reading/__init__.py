"""A ticket's texts, read: what of HTML and mail is the writer's own, its words, and their places in the original."""

from services.classification.reading.text import Part, ReadText, read_text
from services.classification.reading.words import PUNCTUATION, SENTENCE_ENDS, plain

__all__ = ["PUNCTUATION", "SENTENCE_ENDS", "Part", "ReadText", "plain", "read_text"]
