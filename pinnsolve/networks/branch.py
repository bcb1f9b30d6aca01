"""The branch: what solutions of a family are linear in, as functions of its inputs.

They are functions of the principal coordinates ``z`` of all inputs, each of variance one
(`pinnsolve.families.principal`). With products

    ψ = (1, z_1, …, z_k, z_i z_j, …)

where products are wanted: of a linear problem the solution is a sum of its inputs' coordinates and
a constant, and nothing else is. With a kernel

    ψ = (1, s_1, …, s_M),     s = G⁻¹ k(z, z_i),     k = (1 + √5 r + 5 r²/3) exp(-√5 r),

``r`` the distance of a function from those that were trained with, over a length, each coordinate
counting as much as the functions vary along it. With the kernel ``G`` between these ``s`` has the
shares of the solutions known in that of another function, of order one: those of the kernel itself
would be large and cancel. Source: Rasmussen & Williams (2006), Gaussian
Processes for Machine Learning, MIT Press, chapters 2 and 4. With layers they are the outputs of a
network, and a constant, of the coordinates in units of the first: the last are hardly there.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import sqrt
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.families.principal import Principal, principal, principal_from
from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.mlp import GAIN

LayersOf: TypeAlias = tuple[tuple[Float[ndarray, "n m"], Float[ndarray, " n"]], ...]

FUNCTIONS_PER_PRODUCT = 3  # to train with, for each function of the branch
LARGEST = 24  # coordinates of which products are taken
NUGGET = 1e-9  # added to the kernel of a function with itself
SMALLEST = 1e-2  # of the first: products of smaller ones are nothing inside, and immense outside


@dataclass(frozen=True)
class Branch(ABC):
    """Functions of the inputs of a family.

    Attributes
    ----------
    spaces
        Where the codes of each input lie.
    """

    spaces: tuple[Principal, ...]

    @abstractmethod
    def of(self, z: Float[ndarray, "M k"]) -> Float[ndarray, "M K"]:
        """Return the functions of the branch, from the coordinates of all inputs."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of its functions."""

    @abstractmethod
    def arrays(self) -> dict[str, ndarray | int | str]:
        """Return the arrays and numbers that determine it, by name."""

    def __call__(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, "M K"]:
        """Return the functions of the branch, of each of the problems.

        Parameters
        ----------
        codes
            Of each input in turn.
        """
        return self.of(coordinates(self.spaces, codes))

    def inputs(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, "M q"]:
        """Return the inputs of its layers for each problem; without any its functions."""
        return self(codes)

    @property
    def layers(self) -> LayersOf:
        """Weights and biases of its layers, which may be trained; none of most."""
        return ()

    def with_layers(self, layers: LayersOf) -> "Branch":
        """Return the branch with other weights of its layers."""
        assert not layers
        return self

    def outside(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the largest share of an input that no member of the family has."""
        pairs = zip(self.spaces, codes, strict=True)
        return np.max([space.outside(own) for space, own in pairs], axis=0)

    def distance(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the root mean square of the coordinates of all inputs, about one of a member."""
        return np.sqrt(np.mean(coordinates(self.spaces, codes) ** 2, axis=1))

    def scaled(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, "M k"]:
        """Return the coordinates of all inputs, each as large as its share in them."""
        return coordinates(self.spaces, codes) * self.shares

    @property
    def shares(self) -> Float[ndarray, " k"]:
        """How much functions vary along each coordinate, of the largest of its input."""
        shares = [space.deviations / space.deviations.max(initial=0.0) for space in self.spaces]
        return np.concatenate(shares)

    def _arrays_of_spaces(self) -> dict[str, ndarray | int | str]:
        found: dict[str, ndarray | int | str] = {}
        for i, space in enumerate(self.spaces):
            found |= {f"space {i} {name}": array for name, array in space.arrays().items()}
        return found


@dataclass(frozen=True)
class Products(Branch):
    """A constant, the coordinates, and products of some.

    Attributes
    ----------
    multiplied
        Of how many of the coordinates, those along which the inputs differ most, products are
        taken; 0 for none.
    """

    multiplied: int = 0

    def of(self, z: Float[ndarray, "M k"]) -> Float[ndarray, "M K"]:
        """Return the functions of the branch, from the coordinates of all inputs."""
        i, j = np.triu_indices(self.multiplied)
        first = z[:, np.argsort(-self.shares, kind="stable")[: self.multiplied]]
        return np.hstack([np.ones((len(z), 1)), z, first[:, i] * first[:, j]])

    @property
    def size(self) -> int:
        """The number of its functions."""
        n = self.multiplied
        return 1 + len(self.shares) + n * (n + 1) // 2

    def arrays(self) -> dict[str, ndarray | int | str]:
        """Return the arrays and numbers that determine it, by name."""
        return {"multiplied": self.multiplied, **self._arrays_of_spaces()}


@dataclass(frozen=True)
class Kernel(Branch):
    """A constant, and the shares of the functions that were trained with in another.

    Attributes
    ----------
    centres
        Coordinates of these.
    length
        Over which solutions stay alike, in units of how much functions vary along the first
        coordinate.
    power
        Of how much they vary along a coordinate, as which it counts: above one where solutions
        depend less on the smaller ones.
    """

    centres: Float[ndarray, "M k"]
    length: float
    power: float = 1.0

    def of(self, z: Float[ndarray, "M k"]) -> Float[ndarray, "M K"]:
        """Return the functions of the branch, from the coordinates of all inputs."""
        from scipy.linalg import cho_solve  # slow to import

        k = matern(self.squares(z), self.length)
        return np.hstack([np.ones((len(z), 1)), cho_solve(self._factor, k.T).T])

    def deviation(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the unknown part of each problem: zero at the centres, one far from them."""
        z = coordinates(self.spaces, codes)
        known = np.sum(matern(self.squares(z), self.length) * self.of(z)[:, 1:], axis=1)
        return np.sqrt(np.maximum(1 + NUGGET - known, NUGGET))

    @cached_property
    def _factor(self) -> tuple[ndarray, bool]:
        from scipy.linalg import cho_factor

        return cho_factor(between(self.squares(self.centres), self.length))

    def squares(self, z: Float[ndarray, "M k"]) -> Float[ndarray, "M N"]:
        """Return the squares of the distances from the centres."""
        weights = self.shares**self.power
        a, b = z * weights, self.centres * weights
        apart = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T
        return np.maximum(apart, 0.0)

    @property
    def size(self) -> int:
        """The number of its functions."""
        return 1 + len(self.centres)

    def arrays(self) -> dict[str, ndarray | int | str]:
        """Return the arrays and numbers that determine it, by name."""
        numbers = {"length": np.array(self.length), "power": np.array(self.power)}
        own = {"centres": self.centres, **numbers}
        return {**own, **self._arrays_of_spaces()}


@dataclass(frozen=True)
class Layers(Branch):
    """A constant, and the outputs of a network.

    Attributes
    ----------
    weights
        Weights and biases of each layer.
    activation
        That follows each.
    """

    weights: LayersOf
    activation: str

    @property
    def layers(self) -> LayersOf:
        """Weights and biases of its layers."""
        return self.weights

    def of(self, z: Float[ndarray, "M k"]) -> Float[ndarray, "M K"]:
        """Return the functions of the branch, from the coordinates of all inputs."""
        psi = z * self.shares
        for weight, bias in self.layers:
            psi = ACTIVATIONS[self.activation](torch.as_tensor(psi @ weight.T + bias)).numpy()
        return np.hstack([np.ones((len(psi), 1)), psi])

    def inputs(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, "M q"]:
        """Return the coordinates, in units of the first of each input."""
        return coordinates(self.spaces, codes) * self.shares

    def with_layers(self, layers: LayersOf) -> "Layers":
        """Return the branch with other weights of its layers."""
        return replace(self, weights=layers)

    @property
    def size(self) -> int:
        """The number of its functions."""
        return 1 + len(self.layers[-1][1])

    def arrays(self) -> dict[str, ndarray | int | str]:
        """Return the arrays and numbers that determine it, by name."""
        found: dict[str, ndarray | int | str] = {"activation": self.activation}
        for i, (weight, bias) in enumerate(self.layers):
            found |= {f"layer {i} weight": weight, f"layer {i} bias": bias}
        return {**found, **self._arrays_of_spaces()}


def layers(
    codes: Sequence[Float[ndarray, "M _"]], hidden: Sequence[int], activation: str, seed: int
) -> Layers:
    """Return the branch of a family that is a network, its weights drawn.

    Parameters
    ----------
    codes
        Of each input in turn, of the functions to train with.
    hidden, activation
        Widths of the layers, and what follows each.
    seed
        Of the weights.
    """
    spaces = tuple(principal(own) for own in codes)
    widths = [sum(len(space.deviations) for space in spaces), *hidden]
    draw = np.random.default_rng(seed)
    drawn = tuple(
        (GAIN / sqrt(n) * draw.standard_normal((m, n)), draw.standard_normal(m))
        for n, m in pairwise(widths)
    )
    return Layers(spaces, drawn, activation)


def between(squares: Float[ndarray, "M M"], length: float) -> Float[ndarray, "M M"]:
    """Return the kernel between all pairs of functions, of squares of their distances."""
    return matern(squares, length) + NUGGET * np.eye(len(squares))


def matern(squares: Float[ndarray, "*N"], length: float) -> Float[ndarray, "*N"]:
    """Return a covariance that is twice differentiable, of squares of distances."""
    r = np.sqrt(5 * squares) / length
    return (1 + r + r**2 / 3) * np.exp(-r)


def coordinates(
    spaces: Sequence[Principal], codes: Sequence[Float[ndarray, "M _"]]
) -> Float[ndarray, "M k"]:
    """Return the coordinates of functions in the spaces of each input, side by side."""
    return np.hstack([space(own) for space, own in zip(spaces, codes, strict=True)])


def products(codes: Sequence[Float[ndarray, "M _"]], *, is_linear: bool) -> Products:
    """Return the branch of a family, of products as far as there are functions to tell them by.

    Parameters
    ----------
    codes
        Of each input in turn, of the functions to train with.
    is_linear
        Whether solutions are affine in the inputs.
    """
    spaces = tuple(principal(own) for own in codes)
    if is_linear:
        return Products(spaces)
    count = len(codes[0])
    affordable = int(sqrt(2 * count / FUNCTIONS_PER_PRODUCT))
    worthwhile = sum(int(np.sum(s.deviations > SMALLEST * s.deviations[0])) for s in spaces)
    return Products(spaces, min(worthwhile, affordable, LARGEST))


def branch_from(arrays: Mapping[str, ndarray | float | int | str]) -> Branch:
    """Return the branch from `Branch.arrays`."""
    spaces = list[Principal]()
    while (lead := f"space {len(spaces)} ") + "mean" in arrays:
        own = {k.removeprefix(lead): np.asarray(v) for k, v in arrays.items() if k.startswith(lead)}
        spaces.append(principal_from(own))
    if "centres" in arrays:
        numbers = float(arrays["length"]), float(arrays.get("power", 1.0))
        return Kernel(tuple(spaces), np.asarray(arrays["centres"]), *numbers)
    if "activation" in arrays:
        found = list[tuple[ndarray, ndarray]]()
        while (lead := f"layer {len(found)} ") + "weight" in arrays:
            found.append((np.asarray(arrays[lead + "weight"]), np.asarray(arrays[lead + "bias"])))
        return Layers(tuple(spaces), tuple(found), str(arrays["activation"]))
    return Products(tuple(spaces), int(arrays["multiplied"]))
