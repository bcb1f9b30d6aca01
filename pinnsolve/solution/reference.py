"""A solution to hold others against: a formula, or what a classical solver found."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from pinnsolve.solution.fields import Fields

EXACT = "the exact solution"  # a formula, in the words of a sentence


@dataclass(frozen=True)
class Reference:
    """A solution that was not found by the method that is judged.

    Attributes
    ----------
    name
        Its key in `REFERENCES`, as far as it has been made by a `Setup`.
    fields
        The solution anywhere; None if it could not be found.
    values
        Its values at the interior and boundary nodes, with the time levels first if there are any.
    error
        Its own relative error, as far as it is known; 0 for a formula, None for unknown.
    relative_l2
        Its relative L2 error on the nodes, by field, against the exact solution; None if that is
        not known.
    overall_l2
        Root mean square of those.
    seconds
        Time for its operators and its solution, nodes not counted.
    error_in_time
        The part of its own relative error that its steps in time have left.
    message
        How it went, in words.
    title
        What it is called, and how fine it is: "Fourier, 256 modes"; empty for a formula.
    condition
        Estimated condition number of its operator; None if it has none.
    max_error
        Its largest error on the nodes, by field, in the field's unit.
    """

    name: str
    fields: Fields | None
    values: Float[ndarray, "n c"] | Float[ndarray, "K n c"] | None = None
    error: float | None = None
    relative_l2: Mapping[str, float] | None = None
    overall_l2: float | None = None
    seconds: float = 0.0
    error_in_time: float = 0.0
    message: str = ""
    condition: float | None = None
    max_error: Mapping[str, float] | None = None
    title: str = ""

    @property
    def described(self) -> str:
        """What it is, in the words of a sentence."""
        if not self.title:
            return EXACT
        own = "unknown" if self.error is None else f"{self.error:.0e}"
        return f"the reference ({self.title}, own error {own})"

    def metrics(self) -> dict[str, dict[str, float | str | None]]:
        """Return the figures of a solution that takes the place of a formula; none of a formula."""
        if not self.title:
            return {}
        figures = ("name", "title", "error", "seconds", "message")
        return {"reference": {name: getattr(self, name) for name in figures}}
