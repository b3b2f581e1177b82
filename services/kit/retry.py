"""How long to wait before the next attempt: pure policies that decide and never sleep."""

from dataclasses import dataclass

_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Patience by count: exponential backoff with full jitter, a random wait between zero and a ceiling that doubles.

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
        return _doubled(self.base_seconds, failures, self.cap_seconds) * chance


@dataclass(frozen=True, slots=True)
class Patience:
    """Patience by time: waits that double, of which half is jitter, so that there is never a burst.

    Whoever is asked may ask for longer waits, never for shorter ones.
    """

    seconds: float = 600.0
    """How long after the first failure the thing is given up."""
    base_seconds: float = 0.5
    cap_seconds: float = 30.0
    """The longest wait that nobody asked for."""
    least_attempts: int = 4
    """It is tried so often however long each attempt takes."""

    def pause(self, failures: int, chance: float, *, waited: float, asked: float = 0.0) -> float | None:
        """Seconds to wait after so many failures in a row, the first of them `waited` seconds ago; None: give up.

        `asked`: the wait that was asked for. `chance` is a random number from [0, 1).
        """
        half = _doubled(self.base_seconds, failures, self.cap_seconds) / 2
        wait = max(half, asked) + half * chance
        is_hopeless = asked > self.seconds
        is_over = failures >= self.least_attempts and waited + wait > self.seconds
        return None if is_hopeless or is_over else wait


def _doubled(base: float, failures: int, cap: float) -> float:
    return min(cap, base * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))
