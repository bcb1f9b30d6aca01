"""Eigenvalues as they were found, and what is known of their errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FoundEigenvalue:
    """One eigenvalue; of a conjugate pair each is one of its own.

    Attributes
    ----------
    value
        The eigenvalue.
    estimate
        Its error, estimated; None if that could not be told.
    multiplicity
        How many of those found agree with it within their errors, itself among them.
    true
        What it should be; None if that is not known.
    """

    value: complex
    estimate: float | None
    multiplicity: int = 1
    true: float | None = None

    @property
    def is_spurious(self) -> bool:
        """Whether its imaginary part is none but that of the discretisation."""
        return 0 < abs(self.value.imag) <= (self.estimate or 0.0)

    @property
    def is_complex(self) -> bool:
        """Whether it has an imaginary part of its own."""
        return self.value.imag != 0 and not self.is_spurious

    @property
    def error(self) -> float | None:
        """Distance from the true value."""
        return None if self.true is None else abs(self.value - self.true)

    @property
    def remark(self) -> str:
        """What else is to be known of it, in a few words."""
        parts = [f"one of {self.multiplicity} that agree"] if self.multiplicity > 1 else []
        if self.is_spurious:
            parts.append(f"imaginary part {self.value.imag:.1e} of the discretisation")
        elif self.is_complex:
            part = "real" if self.value.imag > 0 else "imaginary"
            parts.append(f"complex; the mode is the {part} part of that of its pair")
        return "; ".join(parts)

    def __str__(self) -> str:
        """Return the number, without an imaginary part that is none."""
        if not self.is_complex:
            return f"{self.value.real:.12g}"
        return f"{self.value.real:.12g} {'+' if self.value.imag > 0 else '-'} " + (
            f"{abs(self.value.imag):.12g}i"
        )

    def metrics(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "real": self.value.real,
            "imaginary": self.value.imag,
            "error_estimate": self.estimate,
            "multiplicity": self.multiplicity,
            "true": self.true,
            "error": self.error,
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "FoundEigenvalue":
        """Return the eigenvalue of which `metrics` were told.

        Raises
        ------
        KeyError, TypeError
            If it is something else.
        """
        value = complex(told["real"], told["imaginary"])
        return cls(value, told["error_estimate"], told["multiplicity"], told["true"])
