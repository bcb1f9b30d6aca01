"""Residuals: an equation at points, from the values of the derivatives that it asks for.

What it asks for has keys of two kinds: a `Term` of the fields, and the name of an unknown constant.
An affine equation costs ``sum_k c_k t_k + c_0``, with every ``c`` evaluated beforehand; a
nonlinear one only what depends on the fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Symbol

from pinnsolve.diffop import Term
from pinnsolve.equations.library import Array
from pinnsolve.equations.program import Program, program
from pinnsolve.equations.variables import Input

NONE: Mapping[str, Array] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Residual:
    """An equation at given points, awaiting fields and constants.

    Attributes
    ----------
    terms
        What it needs of the fields.
    constants
        Names of the unknown constants in it, in the order of the problem.
    is_linear
        Whether it is affine in fields and constants together.
    data
        Coefficients and sources at the points.
    ones
        Ones, in the shape and of the kind of the result.
    value
        ``lhs - rhs`` from data, terms and constants.
    slopes
        Its partial derivatives by terms and constants; from data alone if it is linear.
    inputs
        Functions that vary over a family, and derivatives of them, whose values are the last of
        the data: those of a typical one, if no others are given.
    of_axis
        Which of the data hold ``1/r``, around an axis: they vary however fine nodes are.
    """

    terms: tuple[Term, ...]
    constants: tuple[str, ...]
    is_linear: bool
    data: tuple[Array, ...]
    ones: Array
    value: Program
    slopes: Program
    inputs: tuple[Input, ...] = ()
    of_axis: tuple[int, ...] = ()

    @property
    def arguments(self) -> tuple[Term | str, ...]:
        """What it is a function of: its terms, then its constants by name."""
        return (*self.terms, *self.constants)

    def __call__(self, jet: Mapping[Term, Array], constants: Mapping[str, Array] = NONE) -> Array:
        """Return ``lhs - rhs`` at the points; further axes of the jet go first.

        Parameters
        ----------
        jet
            Values of the terms.
        constants
            Values of the unknown constants, by name.
        """
        (value,) = self.value(*self.data, *self._unknowns(jet, constants))
        return value

    def partials(
        self, jet: Mapping[Term, Array], constants: Mapping[str, Array] = NONE
    ) -> dict[Term | str, Array]:
        """Return the partial derivatives of the residual by its terms and its constants.

        Parameters
        ----------
        jet, constants
            As of the residual; not read if the equation is linear.
        """
        values = () if self.is_linear else self._unknowns(jet, constants)
        slopes = self.slopes(*self.data, *values)
        full = (c * self.ones if isinstance(c, float) else c for c in slopes)
        return dict(zip(self.arguments, full, strict=True))

    def _unknowns(
        self, jet: Mapping[Term, Array], constants: Mapping[str, Array]
    ) -> tuple[Array, ...]:
        return (*(jet[term] for term in self.terms), *(constants[name] for name in self.constants))

    def given(self, values: Sequence[Array]) -> "Residual":
        """Return the residual with other values of its inputs, in their order.

        Those of many functions go first, as further axes of the jet do.
        """
        own = self.data[: len(self.data) - len(self.inputs)]
        return replace(self, data=(*own, *values))

    def with_data(self, convert: Callable[[ndarray], Array]) -> "Residual":
        """Return the residual with its arrays converted, as to tensors on a device."""
        return replace(self, data=tuple(map(convert, self.data)), ones=convert(self.ones))


def prescribed(term: Term, values: Float[ndarray, "*N"]) -> Residual:
    """Return the residual ``term - values`` of a value that is given."""
    own, given = Symbol("term"), Symbol("given")
    return Residual(
        terms=(term,),
        constants=(),
        is_linear=True,
        data=(values,),
        ones=np.ones(values.shape),
        value=program([own - given], [given, own]),
        slopes=program([sympy.S.One], [given]),
    )
