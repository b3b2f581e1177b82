"""How long to wait before the next attempt: a pure policy that decides and never sleeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: a random wait between zero and a ceiling that doubles.

    Full jitter spreads many clients best for the same number of calls (AWS Architecture Blog, "Exponential
    Backoff And Jitter", 2015).
    """

    attempts: int = 6
    """How often the thing is tried in all."""
    base_seconds: float = 0.5
    """Ceiling of the first wait."""
    cap_seconds: float = 20.0
    """Ceiling of every wait."""

    def delay(self, failures: int, chance: float) -> float | None:
        """Seconds to wait after the given number of failures, or None to give up.

        `chance` is a random number from [0, 1).
        """
        if failures >= self.attempts:
            return None
        ceiling = min(self.cap_seconds, self.base_seconds * 2.0 ** (failures - 1))
        return ceiling * chance
