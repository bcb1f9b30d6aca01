"""Features of a network that live in one place each: where they do, and how wide they are."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.solution.fields import Fields


@dataclass(frozen=True)
class Supports:
    """Where bumps live, in the coordinates of the problem.

    Attributes
    ----------
    centres
        Their centres.
    radii
        Along each axis.
    profiles
        Their profiles, by name.
    """

    centres: Float[ndarray, "m D"]
    radii: Float[ndarray, "m D"]
    profiles: tuple[str, ...]

    def __len__(self) -> int:
        """Return their number."""
        return len(self.profiles)


@runtime_checkable
class Localised(Protocol):
    """Fields that may be made of such features."""

    def supports(self) -> Supports | None:
        """Return their places; None if there are none."""


def supports_of(fields: Fields) -> Supports | None:
    """Return the places of the bumps of fields; None if they have none."""
    return fields.supports() if isinstance(fields, Localised) else None


def together(parts: list[Supports | None]) -> Supports | None:
    """Return several of them as one; None if there are none."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    return Supports(
        np.concatenate([part.centres for part in found]),
        np.concatenate([part.radii for part in found]),
        tuple(profile for part in found for profile in part.profiles),
    )
