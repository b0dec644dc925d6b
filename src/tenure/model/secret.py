"""A secret is a value that shows itself only when it is asked to in so many words."""

from __future__ import annotations


class Secret:
    """A password or token in memory: its `repr` and `str` are `***`; it is neither copied nor pickled into logs."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value."""
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        """Three stars."""
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Equal when the values are."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """The same for equal secrets."""
        return hash(("secret", self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        """Refuse to be pickled, and so to be written anywhere by accident."""
        raise TypeError("a secret is not pickled")
