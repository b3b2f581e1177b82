"""Fills the slots of the templates with words and numbers."""

import random
from collections.abc import Callable

from mock_external_api.texts.bank import BANK, Words

_PRICES = ("9", "19", "29", "49", "79", "99", "149", "249", "499", "890", "1200")

NUMBERS: dict[str, Callable[[random.Random], str]] = {
    "amount": lambda rng: f"{pick(rng, ('$', '€', '£'))}{pick(rng, _PRICES)}.{below(rng, 100):02d}",
    "invoice": lambda rng: f"INV-{10_000 + below(rng, 90_000)}",
    "order": lambda rng: f"#{100_000 + below(rng, 900_000)}",
    "code": lambda rng: f"{pick(rng, ('ERR_', 'E-', 'code '))}{1000 + below(rng, 9000)}",
    "users": lambda rng: str(10 + below(rng, 90)),
    "few": lambda rng: str(2 + below(rng, 7)),
    "seconds": lambda rng: str(12 + below(rng, 80)),
    "rows": lambda rng: f"{(2 + below(rng, 88)) * 50:,}",
    "hour": lambda rng: f"{below(rng, 24):02d}:{below(rng, 60):02d}",
}
"""Slots whose values are made up rather than chosen from the bank."""


class SlotFiller(dict[str, str]):
    """Draws a value for each slot at its first use and keeps it, so that subject and message agree."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    def __missing__(self, slot: str) -> str:
        """Draw the slot's value; an unknown slot raises KeyError."""
        make = NUMBERS.get(slot)
        value = self[slot] = make(self._rng) if make else pick(self._rng, BANK.slots[slot])
        return value


def below(rng: random.Random, bound: int) -> int:
    """Return a whole number in 0..bound-1, several times faster than `randrange`: start-up makes 100,000 draws."""
    return int(rng.random() * bound)


def pick(rng: random.Random, choices: Words) -> str:
    """Return one of `choices`, faster than `rng.choice`."""
    return choices[int(rng.random() * len(choices))]
