"""Training of a family by classical solutions: their principal ones, and what tells their shares.

Problems are solved together by the solver of the reference, some at a time, and made alike by the
symmetries that the equation has; a reflection gives another solution for each. The principal ones
span the range of products of all with random numbers, and the branch is told by the shares of all
(`pinnsolve.networks.regression`). Source of the first: Halko, Martinsson & Tropp (2011), Finding
Structure with Randomness, doi:10.1137/090771806.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from pinnsolve.families.family import Functions, number_of
from pinnsolve.families.symmetries import REFLECTION, Symmetries
from pinnsolve.networks.regression import regressed
from pinnsolve.objectives.reduced_fields import (
    ReducedFields,
    amplitudes_from,
    parts_of,
    reduced_fields,
)
from pinnsolve.process import State, Step, nested, part
from pinnsolve.references.fourier_families import Resolution
from pinnsolve.references.waves import Waves

PARTS = 8  # of the functions, which are solved for in a step each
PRINCIPAL = 400  # solutions, at most
MORE = 20  # products with random numbers than principal solutions
STAGE, PHASE = "training: solutions", "solutions"
TOLD = "the shares of all solutions are told"


@dataclass(frozen=True)
class Solver:
    """The classical solver, as a training uses it.

    Attributes
    ----------
    resolve
        How finely problems are to be solved, from a few of them.
    solve
        The solutions for some functions, so finely.
    place
        The corner where waves begin, and the period along each axis.
    """

    resolve: Callable[[Mapping[str, Functions]], Resolution]
    solve: Callable[[Mapping[str, Functions], Resolution], Waves]
    place: tuple[tuple[float, ...], tuple[float, ...]]


class ReducedTraining:
    """Find the solutions of a family from those of some of its problems.

    Parameters
    ----------
    solver
        The classical solver.
    functions
        To train with, by name of the input.
    symmetries
        By which solutions are made alike.
    shown
        The codes of the problem whose solution is shown.
    seed
        Of the random numbers.
    """

    def __init__(
        self,
        solver: Solver,
        functions: Mapping[str, Functions],
        symmetries: Symmetries,
        shown: tuple[Float[ndarray, "1 _"], ...],
        seed: int,
    ) -> None:
        self._solver, self._functions, self._symmetries = solver, functions, symmetries
        self._shown, self._seed = shown, seed
        self._count = number_of(functions)
        self._resolution: Resolution | None = None
        self._like: Waves | None = None  # the first solution, for what all have in common
        self._vectors = np.empty((0, 0), dtype=np.complex64)
        self._found: ReducedFields | None = None
        self._loss = 1.0

    def step(self) -> Step:
        """Return the account of some more problems, or at last of what tells them."""
        size, done = ceil(self._count / PARTS), len(self._vectors)
        if self._found is None and done < self._count:
            self._solve(range(done, min(done + size, self._count)))
            done = len(self._vectors)
            note = f"{done} of {self._count} functions"
            at = ceil(done / size)
            return Step(1.0, at, fraction=at / (PARTS + 1), stage=STAGE, phase=PHASE, note=note)
        self._found = self.answer()
        self._vectors, self._like = self._vectors[:0], None
        step = Step(self._loss, PARTS + 1, TOLD, 1.0, STAGE, PHASE, before=1.0, ended=TOLD)
        return replace(step, note=f"{len(self._found.basis)} principal solutions")

    def answer(self) -> ReducedFields:
        """Return the solutions found so far."""
        if self._found is not None:
            return self._found
        if self._like is None:
            self._solve(range(min(2, self._count)))
        return self._told()

    def state(self) -> State:
        """Return the solutions found so far, or those that are told by them."""
        mine: State = {"loss": self._loss}
        if self._found is not None:
            return {**mine, **nested(found=self._found.state())}
        if self._like is None or self._resolution is None:
            return mine
        own = self._resolution
        at = {"modes": own.modes, "steps": own.steps, "error": own.error}
        return {
            **mine,
            **nested(resolution=at),
            "vectors": parts_of(self._vectors),
            "shape": np.array(self._like.amplitudes.shape),
            "times": self._like.times,
        }

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._loss, found = float(state["loss"]), part(state, "found")
        self._found = reduced_fields(found) if found else None
        at = part(state, "resolution")
        if at:
            own = int(at["modes"]), int(at["steps"]), float(at["error"])
            self._resolution = Resolution(*own)
            self._vectors = amplitudes_from(state["vectors"])
            nothing = np.zeros(np.asarray(state["shape"], dtype=int), dtype=complex)
            lower, period = self._solver.place
            self._like = Waves(lower, period, nothing, np.asarray(state["times"]))

    def _solve(self, which: range) -> None:
        """Solve for some functions."""
        if self._resolution is None:
            self._resolution = self._solver.resolve(self._functions)
        some = {name: own.chosen(which) for name, own in self._functions.items()}
        found = self._solver.solve(some, self._resolution)
        c = found.count // len(which)
        self._like = self._like or found.chosen(range(c))
        amplitudes = found.amplitudes
        if self._symmetries.names:
            (own,) = (functions.codes() for functions in some.values())
            frames, since = self._symmetries.frames(own), found.times - found.times[0]
            amplitudes = self._symmetries.normalised_modes(amplitudes, since, frames)
        S, _, *K = amplitudes.shape
        each = np.moveaxis(amplitudes.reshape(S, len(which), c, *K), 1, 0)
        vectors = (each * _weights(K)).reshape(len(which), -1).astype(np.complex64)
        self._vectors = np.vstack([self._vectors, vectors]) if len(self._vectors) else vectors

    def _told(self) -> ReducedFields:
        """Return the solutions as those found so far tell them."""
        assert self._like is not None
        names, like = self._symmetries.names, self._like
        found, shape = self._vectors, like.amplitudes.shape
        codes = [own.codes()[: len(found)] for own in self._functions.values()]
        if names:
            (own,) = codes
            codes = [self._symmetries.normalised(own, self._symmetries.frames(own))]
        rows = _real(found)
        Q = _principal(rows, PRINCIPAL, self._seed)
        heads, sizes = rows @ Q, np.linalg.norm(rows, axis=1)
        floor = float(np.mean(np.linalg.norm(rows - heads @ Q.T, axis=1) / sizes))
        if REFLECTION in names:
            (own,) = codes
            codes = [np.vstack([own, self._symmetries.mirrored(own)])]
            images = self._symmetries.mirrored_modes(found.reshape(-1, shape[-1]))
            heads = np.vstack([heads, _real(images.reshape(found.shape)) @ Q])
            sizes = np.tile(sizes, 2)
        told = regressed(codes, heads.T)
        each = told.left_out / sizes[: len(told.left_out)]
        self._loss = float(np.mean(each**2))
        scale = float(np.exp(np.mean(np.log(np.maximum(each / told.deviations, 1e-300)))))
        basis = Q.T.copy().view(complex).reshape(-1, *shape) / _weights(shape[2:])
        return ReducedFields(
            basis.astype(np.complex64),
            like.times,
            like.lower,
            like.period,
            self._symmetries,
            told.branch,
            np.ascontiguousarray(told.C),  # as it is read again, to the bit
            scale,
            floor,
            self._shown,
        )


def _weights(K: tuple[int, ...] | list[int]) -> Float[ndarray, " K"]:
    """Return the factors of amplitudes whose squares then add up to those of the values."""
    weights = np.full(K[-1], np.sqrt(2.0))
    weights[0] = 1.0
    return weights


def _real(amplitudes: Complex[ndarray, "M n"]) -> Float[ndarray, "M m"]:
    """Return real and imaginary parts side by side."""
    return amplitudes.astype(complex).view(float)


def _principal(rows: Float[ndarray, "M n"], most: int, seed: int) -> Float[ndarray, "n q"]:
    """Return orthonormal columns, the principal ones first, of which rows are sums but for little.

    The range of random products is improved by one step of subspace iteration.
    """
    count = min(most + MORE, len(rows))
    mixed = np.random.default_rng(seed).standard_normal((count, len(rows)))
    Q = np.linalg.qr((mixed @ rows).T)[0]
    Q = np.linalg.qr(rows.T @ (rows @ Q))[0]
    _, _, Vt = np.linalg.svd(rows @ Q, full_matrices=False)
    return Q @ Vt[:most].T
