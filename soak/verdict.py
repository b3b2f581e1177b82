"""What a scenario found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise, what was measured, and whether it was held."""

    promise: str
    measured: str
    held: bool

    def __str__(self) -> str:
        """One line for people and for assertion messages."""
        return f"{'held' if self.held else 'BROKEN'}: {self.promise}: {self.measured}"
