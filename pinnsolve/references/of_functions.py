"""Values of formulas that hold an input, with each of many functions in it."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.equations.expression import Function, evaluate
from pinnsolve.equations.program import program
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.variables import Input, coordinate, occurring
from pinnsolve.families.family import Functions, number_of


def of_functions(
    formula: Function, functions: Mapping[str, Functions], x: Float[ndarray, "n D"]
) -> Float[ndarray, "M n"]:
    """Return the values of a formula with each of some functions in it."""
    (values,) = of_each([formula.expression], formula.symbols, functions, x)
    return values


def of_each(
    expressions: Sequence[Expr],
    symbols: Symbols,
    functions: Mapping[str, Functions],
    x: Float[ndarray, "n D"],
) -> list[Float[ndarray, "M n"]]:
    """Return the values of expressions without fields, with each of some functions in them.

    Parameters
    ----------
    expressions
        In coordinates and inputs.
    symbols
        The names they use.
    functions
        By name of the input.
    x
        Points.
    """
    count = number_of(functions)
    return [
        np.array(np.broadcast_to(_of_each(e, symbols, functions, x), (count, len(x))))
        for e in expressions
    ]


def _of_each(
    e: Expr, symbols: Symbols, functions: Mapping[str, Functions], x: Float[ndarray, "n D"]
) -> Float[ndarray, "*M n"]:
    inputs = occurring(Input, e)
    if not inputs:
        return evaluate([e], symbols, x)[0]
    known = {coordinate(name): x[:, i] for i, name in enumerate(symbols.coordinates)}
    known |= {s: functions[i.name].values(x[:, i.axes], i.alpha) for s, i in inputs.items()}
    (values,) = program([e], list(known))(*known.values())
    return values
