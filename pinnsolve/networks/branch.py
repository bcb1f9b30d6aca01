"""The branch: what solutions of a family are linear in, as functions of its inputs.

With the principal coordinates ``z`` of all inputs (`pinnsolve.families.principal`), each of
variance one,

    ψ = (1, z_1, …, z_k, z_i z_j, …)

where products are wanted: of a linear problem the solution is a sum of its inputs' coordinates and
a constant, and nothing else is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.families.principal import Principal, principal, principal_from

FUNCTIONS_PER_PRODUCT = 3  # to train with, for each function of the branch
LARGEST = 24  # coordinates of which products are taken
SMALLEST = 1e-2  # of the first: products of smaller ones are nothing inside, and immense outside


@dataclass(frozen=True)
class Branch:
    """Functions of the inputs of a family.

    Attributes
    ----------
    spaces
        Where the codes of each input lie.
    multiplied
        Of how many of the coordinates, those along which the inputs differ most, products are
        taken; 0 for none.
    """

    spaces: tuple[Principal, ...]
    multiplied: int = 0

    def __call__(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, "M K"]:
        """Return the functions of the branch, of each of the problems.

        Parameters
        ----------
        codes
            Of each input in turn.
        """
        z = np.hstack([space(own) for space, own in zip(self.spaces, codes, strict=True)])
        i, j = np.triu_indices(self.multiplied)
        first = z[:, self._order[: self.multiplied]]
        return np.hstack([np.ones((len(z), 1)), z, first[:, i] * first[:, j]])

    def outside(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the largest share of an input that no member of the family has."""
        pairs = zip(self.spaces, codes, strict=True)
        return np.max([space.outside(own) for space, own in pairs], axis=0)

    def distance(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the root mean square of the coordinates of all inputs, about one of a member."""
        pairs = zip(self.spaces, codes, strict=True)
        return np.sqrt(np.mean(np.hstack([space(own) for space, own in pairs]) ** 2, axis=1))

    @property
    def size(self) -> int:
        """The number of its functions."""
        n = self.multiplied
        return 1 + len(self._order) + n * (n + 1) // 2

    @property
    def _order(self) -> ndarray:
        """The coordinates, those of the largest share of their input first."""
        shares = [space.deviations / space.deviations.max(initial=0.0) for space in self.spaces]
        return np.argsort(-np.concatenate(shares), kind="stable")

    def arrays(self) -> dict[str, ndarray | int]:
        """Return the arrays and numbers that determine it, by name."""
        found: dict[str, ndarray | int] = {"multiplied": self.multiplied}
        for i, space in enumerate(self.spaces):
            found |= {f"space {i} {name}": array for name, array in space.arrays().items()}
        return found


def branch(codes: Sequence[Float[ndarray, "M _"]], *, is_linear: bool) -> Branch:
    """Return the branch of a family.

    Parameters
    ----------
    codes
        Of each input in turn, of the functions to train with.
    is_linear
        Whether solutions are affine in the inputs.
    """
    spaces = tuple(principal(own) for own in codes)
    if is_linear:
        return Branch(spaces)
    count = len(codes[0])
    affordable = int(sqrt(2 * count / FUNCTIONS_PER_PRODUCT))
    worthwhile = sum(int(np.sum(s.deviations > SMALLEST * s.deviations[0])) for s in spaces)
    return Branch(spaces, min(worthwhile, affordable, LARGEST))


def branch_from(arrays: Mapping[str, ndarray | float | int | str]) -> Branch:
    """Return the branch from `Branch.arrays`."""
    spaces = list[Principal]()
    while (lead := f"space {len(spaces)} ") + "mean" in arrays:
        own = {k.removeprefix(lead): np.asarray(v) for k, v in arrays.items() if k.startswith(lead)}
        spaces.append(principal_from(own))
    return Branch(tuple(spaces), int(arrays["multiplied"]))
