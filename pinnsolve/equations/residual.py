"""Residuals: an equation at points, from the values of the derivatives that it asks for.

An affine equation costs ``sum_k c_k t_k + c_0``, with every ``c`` evaluated beforehand; a
nonlinear one only what depends on the fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Symbol

from pinnsolve.diffop import Term
from pinnsolve.equations.library import Array
from pinnsolve.equations.program import Program, program


@dataclass(frozen=True, eq=False)
class Residual:
    """An equation at given points, awaiting the fields.

    Attributes
    ----------
    terms
        What it needs of the fields.
    is_linear
        Whether it is affine in them.
    data
        Coefficients and sources at the points.
    ones
        Ones, in the shape and of the kind of the result.
    value
        ``lhs - rhs`` from data and terms.
    slopes
        Its partial derivatives by the terms; from data alone if it is linear.
    """

    terms: tuple[Term, ...]
    is_linear: bool
    data: tuple[Array, ...]
    ones: Array
    value: Program
    slopes: Program

    def __call__(self, jet: Mapping[Term, Array]) -> Array:
        """Return ``lhs - rhs`` at the points; further axes of the jet go first."""
        (value,) = self.value(*self.data, *(jet[term] for term in self.terms))
        return value

    def partials(self, jet: Mapping[Term, Array]) -> dict[Term, Array]:
        """Return the partial derivatives of the residual by its terms.

        Parameters
        ----------
        jet
            Values of the terms; not read if the equation is linear.
        """
        values = () if self.is_linear else tuple(jet[term] for term in self.terms)
        slopes = self.slopes(*self.data, *values)
        full = (c * self.ones if isinstance(c, float) else c for c in slopes)
        return dict(zip(self.terms, full, strict=True))

    def with_data(self, convert: Callable[[ndarray], Array]) -> "Residual":
        """Return the residual with its arrays converted, as to tensors on a device."""
        return replace(self, data=tuple(map(convert, self.data)), ones=convert(self.ones))


def prescribed(term: Term, values: Float[ndarray, "*N"]) -> Residual:
    """Return the residual ``term - values`` of a value that is given."""
    own, given = Symbol("term"), Symbol("given")
    return Residual(
        terms=(term,),
        is_linear=True,
        data=(values,),
        ones=np.ones(values.shape),
        value=program([own - given], [given, own]),
        slopes=program([sympy.S.One], [given]),
    )
