"""What a ticket's words say: its urgency, its mood and whether somebody has to act."""

from services.classification.classifier import Classification, classify

__all__ = ["Classification", "classify"]
