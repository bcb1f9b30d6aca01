"""The equations of the stages of one step in time, and their derivatives.

With the highest derivative ``k`` of each field, of order ``m``, known at the stages ``t_i`` of an
implicit Runge-Kutta method,

    ∂_t^a u(t_i) = Taylor polynomial from the last instant + (h A)^(m - a) k,

every stage satisfies ``F(t, u, u_t, …) = 0``: boundary conditions hold no derivative in time, as a
rule, so that this is a system of differential and algebraic equations. Source: Hairer & Wanner
(1996), doi:10.1007/978-3-642-05221-7, sections IV.8 and VI.1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import factorial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.condition import Condition
from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.levels import LevelledFactors
from pinnsolve.rbffd.steps import Change, by_variable, seen

if TYPE_CHECKING:
    from scipy.sparse import csc_array

# the conditions at given instants
Bind: TypeAlias = Callable[[Float[ndarray, " n"]], Sequence[Condition]]


@dataclass
class StageEquations:
    """What holds at the stages of a step.

    Parameters
    ----------
    system
        The discretisation in space, with derivatives in time as further fields.
    bind
        Its conditions at other instants.
    initial
        Values at all nodes by field and order in time.
    c
        Stages, as parts of the step.
    A
        Integrals from the beginning of the step to each stage of each stage's polynomial.

    Attributes
    ----------
    changed
        Fields of which steps have another variable.
    """

    system: Discretisation
    bind: Bind
    initial: Mapping[tuple[int, int], Float[ndarray, " N"]]
    c: Float[ndarray, " s"]
    A: Float[ndarray, "s s"]
    changed: Mapping[int, Change] = field(default_factory=dict)

    @cached_property
    def orders(self) -> list[int]:
        """Order in time of each field."""
        return [sum(f == field for f, _ in self.initial) for field in range(self.system.n_fields)]

    @cached_property
    def steady(self) -> Equations:
        """The equations with derivatives in time taken for the fields themselves.

        They tell which row determines which unknown, and how ghosts are closed.
        """
        flat = []
        for own in self.system.conditions:
            terms = tuple(replace(term, time_order=0) for term in own.residual.terms)
            flat.append(replace(own, residual=replace(own.residual, terms=terms)))
        steady = replace(self.system, conditions=tuple(flat), time_order=0)
        return Equations.of(steady, is_steady=False)

    def beginning(self) -> Float[ndarray, "m c N"]:
        """Return the first instant's fields, then their derivatives in time below the highest."""
        c, N = self.system.n_fields, self.system.n_nodes
        state = np.zeros((max(self.orders), c, N))
        for (i, a), values in self.initial.items():
            own = self.changed.get(i)
            state[a, i] = values if own is None else own.field(values)
        return state

    def values(self, state: Float[ndarray, "m c N"]) -> Float[ndarray, "N c"]:
        """Return the fields, as the equations know them, at an instant."""
        found = state[0].copy()
        for i, own in self.changed.items():
            found[i] = own.potential(found[i])
        return found.T.copy()

    def fields(
        self, state: Float[ndarray, "m c N"], slopes: Float[ndarray, "s c N"], h: float
    ) -> Float[ndarray, "s a N"]:
        """Return the fields at the stages, then their derivatives in time.

        Parameters
        ----------
        state
            The fields when the step begins, then their derivatives in time below the highest.
        slopes
            The highest derivative of each field at the stages.
        h
            The size of the step.
        """
        c, N = self.system.n_fields, self.system.n_nodes
        fields = np.zeros((len(slopes), self.system.time_order + 1, c, N))
        for i, m in enumerate(self.orders):
            integrated = slopes[:, i]
            for a in range(m, -1, -1):
                fields[:, a, i] = integrated
                for j in range(a, m):
                    powers = (h * self.c) ** (j - a) / factorial(j - a)
                    fields[:, a, i] += powers[:, None] * state[j, i]
                integrated = h * self.A @ integrated
        return fields.reshape(len(slopes), -1, N)

    def at_stages(self, conditions: Sequence[Condition], stages: slice) -> Discretisation:
        """Return the discretisation with its conditions at the stages of a step.

        Parameters
        ----------
        conditions
            At the stages of several steps.
        stages
            Which are those of the step.
        """
        levels = np.arange(stages.stop - stages.start)

        def chosen(own: Condition) -> Condition:
            residual = own.residual.with_data(lambda data: data[:, stages])
            return replace(own, residual=residual, levels=levels)

        return replace(self.system, conditions=tuple(chosen(own) for own in conditions))

    def residuals(
        self, equations: Discretisation, fields: Float[ndarray, "s a N"]
    ) -> Float[ndarray, "s R"]:
        """Return the residuals at the stages, and of the rows that close ghosts."""
        known = seen(fields, self.system.n_fields, self.changed)
        r = equations.residual(known.transpose(2, 1, 0)).reshape(-1, len(known))
        values = known[:, : self.system.n_fields].reshape(len(known), -1)
        return np.concatenate([r.T, (self.steady.closing @ values.T).T], axis=1)

    def by_constant(
        self, equations: Discretisation, fields: Float[ndarray, "s a N"], name: str
    ) -> Float[ndarray, "s R"]:
        """Return the derivatives of the residuals at the stages by a constant of the equations."""
        known = seen(fields, self.system.n_fields, self.changed)
        r = equations.by_constant(known.transpose(2, 1, 0), name).reshape(-1, len(known)).T
        return np.concatenate([r, np.zeros((len(r), self.steady.closing.shape[0]))], axis=1)

    def derivatives(
        self, conditions: Sequence[Condition], at: int, fields: Float[ndarray, "a N"]
    ) -> "list[list[csc_array]]":
        """Return the derivatives of all rows at an instant by each variable and its slopes.

        Parameters
        ----------
        conditions, at
            At some instants, and which of them it is.
        fields
            The fields then, and their derivatives in time.
        """
        equations = replace(self.system, conditions=tuple(c.at(at) for c in conditions))
        J = equations.jacobian(seen(fields[None], self.system.n_fields, self.changed)[0].T)
        return by_variable(J, self.steady.closing, fields, self.orders, self.changed)

    def factorised(
        self, derivatives: "Sequence[Sequence[csc_array]]", z: complex
    ) -> LevelledFactors:
        """Return the factors of ``sum_a z^(m - a) ∂F/∂u_a``, ``m`` the order of each field in time.

        Parameters
        ----------
        derivatives
            Of all rows by each variable and its slopes, as `derivatives` gives them.
        z
            The size of the step times what stands for the integral: an eigenvalue or a diagonal
            entry of ``A``.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        """
        from scipy.sparse import csr_array, hstack

        columns = [
            sum(z ** (m - a) * part for a, part in enumerate(own))
            for own, m in zip(derivatives, self.orders, strict=True)
        ]
        return self.steady.factors_of(csr_array(hstack(columns)))
