"""Checked syntax trees to sympy: what each name and each operation means.

Derivatives are carried out at once, so that the result is an expression in coordinates, fields
and their derivatives. Numbers are exact fractions of their decimal digits: coefficients that
cancel on paper cancel here.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce

import sympy
from sympy import Expr

from pinnsolve.diffop import MultiIndex
from pinnsolve.equations import calculus, functions, jumps, kirchhoff, sources, variables
from pinnsolve.equations.algebra import add, dot, each, exact, is_finite, multiply, pairs, power
from pinnsolve.equations.symbols import Symbols, Value
from pinnsolve.equations.syntax import ExpressionError, span
from pinnsolve.equations.variables import Constant, Data, Normal, Source, Symbol
from pinnsolve.errors import suggestion

OPERATORS = ("biharmonic", "d", "div", "dn", "dot", "grad", "laplace", "norm", "prod", "sum")
INTEGRALS = ("integral", "mean")  # of constraints alone
SOURCE = "delta"  # Dirac's, a point source
SYNONYMS = {  # what others call it
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "arctan2": "atan2",
    "diff": "d",
    "lap": "laplace",
    "laplacian": "laplace",
    "ln": "log",
    "nabla": "grad",
}
OF_FIELDS = (
    'Name expressions of the fields in [pde], definitions = { name = "…" }; equations and '
    "conditions may use them."
)
CALLABLE = (*functions.FUNCTIONS, *functions.FUNCTIONS_OF_TWO, *OPERATORS, *INTEGRALS, SOURCE)


def translate(tree: ast.expr, symbols: Symbols) -> Value:
    """Return the meaning of a checked tree.

    Raises
    ------
    ExpressionError
        If a name has no meaning, or an operation does not fit its operands.
    """
    try:
        value = _Translation(symbols).visit(tree)
    except RecursionError:
        raise ExpressionError("the formula is nested too deeply.", "", span(tree)) from None
    for e in value if isinstance(value, tuple) else (value,):
        if e.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            raise ExpressionError("this is not a finite number.", "", span(tree))
    return value


def refuse_twice(trees: Sequence[ast.expr], symbols: Symbols) -> None:
    """Refuse two point sources at one place, of which one was meant elsewhere, or once."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [n for n in nodes if isinstance(n, ast.Call) and getattr(n.func, "id", "") == SOURCE]
    seen = set[Value]()
    for call in calls if len(calls) > 1 else ():
        source = translate(call, symbols)
        if source in seen:
            message = "this point source stands at the place of another."
            remedy = "Write one, times the sum of their strengths."
            raise ExpressionError(message, remedy, span(call))
        seen.add(source)


