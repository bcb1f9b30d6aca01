"""Eigenvalues by RBF-FD: those nearest to a number, their modes as fields, and their errors.

Modes are shown as real fields, the largest value of each one. Of a conjugate pair the mode ``v`` is
turned by a phase such that its real and its imaginary part are at right angles, and these are the
two modes that are shown, whether the pair is one of the problem or two eigenvalues that are equal,
which a matrix that is not symmetric lets become one.
"""

from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from pinnsolve.accuracy.eigenvalues import ModeErrors, mode_errors
from pinnsolve.errors import DivergedError, NodesError, PinnsolveError, SingularError
from pinnsolve.geometry.from_problem import located
from pinnsolve.process import State, Step
from pinnsolve.rbffd.eigenvalues import Modes, nearest
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.solve import unsolvable
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.eigenvalues import FoundEigenvalue
from pinnsolve.solution.found import Found

ZERO = 1e-6  # of the distance from the next: an eigenvalue that is taken for zero
CUT = "{} goes with one that was not asked for: eigenvalue.count = {} takes it in."


class EigenSolve:
    """The eigenvalues of a problem, found in one step.

    Parameters
    ----------
    setup
        Of the problem.
    """

    def __init__(self, setup: Setup) -> None:
        sought = setup.problem.eigenvalue
        assert sought is not None
        self._setup, self._sought = setup, sought
        self._modes: Modes | None = None

    def step(self) -> Step:
        """Find the eigenvalues.

        Raises
        ------
        ProblemError
            If the nodes are too few, or there are no eigenvalues.
        DivergedError
            If they are not found.
        """
        setup, sought = self._setup, self._sought
        try:
            self._modes = nearest(
                setup.discretisation(), sought.name, sought.near, sought.count, setup.watch
            )
        except NodesError as error:
            raise located(setup.problem, error) from None
        except SingularError as error:
            raise unsolvable(setup.problem, error) from None
        if not np.isfinite(self._modes.vectors).all():
            raise DivergedError("the modes are not finite.")
        return Step(0.0, 1, "solved", stage="solution: Arnoldi's iteration")

    def answer(self) -> NodalFields:
        """Return the modes that are shown, as fields."""
        nodes, order = self._setup.nodes, self._setup.problem.settings.solver.order
        return NodalFields(nodes.x, self._shown(self.modes.vectors), order, None, nodes.sight)

    def state(self) -> State:
        """Return the modes found, if there are any."""
        if self._modes is None:
            return {}
        found = {"values": self._modes.values, "vectors": self._modes.vectors}
        parts = {name: np.stack([own.real, own.imag]) for name, own in found.items()}
        return {**parts, "rounding": self._modes.rounding}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        if "values" in state:
            parts = (np.asarray(state[name]) for name in ("values", "vectors"))
            found = [real + 1j * imaginary for real, imaginary in parts]
            self._modes = Modes(found[0], found[1], float(state["rounding"]))

    @property
    def modes(self) -> Modes:
        """All that were found, the nearest first."""
        if self._modes is None:
            self.step()
        assert self._modes is not None
        return self._modes

    @cached_property
    def errors(self) -> ModeErrors | str:
        """What is estimated of their errors, or why nothing is."""
        setup = self._setup
        try:
            return mode_errors(
                setup.problem, setup.domain, setup.discretisation(), self.modes, setup.watch
            )
        except (PinnsolveError, MemoryError) as fault:
            return str(fault) or "there is too little memory."

    def estimate(self) -> Estimate:
        """Return the errors of the fields that are shown, those of their eigenvalues among them.

        The error of an eigenvalue is relative to it, that of zero to its distance from the next.
        """
        errors, problem = self.errors, self._setup.asked
        nothing: dict[str, float | None] = dict.fromkeys(problem.fields)
        if isinstance(errors, str):
            return Estimate(nothing, dict(nothing), None, None, errors)
        index, _ = self._places
        rows = self._setup.nodes.rows
        relative = errors.values / _scales(self.modes.values, errors.labels)
        worst = np.maximum(errors.modes, relative)[index]
        fields = len(self._setup.problem.fields)
        total = dict(zip(problem.fields, np.repeat(worst, fields).tolist(), strict=True))
        warnings = (errors.remark,) if errors.remark else ()
        return Estimate(dict(nothing), total, None, self._shown(errors.apart)[rows], "", warnings)

    def found(self) -> Found:
        """Return the eigenvalues that are shown, and what casts doubt on them."""
        errors, (index, _), sought = self.errors, self._places, self._sought
        values = self.modes.values[index]
        true: list[float | None] = [*sought.true] or [None] * len(index)
        estimates: list[float | None] = [None] * len(index)
        sizes, warnings = np.ones(len(index), dtype=int), []
        if not isinstance(errors, str):
            labels, estimates = errors.labels, errors.values[index].tolist()
            sizes = np.bincount(labels)[labels][index]
            rest = slice(len(index), None)  # beyond those asked for
            cut = np.isin(labels[index], labels[rest])
            cut |= np.isin(values, self.modes.values[rest].conj()) & (values.imag != 0)
            if cut.any():
                more = len(index) + int(np.isin(labels[rest], labels[index]).sum() or 1)
                warnings.append(CUT.format(f"eigenvalue {np.flatnonzero(cut)[-1] + 1}", more))
        told = zip(values.tolist(), estimates, sizes.tolist(), true, strict=True)
        eigenvalues = tuple(FoundEigenvalue(*own) for own in told)
        return Found(eigenvalues=eigenvalues, warnings=tuple(warnings))

    @cached_property
    def _places(self) -> tuple[Int[ndarray, " k"], Complex[ndarray, " k"]]:
        """The modes that are shown, ascending, and by what each is multiplied: a field is real."""
        values, vectors = self.modes.values, self.modes.vectors[self._setup.nodes.rows]
        asked = values[: self._sought.count]
        index = np.lexsort((-asked.imag, asked.real))
        flat = vectors.reshape(-1, vectors.shape[-1])[:, index]
        factor = np.exp(-0.5j * np.angle(np.sum(flat * flat, axis=0)))
        factor = factor * np.where(values[index].imag < 0, 1j, 1.0)
        fields = (flat * factor).real
        return index, factor / fields[np.argmax(np.abs(fields), axis=0), np.arange(len(index))]

    def _shown(self, vectors: Complex[ndarray, "N c m"]) -> Float[ndarray, "N k"]:
        """Return modes, or their errors, as the fields that are shown, mode by mode."""
        index, factor = self._places
        fields = (vectors[..., index] * factor).real
        return np.ascontiguousarray(fields.transpose(0, 2, 1).reshape(len(vectors), -1))


def _scales(values: Complex[ndarray, " m"], labels: Int[ndarray, " m"]) -> Float[ndarray, " m"]:
    """Return the sizes that errors of eigenvalues are relative to."""
    apart = np.abs(values[:, None] - values[None])
    apart[labels[:, None] == labels[None]] = np.inf
    gaps = np.where(np.isfinite(apart.min(axis=1)), apart.min(axis=1), 1.0)
    return np.where(np.abs(values) > ZERO * gaps, np.abs(values), gaps)
