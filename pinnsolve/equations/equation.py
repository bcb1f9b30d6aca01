"""Equations: what they ask of the fields, and how they are bound to points.

An equation is an expression ``R(x, u, u_x, …) = 0`` in jet space (`calculus`); which derivatives
it needs, and whether it is affine in them, is found in `form`. Bound to points, everything that
does not depend on the fields has become a number or an array (`residual`).
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.diffop import Term
from pinnsolve.equations import axisymmetry, calculus, kirchhoff, variables
from pinnsolve.equations.algebra import exact as exactly
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.form import Form, gather, hoist
from pinnsolve.equations.jumps import HERE, Jump
from pinnsolve.equations.program import program
from pinnsolve.equations.residual import Residual
from pinnsolve.equations.symbols import Symbols, Value
from pinnsolve.equations.syntax import ExpressionError, read
from pinnsolve.equations.translate import refuse_twice, translate
from pinnsolve.equations.typeset import typeset
from pinnsolve.equations.variables import (
    Constant,
    Data,
    Derivative,
    Input,
    Normal,
    Source,
    Symbol,
)
from pinnsolve.errors import Fault, ProblemError

REMEDY = 'Write it as "u = expression", or leave out hard.'


@dataclass(frozen=True, eq=False)
class Equation:
    """An equation ``lhs - rhs = 0`` for the fields.

    Attributes
    ----------
    text
        What the user wrote.
    latex
        The same, typeset.
    expression
        ``lhs - rhs`` in coordinates, fields and their derivatives.
    symbols
        The names it may use.
    is_mixed
        Whether derivatives of different orders, also in time, may form one term.
    """

    text: str
    latex: str
    expression: Expr
    symbols: Symbols
    is_mixed: bool = False

    @property
    def terms(self) -> tuple[Term, ...]:
        """What it needs of the fields."""
        return self._form.terms

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of the unknown constants in it."""
        return self._form.constants

    @property
    def is_linear(self) -> bool:
        """Whether it is affine in the fields and their derivatives."""
        return self._form.is_linear

    @property
    def order(self) -> int:
        """Highest order of a derivative."""
        return max(term.op.order for term in self.terms)

    @property
    def is_algebraic(self) -> bool:
        """Whether it holds no derivative, as a Dirichlet condition."""
        return self.order == 0

    @property
    def is_regular(self) -> bool:
        """Whether it is free of divisions by zero and of complex numbers."""
        irregular = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I)
        return not any(e.has(*irregular) for e in (self._form.value, *self._form.slopes))

    @property
    def manufactured(self) -> tuple[str, ...]:
        """Names of the functions in it that are still to be derived from the exact solution."""
        used = self.expression.free_symbols
        names = self.symbols.manufactured
        return tuple(name for name in names if Symbol(Source(name)) in used)

    def with_sources(self, sources: Mapping[str, Expr]) -> "Equation":
        """Return the equation with manufactured functions replaced by expressions."""
        known = {Symbol(Source(name)): e for name, e in sources.items()}
        e = calculus.substitute(self.expression, known)
        return replace(self, expression=kirchhoff.solved(e) if self.symbols.inverses else e)

    def residual_of(self, exact: Sequence[Expr]) -> Expr:
        """Return ``lhs - rhs`` with the fields replaced by expressions in the coordinates.

        Unknown constants take their true values.

        Raises
        ------
        ExpressionError
            If an expression is known by its values only, or a constant's true value is not.
        Jump
            If an expression or a derivative of it jumps where it is differentiated.
        """
        names = self.symbols.coordinates
        values: dict[Symbol, Expr] = {}
        for symbol, constant in variables.occurring(Constant, self.expression).items():
            name = constant.name
            value = self.symbols.parameters[name]
            if value is None:
                message = f'the true value of the parameter "{name}" is not known.'
                raise ExpressionError(message, f"Give it in [unknowns.parameters] {name}: true = …")
            values[symbol] = exactly(value)
        for symbol, own in variables.occurring(Derivative, self.expression).items():
            try:
                values[symbol] = calculus.derivative(exact[own.field], own.alpha, names)
            except Jump as error:
                message = error.message.replace(HERE, "the exact solution or a derivative of it")
                remedy = "Give a solution that is smooth there, or leave out [exact]."
                whole = (0, len(self.text))
                raise Jump(message, remedy, whole, error.surface, error.where) from None
        return calculus.substitute(self.expression, values)

    def defect(
        self,
        exact: Sequence[Expr],
        x: Float[ndarray, "N d"],
        normals: Float[ndarray, "N s"] | None = None,
    ) -> Float[ndarray, " N"]:
        """Return ``lhs - rhs`` of an exact solution, with exact derivatives; zero if it is one."""
        (values,) = evaluate([self.residual_of(exact)], self.symbols, x, normals)
        return values

    def bind(
        self, x: Float[ndarray, "N d"], normals: Float[ndarray, "N s"] | None = None
    ) -> Residual:
        """Evaluate what does not depend on the fields.

        Parameters
        ----------
        x
            Points where the equation holds.
        normals
            Unit outward normals there, if the equation needs them.

        Raises
        ------
        ProblemError
            If a coefficient or a source is infinite or undefined at a point.
        """
        if self.manufactured:
            message = f'"{self.manufactured[0]}" in "{self.text}" is not determined.'
            raise ProblemError(Fault((), message, "Give the exact solution, or a formula."))
        form = self._form
        known: dict[Expr, sympy.Symbol] = {}
        inputs = variables.occurring(Input, self.expression)
        free = frozenset((*form.symbols, *inputs))
        value = hoist(form.value, free, known)
        slopes = [hoist(slope, free, known) for slope in form.slopes]
        known |= {symbol: symbol for symbol in inputs}
        data = evaluate(list(known), self.symbols, x, normals)
        for values in data:
            self._check_finite(values, x)
        names = tuple(known.values())
        return Residual(
            form.terms,
            form.constants,
            form.is_linear,
            tuple(data),
            np.ones(len(x)),
            program([value], [*names, *form.symbols]),
            program(slopes, names if form.is_linear else [*names, *form.symbols]),
            tuple(inputs.values()),
            tuple(k for k, e in enumerate(known) if axisymmetry.of_axis(e)),
        )

    @cached_property
    def _form(self) -> Form:
        return gather(self.expression, self.symbols.time, self.is_mixed)

    def _check_finite(self, values: Float[ndarray, " N"], x: Float[ndarray, "N d"]) -> None:
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            pairs = zip(self.symbols.coordinates, x[bad[0]], strict=True)
            place = ", ".join(f"{name} = {value:.6g}" for name, value in pairs)
            message = f'a coefficient or source of "{self.text}" is not finite at {place}.'
            raise ProblemError(Fault((), message, "Rewrite it, or keep nodes away from there."))


