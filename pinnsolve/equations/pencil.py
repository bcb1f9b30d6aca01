"""What equations must be for an eigenvalue: linear in the fields and in it, without sources.

An equation ``R(x, u, u_x, …; lambda) = 0`` is one of an eigenvalue problem if

    R = A(u) - lambda B(u)

with ``A`` and ``B`` linear: every multiple of a solution is one, and the numbers ``lambda`` for
which there is another than zero are the eigenvalues of the pencil ``A - lambda B``.
"""

import sympy

from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.form import gather, may_be_expanded
from pinnsolve.equations.variables import Constant, Derivative

AT = (sympy.S.Zero, sympy.Rational(1, 3))  # values of the eigenvalue at which linearity is tried


def pencil_fault(equation: Equation) -> tuple[str, str] | None:
    """Return the fault, and its remedy, of an equation that is none of an eigenvalue problem.

    Parameters
    ----------
    equation
        Of the fields; its only unknown constant, if it has one, is the eigenvalue.
    """
    e = equation.expression
    fields = dict.fromkeys(variables.occurring(Derivative, e), sympy.S.Zero)
    if _expanded(calculus.substitute(e, fields)) != 0:
        message = "a term without any field stands in it, but a multiple of a mode is a mode."
        return message, "Remove what is given: equations and conditions of modes are zero."
    for symbol in variables.occurring(Constant, e):
        slope = calculus.partial(e, symbol)
        if _expanded(calculus.partial(slope, symbol)) != 0:
            message = "the eigenvalue is in it in another way than times the fields."
            remedy = "For powers of it introduce fields, as v with v = lambda*u."
            return message, remedy
        parts = [calculus.substitute(e, {symbol: value}) for value in AT]
        if all(gather(part).is_linear for part in parts):
            continue
        return "it is not linear in the fields, which eigenvalue problems are.", _LINEARISE
    if not equation.constants and not equation.is_linear:
        return "it is not linear in the fields, which eigenvalue problems are.", _LINEARISE
    return None


_LINEARISE = "Write it for a small change of a state that is known, and leave out its square."


def _expanded(e: sympy.Expr) -> sympy.Expr:
    """Return an expression multiplied out, where that is little work."""
    return sympy.expand(e) if e != 0 and may_be_expanded(e) else e
