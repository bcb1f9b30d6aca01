"""The verdict on a solution: whether it can be used."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Word: TypeAlias = Literal["resolved", "not resolved", "unknown", "diverged"]


@dataclass(frozen=True)
class Verdict:
    """Whether a solution is near enough to the truth to be used.

    Attributes
    ----------
    word
        ``resolved``, ``not resolved``, ``unknown`` or ``diverged``.
    reason
        Why, in a sentence.
    remedy
        What to change, in a sentence; empty if there is nothing to change.
    error
        The relative error that decides; None if none is known.
    """

    word: Word
    reason: str
    remedy: str = ""
    error: float | None = None

    def __str__(self) -> str:
        """Return the verdict as it is shown: the word, why, and what to do."""
        said = f"{self.word}: {self.reason} {self.remedy}".rstrip()
        return said[0].upper() + said[1:]