def equations(text: str, symbols: Symbols) -> tuple[Equation, ...]:
    """Read ``"lhs = rhs"``, or ``"expression"`` meaning that it is zero.

    Returns
    -------
    tuple
        One equation; for an equation of vectors one for each component.

    Raises
    ------
    ExpressionError
        If the text is not an equation for the fields.
    """
    if "==" in text:
        first = text.index("==")
        raise ExpressionError("an equation is written with a single =.", "", (first, first + 2))
    signs = [match.start() for match in re.finditer(r"(?<![<>=!])=(?!=)", text)]
    if len(signs) > 1:
        at = (signs[1], signs[1] + 1)
        raise ExpressionError("an equation has one = only.", "Write each on its own.", at)
    stop = signs[0] if signs else len(text)
    is_sided = bool(symbols.sides)
    left = read(text, 0, stop, sided=is_sided)
    lhs = translate(left, symbols)
    latex, rhs = typeset(left, symbols), _zero_like(lhs)
    if signs:
        right = read(text, stop + 1, sided=is_sided)
        rhs = translate(right, symbols)
        latex += f" = {typeset(right, symbols)}"
        if rhs == 0:
            rhs = _zero_like(lhs)
    else:
        latex += " = 0"
    refuse_twice([left, right] if signs else [left], symbols)
    differences = (_settled(e, symbols) for e in _difference(lhs, rhs, text))
    components = tuple(Equation(text, latex, e, symbols) for e in differences)
    for component in components:
        if not component.terms:
            message = "no unknown field is left in this equation."
            remedy = f"Unknown fields: {', '.join(symbols.fields)}."
            raise ExpressionError(message, remedy, (0, len(text)))
        if not component.is_regular:
            message = "this equation or its derivative by a field is not a finite real number."
            raise ExpressionError(message, "", (0, len(text)))
    return components


def _settled(e: Expr, symbols: Symbols) -> Expr:
    """Return an expression that vanishes as one in terms of the fields that are solved for.

    Derivatives along coordinates that a field is constant in are left out.
    """
    vanishing = {
        symbol: sympy.S.Zero
        for symbol, own in variables.occurring(Derivative, e).items()
        if any(n and axis in symbols.idle.get(own.field, ()) for axis, n in enumerate(own.alpha))
    }
    e = calculus.substitute(e, vanishing) if vanishing else e
    e = kirchhoff.solved(e) if symbols.inverses else e
    return e if symbols.revolved is None else axisymmetry.regular(e, symbols.coordinates)


