"""The solutions of a family as sums of principal solutions that a classical solver has found.

    u_i(x, t) = sum_j w_j(x, t) (C ψ_i)_j,

moved back to where they belong if the equation's symmetries have made all alike
(`pinnsolve.families.symmetries`). Source: Bhattacharya, Hosseini, Kovachki & Stuart (2021), Model
Reduction and Neural Networks for Parametric PDEs, doi:10.5802/smai-jcm.74.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.families.symmetries import Symmetries
from pinnsolve.networks.branch import Branch, Kernel, branch_from
from pinnsolve.objectives.family_fields import part_of
from pinnsolve.process import State
from pinnsolve.references.waves import Waves


@dataclass(frozen=True)
class ReducedFields:
    """The solutions of a family; as fields, that of one of its problems.

    Attributes
    ----------
    basis
        The principal solutions, by the amplitudes of their waves at each instant.
    times
        The instants.
    lower, period
        The corner where waves begin, and the period along each axis.
    symmetries
        By which solutions are alike.
    branch, C
        The functions of the inputs, and their weights in principal solutions.
    scale
        Relative error of a problem of which nothing is known (`Kernel.deviation`).
    floor
        Relative error that sums of the principal solutions have at best.
    shown
        The codes of the inputs of the problem whose solution is shown, a row for each.
    """

    basis: Complex[ndarray, "q S c *K"]
    times: Float[ndarray, " S"]
    lower: tuple[float, ...]
    period: tuple[float, ...]
    symmetries: Symmetries
    branch: Branch
    C: Float[ndarray, "q P"]
    scale: float
    floor: float
    shown: tuple[Float[ndarray, "1 _"], ...]

    @property
    def size(self) -> int:
        """How many numbers determine them."""
        return 2 * self.basis.size + self.C.size

    @property
    def device(self) -> str:
        """Where they are evaluated."""
        return "cpu"

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the fields of the problem that is shown, at points."""
        return self._member(x)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of these."""
        return self._member.jet(x, terms)

    def showing(self, codes: Sequence[Float[ndarray, "1 _"]]) -> "ReducedFields":
        """Return the solutions, another problem's being shown."""
        return replace(self, shown=tuple(codes))

    def evaluated(
        self, codes: Sequence[Float[ndarray, "M _"]], x: Float[ndarray, "n D"]
    ) -> Float[ndarray, "M n c"]:
        """Return the fields of many problems at points."""
        values = self._waves(codes)(x)
        return values.reshape(len(x), len(codes[0]), -1).swapaxes(0, 1)

    def outside(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the largest share of an input that no member of the family has."""
        return self.branch.outside(self._alike(codes))

    def distance(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the root mean square of the coordinates of all inputs, about one of a member."""
        return self.branch.distance(self._alike(codes))

    def estimated(self, codes: Sequence[Float[ndarray, "M _"]]) -> Float[ndarray, " M"]:
        """Return the estimated relative error of each problem."""
        unknown = np.ones(len(codes[0]))
        if isinstance(self.branch, Kernel):
            unknown = self.branch.deviation(self._alike(codes))
        return np.hypot(self.scale * unknown, self.floor)

    def state(self) -> State:
        """Return the principal solutions, the branch, and the codes of what is shown."""
        of_branch = {f"branch:{k}": v for k, v in self.branch.arrays().items()}
        codes = {f"shown:{i}": own for i, own in enumerate(self.shown)}
        return {
            **of_branch,
            **codes,
            "basis": parts_of(self.basis),
            "times": self.times,
            "lower": np.array(self.lower),
            "period": np.array(self.period),
            "symmetries": " ".join(self.symmetries.names),
            "C": self.C,
            "scale": self.scale,
            "floor": self.floor,
        }

    def _alike(self, codes: Sequence[Float[ndarray, "M _"]]) -> list[Float[ndarray, "M _"]]:
        """Return the codes where all functions are alike."""
        if not self.symmetries.names:
            return list(codes)
        (own,) = codes
        return [self.symmetries.normalised(own, self.symmetries.frames(own))]

    def _waves(self, codes: Sequence[Float[ndarray, "M _"]]) -> Waves:
        """Return the solutions of many problems, the fields of one after those of the other."""
        M, (q, S, c, *K) = len(codes[0]), self.basis.shape
        heads = self.branch(self._alike(codes)) @ self.C.T
        sums = (heads @ self.basis.reshape(q, -1)).reshape(M, S, c, *K)
        amplitudes = np.moveaxis(sums, 0, 1).reshape(S, M * c, *K)
        if self.symmetries.names:
            frames = self.symmetries.frames(codes[0])
            since = self.times - self.times[0]
            amplitudes = self.symmetries.restored_modes(amplitudes, since, frames)
        return Waves(self.lower, self.period, amplitudes, self.times)

    @cached_property
    def _member(self) -> Waves:
        return self._waves(self.shown)


def parts_of(amplitudes: Complex[ndarray, "*K"]) -> Float[ndarray, "*K 2"]:
    """Return the real and imaginary parts of amplitudes, as a state holds them."""
    return np.stack([amplitudes.real, amplitudes.imag], axis=-1)


def amplitudes_from(parts: object) -> Complex[ndarray, "*K"]:
    """Return amplitudes, in single precision, from `parts_of`."""
    re, im = np.moveaxis(np.asarray(parts, dtype=np.float32), -1, 0)
    return re + 1j * im


def reduced_fields(state: State) -> ReducedFields:
    """Return the solutions whose state is given."""
    lower, period = (tuple(np.asarray(state[k]).tolist()) for k in ("lower", "period"))
    names = tuple(str(state["symmetries"]).split())
    return ReducedFields(
        amplitudes_from(state["basis"]),
        np.asarray(state["times"]),
        lower,
        period,
        Symmetries(names, period[0]),
        branch_from(part_of(state, "branch")),
        np.asarray(state["C"]),
        float(state["scale"]),
        float(state["floor"]),
        tuple(np.asarray(code) for code in part_of(state, "shown").values()),
    )
