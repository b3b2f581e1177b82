"""A ticket's texts, read: what of HTML and mail is the writer's own, its words, and their places in the original."""

from services.classification.reading.text import ReadText, TicketText, read_text
from services.classification.reading.words import PUNCTUATION, SENTENCE_ENDS

__all__ = ["PUNCTUATION", "SENTENCE_ENDS", "ReadText", "TicketText", "read_text"]
