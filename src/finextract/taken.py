"""Which characters of a text belong to a span already."""

from __future__ import annotations


class Taken:
    """One mark a character; a span takes its characters if none of them is taken."""

    def __init__(self, size: int) -> None:
        self._used = bytearray(size)

    def take(self, start: int, end: int) -> bool:
        """Take ``[start, end)`` and tell whether it was free."""
        if any(self._used[start:end]):
            return False
        self._used[start:end] = b"\1" * (end - start)
        return True