def equation(text: str, symbols: Symbols) -> Equation:
    """Read one equation between scalars.

    Raises
    ------
    ExpressionError
        If the text is not an equation for the fields, or one between vectors.
    """
    first, *others = equations(text, symbols)
    if others:
        message = "an equation between vectors is not expected here."
        raise ExpressionError(message, "Write its components.", (0, len(text)))
    return first


def periodic(field: int, sides: Sequence[str], symbols: Symbols) -> Equation:
    """Return the statement that a field goes on from one side of the domain into another.

    Its expression is what agrees there, as all derivatives do: the field.
    """
    name = symbols.fields[field]
    known = typeset(ast.Name(name), symbols)  # which may be no name, as is told elsewhere
    latex = " = ".join(rf"{known}|_{{\mathrm{{{side}}}}}" for side in sides)
    expression = variables.derivative(field, (0,) * len(symbols.coordinates))
    return Equation(f"{name} is periodic", latex, expression, symbols)


def manufactured(name: str, equation: Equation, exact: Sequence[Expr]) -> Expr:
    """Return the function that makes an equation hold for the exact solution.

    Parameters
    ----------
    name
        Of the function, in the equation.
    equation
        Where it stands as a source, alone or times something known.
    exact
        The exact fields, in order.

    Returns
    -------
    Expr
        In the coordinates and, for boundary conditions, the components of the normal.

    Raises
    ------
    ExpressionError
        If the equation cannot be solved for the function.
    """
    whole = (0, len(equation.text))
    others = [other for other in equation.manufactured if other != name]
    if others:
        message = f'"{name}" and "{others[0]}" are both manufactured and in one equation.'
        raise ExpressionError(message, "One equation determines one function.", whole)
    symbol = Symbol(Source(name))
    residual = equation.residual_of(exact)
    factor = calculus.partial(residual, symbol)
    if factor == 0:
        raise ExpressionError(f'"{name}" does not appear in this equation.', "", whole)
    if symbol in factor.free_symbols:
        message = f'"{name}" is manufactured but does not appear linearly.'
        raise ExpressionError(message, "Let it stand alone on one side.", whole)
    return -calculus.substitute(residual, {symbol: sympy.S.Zero}) / factor


def _difference(lhs: Value, rhs: Value, text: str) -> tuple[Expr, ...]:
    """Return ``lhs - rhs`` as a tuple of components."""
    a, b = (v if isinstance(v, tuple) else (v,) for v in (lhs, rhs))
    if isinstance(lhs, tuple) != isinstance(rhs, tuple) or len(a) != len(b):
        sides = [
            f"a vector of {len(v)}" if isinstance(v, tuple) else "a scalar" for v in (lhs, rhs)
        ]
        message = f"the left side is {sides[0]}, the right side {sides[1]}."
        raise ExpressionError(message, "Both sides must be alike.", (0, len(text)))
    return tuple(p - q for p, q in zip(a, b, strict=True))


def _zero_like(value: Value) -> Value:
    return (sympy.S.Zero,) * len(value) if isinstance(value, tuple) else sympy.S.Zero


def prescribed_value(equation: Equation) -> tuple[int, Expr]:
    """Return the field that a condition gives a value to, and the value.

    Raises
    ------
    ExpressionError
        If the condition does not read ``field = expression of the coordinates``.
    """
    e, whole = equation.expression, (0, len(equation.text))
    derivatives = list(variables.occurring(Derivative, e).items())
    symbol, own = derivatives[0]
    slope = calculus.partial(e, symbol)
    is_value = len(derivatives) == 1 and not any(own.alpha) and not equation.constants
    if not is_value or slope.free_symbols:
        message = "a hard condition must give one field a value, and this one does not."
        raise ExpressionError(message, REMEDY, whole)
    value = -calculus.substitute(e, {symbol: sympy.S.Zero}) / slope
    for known in sorted(value.free_symbols, key=str):
        match known.meaning:
            case Normal():
                message = "the value of a hard condition is needed inside, where there is no normal"
                raise ExpressionError(f"{message}.", REMEDY, whole)
            case Data(name):
                message = f'the value of a hard condition is differentiated, but "{name}" is known '
                message += "by its values only."
                raise ExpressionError(message, "Give it as a formula, or leave out hard.", whole)
            case Input(name):
                message = f'the value of a hard condition is one, but "{name}" varies.'
                raise ExpressionError(message, "Leave out hard.", whole)
    return own.field, value