@dataclass(frozen=True)
class _Translation:
    """One walk over a tree; ``visit`` returns the meaning of a node."""

    symbols: Symbols

    def visit(self, node: ast.expr) -> Value:
        try:
            value = self._meaning(node)
        except ExpressionError as error:
            if error.span == (0, 0):
                raise error.at(span(node)) from None
            raise
        if self.symbols.signs and isinstance(node, ast.Call | ast.BinOp):
            value = each(lambda e: jumps.beside(e, self.symbols.signs), value)
        if not is_finite(value):
            raise ExpressionError("this is not a finite number.", "", span(node))
        for e in value if isinstance(value, tuple) else (value,):
            if calculus.size(e) > calculus.MAX_SIZE:
                raise ExpressionError(calculus.TOO_LARGE, "", span(node))
            if calculus.bits(e) > calculus.MAX_BITS:
                raise ExpressionError("a number in this has too many digits.", "", span(node))
        return value

    def scalar(self, node: ast.expr) -> Expr:
        value = self.visit(node)
        if isinstance(value, tuple):
            raise ExpressionError("a vector is not expected here.", "", span(node))
        return value

    def vector(self, node: ast.expr) -> tuple[Expr, ...]:
        value = self.visit(node)
        if not isinstance(value, tuple):
            raise ExpressionError("a vector is expected here.", "Write [a, b].", span(node))
        return value

    def _meaning(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as constant):
                if not abs(constant) < 1e300:
                    raise ExpressionError("this number is too large.")
                return exact(constant)
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name)):
                return self._name(name, getattr(node, "attr", ""))
            case ast.UnaryOp(op=op, operand=operand):
                value = self.visit(operand)
                return value if isinstance(op, ast.UAdd) else each(lambda e: -e, value)
            case ast.BinOp():
                return self._operation(node)
            case ast.List(elts=components):
                return tuple(self.scalar(component) for component in components)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                if name in INTEGRALS:
                    message = f"{name} stands in constraints only, and not within another."
                    raise ExpressionError(message, "Write it in [[constraint]] equation.")
                if name not in CALLABLE:
                    raise self._not_callable(name, span(node.func))
                return self._call(name, arguments)
        raise ExpressionError("this has no meaning in a formula.")

    def _name(self, name: str, side: str = "") -> Value:
        behind = f".{side}" if side else ""
        if side and side not in self.symbols.sides:
            message = f'"{side}" is neither side of this interface.'
            sides = " and ".join(f'"{name}"' for name in self.symbols.sides)
            raise ExpressionError(message, f"It lies between {sides}.")
        value = self._named(name + behind)
        if value is not None:
            return value
        split = self.symbols.suffix(name)
        base = self._named(split[0] + behind) if split else None
        if split and base is not None and split[0] not in (*self.symbols.coordinates, "X", "n"):
            return each(lambda e: self._derivative(e, split[1]), base)
        raise self._unknown(name, side)

    def _named(self, name: str) -> Value | None:
        """Return the value that a name stands for by itself, None if there is none."""
        s = self.symbols
        if name in s.fields:
            unknown = variables.derivative(s.fields.index(name), (0,) * len(s.coordinates))
            return s.inverses[name](unknown) if name in s.inverses else unknown
        if name in s.coordinates:
            return variables.coordinate(name)
        if name in s.constants:
            return exact(s.constants[name])
        if name in s.parameters:
            return Symbol(Constant(list(s.parameters).index(name), name))
        if name in s.data:
            return Symbol(Data(name))
        if name in s.manufactured:
            return Symbol(Source(name))
        if name in s.inputs:
            return s.inputs[name].named(name)
        for values in (s.functions, s.definitions):
            if name in values:
                self._need_sources(values[name])
                return values[name]
        return self._built_in(name)

    def _built_in(self, name: str) -> Value | None:
        s = self.symbols
        normals = {f"n_{s.coordinates[axis]}": Symbol(Normal(axis)) for axis in s.space}
        if name == "pi":
            return sympy.pi
        if name == "X" and s.coordinates:
            return tuple(variables.coordinate(s.coordinates[axis]) for axis in s.space)
        if name == "n" or name in normals:
            self._need_normals(name)
            return tuple(normals.values()) if name == "n" else normals[name]
        return None

    def _need_normals(self, name: str) -> None:
        if not self.symbols.normals:
            message = f"{name} is the normal of the boundary and has no meaning here."
            raise ExpressionError(message, "Use it in boundary conditions.")

    def _need_sources(self, value: Value) -> None:
        """Refuse a point source where it has no meaning."""
        parts = value if isinstance(value, tuple) else (value,)
        if not self.symbols.sources and any(e.has(sources.Delta) for e in parts):
            message = "a point source stands in [pde] equations alone."
            raise ExpressionError(message, sources.SMOOTH)

    def _unknown(self, name: str, side: str) -> ExpressionError:
        known = [own for own in self.symbols.names if own != "X"]  # all coordinates together
        if side and self._named(name) is not None:
            message = f'"{name}" is the same on both sides.'
            return ExpressionError(message, f"Write {name} alone.")
        stem, _, suffix = name.rpartition("_")
        for own in (name, stem):
            written = [
                f"{name}.{region}" for region in self.symbols.sides if f"{own}.{region}" in known
            ]
            if written and not side:
                message = f'"{name}" does not say on which side of the interface.'
                return ExpressionError(message, f"Write {' or '.join(written)}.")
        if name in CALLABLE:
            return ExpressionError(f"{name} is a function.", f"Write {name}(…).")
        whole = f"{name}.{side}" if side else name
        if stem in self.symbols.fields or f"{stem}.{side}" in self.symbols.fields:
            axes = ", ".join(self.symbols.coordinates)
            remedy = f"Derivatives of {stem} are written with the coordinates: {axes}."
            if "t" in suffix and set(suffix) <= {"t", *self.symbols.coordinates}:
                remedy += " Add time = [0.0, 1.0] to [domain] if it depends on time."
            return ExpressionError(f'unknown name "{whole}": "{suffix}" is no coordinate.', remedy)
        if {name, stem} & {*self.symbols.unknowns}:
            message = f'"{name}" is unknown here, where only position, time and constants count.'
            return ExpressionError(message, OF_FIELDS)
        return ExpressionError(f'unknown name "{whole}".', suggestion(whole, known))

    def _operation(self, node: ast.BinOp) -> Value:
        a, b = self.visit(node.left), self.visit(node.right)
        match node.op:
            case ast.Add() | ast.Sub():
                sign = 1 if isinstance(node.op, ast.Add) else -1
                return pairs(lambda p, q: p + sign * q, a, b)
            case ast.Mult() if not isinstance(b, tuple):
                return each(lambda e: e * b, a)
            case ast.Mult() if not isinstance(a, tuple):
                return each(lambda e: a * e, b)
            case ast.Mult():
                raise ExpressionError("two vectors cannot be multiplied with *.", "Use dot(a, b).")
            case _ if isinstance(b, tuple):
                raise ExpressionError("a vector is not expected here.", "", span(node.right))
            case ast.Div():
                if b == 0:
                    raise ExpressionError("this divides by zero.", "", span(node.right))
                return each(lambda e: e / b, a)
        return each(lambda e: power(e, b), a)

    def _call(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        if name in OPERATORS:
            return self._operator(name, arguments)
        if name == SOURCE:
            return self._source(arguments)
        if name in functions.FUNCTIONS:
            _count(name, arguments, 1)
            return functions.FUNCTIONS[name](self.scalar(arguments[0]))
        is_extreme = name in ("min", "max")  # of vectors too, component by component
        _count(name, arguments, 2, None if is_extreme else 2)
        values = list(map(self.visit if is_extreme else self.scalar, arguments))
        return reduce(partial(pairs, functions.FUNCTIONS_OF_TWO[name]), values)

    def _source(self, arguments: Sequence[ast.expr]) -> Expr:
        """Return ``delta(x - a, y - b)``, with an argument for each coordinate of space."""
        names = [self.symbols.coordinates[axis] for axis in self.symbols.space]
        if len(arguments) != len(names) or not names:
            written = f"{SOURCE}({', '.join(f'{name} - …' for name in names)})"
            message = f"a point source has one argument for each of {', '.join(names)}: "
            raise ExpressionError(f"{message}{len(arguments)} found.", f"Write {written}.")
        offsets = []
        for argument, name in zip(arguments, names, strict=True):
            try:
                offsets.append(sources.offset(self.scalar(argument), name))
            except ExpressionError as error:
                raise error.at(span(argument)) if error.span == (0, 0) else error from None
        source = sources.point_source(offsets, names)
        self._need_sources(source)
        return source

    def _not_callable(self, name: str, place: tuple[int, int]) -> ExpressionError:
        if name in self.symbols.names or self.symbols.suffix(name):
            message, remedy = f"{name} takes no arguments.", f"Write {name} alone, or {name}*(…)."
            return ExpressionError(message, remedy, place)
        meant = SYNONYMS.get(name.lower())
        remedy = f"Write {meant}(…)." if meant else suggestion(name, CALLABLE)
        return ExpressionError(f'unknown function "{name}".', remedy, place)

    def _operator(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        if name == "d":
            return self._partial(arguments)
        _count(name, arguments, 2 if name == "dot" else 1)
        first = arguments[0]
        match name:
            case "laplace":
                return self._laplace(self.visit(first))
            case "biharmonic":
                return self._laplace(self._laplace(self.visit(first)))
            case "grad":
                return self._grad(self.scalar(first), along_normal=False)
            case "div":
                return self._div(self._spatial(first))
            case "dn":
                self._need_normals("dn")
                return each(self._dn, self.visit(first))
            case "dot":
                a, b = (self.vector(argument) for argument in arguments)
                return dot(a, b)
            case "norm":
                v = self.vector(first)
                return functions.root(dot(v, v))
            case "prod":
                return multiply(self.vector(first))
        return add(self.vector(first))

    def _slope(self, e: Expr, axis: int, *, along_normal: bool) -> Expr:
        names = self.symbols.coordinates
        if e.has(sources.Delta):
            raise ExpressionError("a point source has no derivative.", "Write a smooth function.")
        e = kirchhoff.tidied(e) if self.symbols.inverses else e
        return calculus.differentiate(e, axis, names, along_normal=along_normal)

    def _derivative(self, e: Expr, alpha: MultiIndex) -> Expr:
        for axis, count in enumerate(alpha):
            for _ in range(count):
                e = self._slope(e, axis, along_normal=False)
        return e

    def _laplace(self, value: Value) -> Value:
        of = each(lambda e: self._div(self._grad(e, along_normal=False)), value)
        if self.symbols.revolved is None or not (
            isinstance(of, tuple) and isinstance(value, tuple)
        ):
            return of
        return (of[0] - value[0] / self._radius() ** 2, *of[1:])

    def _div(self, v: Sequence[Expr]) -> Expr:
        axes = self.symbols.space
        slopes = [self._slope(e, i, along_normal=False) for e, i in zip(v, axes, strict=True)]
        return add(slopes if self.symbols.revolved is None else [*slopes, v[0] / self._radius()])

    def _radius(self) -> Expr:
        return variables.coordinate(self.symbols.coordinates[0])

    def _grad(self, e: Expr, *, along_normal: bool) -> tuple[Expr, ...]:
        axes = self.symbols.space
        return tuple(self._slope(e, axis, along_normal=along_normal) for axis in axes)

    def _dn(self, e: Expr) -> Expr:
        n = tuple(Symbol(Normal(axis)) for axis in self.symbols.space)
        return dot(n, self._grad(e, along_normal=True))

    def _spatial(self, node: ast.expr) -> tuple[Expr, ...]:
        """Return a vector with as many components as space has dimensions."""
        v, dim = self.vector(node), len(self.symbols.space)
        if len(v) != dim:
            message = f"this vector has {len(v)} components; space has {dim}."
            raise ExpressionError(message, "", span(node))
        return v

    def _partial(self, arguments: Sequence[ast.expr]) -> Value:
        """Return ``d(e, x)``, ``d(e, x, 4)`` or ``d(e, x, y)``."""
        if len(arguments) < 2:
            remedy = "Write d(e, x), or d(e, x, 2) for the second derivative."
            raise ExpressionError("d needs an expression and a coordinate.", remedy)
        alpha = [0] * len(self.symbols.coordinates)
        value, axis = self.visit(arguments[0]), None
        for argument in arguments[1:]:
            match argument:
                case ast.Name(id=name) if name in self.symbols.coordinates:
                    axis = self.symbols.coordinates.index(name)
                    alpha[axis] += 1
                case ast.Constant(value=int() as order) if axis is not None and order >= 1:
                    alpha[axis] += order - 1
                    axis = None
                case _:
                    axes = ", ".join(self.symbols.coordinates)
                    remedy = f"Write d(e, x, 2) with one of the coordinates: {axes}."
                    message = "a coordinate or the order of a derivative is expected here."
                    raise ExpressionError(message, remedy, span(argument))
        if sum(alpha) > calculus.MAX_ORDER:
            message = f"derivatives above order {calculus.MAX_ORDER} are not supported."
            raise ExpressionError(message)
        return each(lambda e: self._derivative(e, tuple(alpha)), value)


def _count(name: str, arguments: Sequence[ast.expr], least: int, most: int | None = -1) -> None:
    """Refuse a call with the wrong number of arguments."""
    most = least if most == -1 else most
    if len(arguments) < least or (most is not None and len(arguments) > most):
        wanted = f"{least}" if most == least else f"at least {least}"
        plural = "" if wanted == "1" else "s"
        message = f"{name} takes {wanted} argument{plural}, not {len(arguments)}."
        raise ExpressionError(message)
