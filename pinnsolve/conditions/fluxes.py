"""The flux of a field, of which an equation in divergence form holds the divergence.

It is what the second derivatives' coefficients ``a`` make of the equation as it stands,
``sum_ij n_i a_ij d_j u`` along a direction ``n``, and the rest of the equation what is left then.
"""

from sympy import Expr

from pinnsolve.equations import axisymmetry, calculus, variables
from pinnsolve.equations.algebra import exact
from pinnsolve.equations.syntax import ExpressionError
from pinnsolve.equations.variables import Data, Derivative, Normal
from pinnsolve.errors import Fault
from pinnsolve.problem import Equation, Problem
from pinnsolve.problem.problem import Region

EXPLICIT = "State what holds there in [[interface]], between = …, condition = …"


def flux(problem: Problem, region: Region, field: int, shift: int) -> Expr:
    """Return the flux of a field along the normal, of its second derivatives' coefficients.

    Parameters
    ----------
    problem, region
        The region, and all of it.
    field
        Which field.
    shift
        Added to the numbers of fields.
    """
    equation = region.problem.equations[field]
    space, names = equation.symbols.space, equation.symbols.coordinates
    total: Expr = 0
    # on an axis the limits of first derivatives over r are second ones, of which no flux is
    e = calculus.substitute(equation.expression, {axisymmetry.ON: exact(0)})
    found = variables.occurring(Derivative, e)
    for symbol, own in found.items():
        order = sum(own.alpha[i] for i in space)
        if order > 2 or (order == 2 and own.field != field):
            break
        if order < 2:
            continue
        if any(own.alpha[i] for i in range(len(names)) if i not in space):
            break
        a = calculus.partial(e, symbol)
        axes = [i for i in space for _ in range(own.alpha[i])]
        for i, j in (axes, axes[::-1]):
            step = tuple(int(k == j) for k in range(len(names)))
            total += a * variables.Symbol(Normal(i)) * variables.derivative(field, step) / 2
    else:
        if total != 0:
            known: dict[variables.Symbol, Expr] = {
                symbol: variables.derivative(own.field + shift, own.alpha)
                for symbol, own in variables.occurring(Derivative, total).items()
            }
            return in_region(calculus.substitute(total, known), region)
    name = problem.fields[field]
    message = f'the flux of {name} in the region "{region.name}" is not known, for its equation '
    message += f"holds no second derivatives of {name}, or others, too."
    raise problem.source.error(Fault(region.key, message, EXPLICIT))


def rest(problem: Problem, region: Region, field: int) -> Expr:
    """Return the part of an equation beside the divergence of the flux of its field.

    Of coefficients that are known by their values alone, which nobody can differentiate, the
    derivatives are left out.

    Parameters
    ----------
    problem, region, field
        As of `flux`.
    """
    equation = region.problem.equations[field]
    symbols, along = equation.symbols, flux(problem, region, field, 0)
    e: Expr = in_region(equation.expression, region)
    for i in symbols.space:
        unit = {variables.Symbol(Normal(k)): exact(int(k == i)) for k in symbols.space}
        component = calculus.substitute(along, unit)
        try:
            part = calculus.differentiate(component, i, symbols.coordinates, along_normal=False)
        except ExpressionError:
            continue
        e = e - part
    second = [
        symbol
        for symbol, own in variables.occurring(Derivative, e).items()
        if sum(own.alpha[i] for i in symbols.space) > 1
    ]
    return calculus.substitute(e, dict.fromkeys(second, exact(0)))  # which cancel


def holds_value(equation: Equation) -> bool:
    """Tell whether a field itself is in an equation, beside derivatives."""
    return any(term.op.order == 0 for term in equation.terms)


def in_region(e: Expr, region: Region) -> Expr:
    """Return an expression with the region's name behind what is known by its values."""
    known: dict[variables.Symbol, Expr] = {
        symbol: variables.Symbol(Data(f"{data.name}.{region.name}"))
        for symbol, data in variables.occurring(Data, e).items()
        if symbol not in (axisymmetry.ON, axisymmetry.OVER)
    }
    return calculus.substitute(e, known)
