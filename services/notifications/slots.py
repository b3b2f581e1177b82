"""How many requests one process has in flight: a share for each destination, and a limit for all together."""

TOTAL_SHARES = 4
RESERVED = 2
"""What a destination may still have when the others have taken most places."""


class Slots:
    """Counts places. Used by one event loop, so nobody gets in between."""

    def __init__(self, most: int) -> None:
        """`most`: the places of one destination; all together have four times as many."""
        self.most = most
        self._total = most * TOTAL_SHARES
        self._taken = 0

    def free(self, mine: int) -> int:
        """How many more a destination may take that has `mine`.

        The last quarter is for those that have next to none, so that destinations which hang, however many, do not
        keep the others from being tried.
        """
        is_scarce = self._taken >= self._total - self.most
        return min((RESERVED if is_scarce else self.most) - mine, self._total - self._taken)

    def take(self) -> None:
        """Take a place."""
        self._taken += 1

    def give_back(self) -> None:
        """Give it back."""
        self._taken -= 1
