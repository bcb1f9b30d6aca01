r"""Formulas as LaTeX, typeset as the user wrote them: ``\Delta u`` and not its expansion.

Only commands that matplotlib knows as well are used, so that figures can show the formulas.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from pinnsolve.equations.symbols import Symbols

GREEK = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
        *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"),
    )
)
SPELT = {"lam": r"\lambda", "eps": r"\varepsilon"}
FUNCTIONS = {
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "atan2": r"\mathrm{atan2}",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "sech": r"\mathrm{sech}",
    "exp": r"\exp",
    "log": r"\log",
    "min": r"\min",
    "max": r"\max",
    "sign": r"\mathrm{sgn}",
    "heaviside": r"\mathrm{H}",
    "delta": r"\delta",
    "erf": r"\mathrm{erf}",
    "prod": r"\mathrm{prod}",
    "sum": r"\mathrm{sum}",
}
BRACKETS = {"sqrt": (r"\sqrt{", "}"), "abs": (r"\left|", r"\right|"), "norm": (r"\|", r"\|")}
PREFIXES = {
    "laplace": r"\Delta ",
    "biharmonic": r"\Delta^{2} ",
    "grad": r"\nabla ",
    "div": r"\nabla\cdot ",
    "dn": r"\partial_{n} ",
}


class Binding(IntEnum):
    """How strongly a piece of a formula holds together; brackets go around what is weaker."""

    SUM = 1
    PREFIX = 2  # \Delta u: may end a product, not stand inside of it
    PRODUCT = 3
    POWER = 4
    ATOM = 5


Piece = tuple[str, Binding]


def typeset(tree: ast.expr, symbols: Symbols) -> str:
    r"""Return the LaTeX of a checked tree, as ``\Delta u + u^{2}``."""
    return _Typesetter(symbols).visit(tree)[0]


@dataclass(frozen=True)
class _Typesetter:
    symbols: Symbols

    def visit(self, node: ast.expr) -> Piece:
        """Return a node's LaTeX and how strongly it binds."""
        negated, node = _without_sign(node)
        if negated:
            return "-" + self._at_least(node, Binding.PREFIX), Binding.SUM
        match node:
            case ast.Constant(value=int() | float() as value):
                return _number(value)
            case ast.Name(id=name):
                return self._name(name), Binding.ATOM
            case ast.Attribute(value=ast.Name(id=name), attr=side):
                region = side.replace("_", r"\_")
                return rf"{self._name(name)}|_{{\mathrm{{{region}}}}}", Binding.ATOM
            case ast.UnaryOp(operand=operand):
                return self.visit(operand)
            case ast.BinOp():
                return self._operation(node)
            case ast.List(elts=components):
                return self._arguments(components), Binding.ATOM
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise TypeError(f"{type(node).__name__} is not part of a checked tree")

    def _at_least(self, node: ast.expr, binding: Binding) -> str:
        """Return a node's LaTeX, in brackets if it binds more weakly."""
        text, own = self.visit(node)
        return text if own >= binding else _bracketed(text)

    def _operation(self, node: ast.BinOp) -> Piece:
        match node.op:
            case ast.Add() | ast.Sub():
                return self._sum(node), Binding.SUM
            case ast.Mult():
                return self._product(node)
            case ast.Div():
                above, below = self.visit(node.left)[0], self.visit(node.right)[0]
                return rf"\frac{{{above}}}{{{below}}}", Binding.PRODUCT
        return self._power(node.left, self.visit(node.right)[0])

    def _sum(self, node: ast.BinOp) -> str:
        left, right = self.visit(node.left)[0], node.right
        subtracted = isinstance(node.op, ast.Sub)
        tight = Binding.PREFIX if subtracted or _without_sign(right)[0] else Binding.SUM
        return f"{left} {'-' if subtracted else '+'} {self._at_least(right, tight)}"

    def _product(self, node: ast.BinOp) -> Piece:
        left = self._at_least(node.left, Binding.PRODUCT)
        right, binding = self.visit(node.right)
        if binding < Binding.PREFIX:
            right, binding = _bracketed(right), Binding.ATOM
        sign = r" \cdot " if right[0].isdigit() else r" \, "
        # k \Delta u ends in an operator, which would swallow what follows
        return left + sign + right, min(binding, Binding.PRODUCT)

    def _power(self, base: ast.expr, exponent: str) -> Piece:
        match base:
            case ast.Call(func=ast.Name(id=name), args=arguments) if (
                name in FUNCTIONS and name != "exp"
            ):
                arguments_ = self._arguments(arguments)
                return f"{FUNCTIONS[name]}^{{{exponent}}}{arguments_}", Binding.POWER
        return f"{self._at_least(base, Binding.ATOM)}^{{{exponent}}}", Binding.POWER

    def _arguments(self, nodes: list[ast.expr]) -> str:
        return _bracketed(", ".join(self.visit(node)[0] for node in nodes))

    def _call(self, name: str, arguments: list[ast.expr]) -> Piece:
        first = arguments[0]
        if name in FUNCTIONS:
            inner = ", ".join(self.visit(node)[0] for node in arguments)
            if name == "exp" and r"\frac" not in inner:
                return f"e^{{{inner}}}", Binding.POWER
            return FUNCTIONS[name] + _bracketed(inner), Binding.ATOM
        if name in BRACKETS:
            opening, closing = BRACKETS[name]
            return f"{opening}{self.visit(first)[0]}{closing}", Binding.ATOM
        if name in PREFIXES:
            return self._prefixed(PREFIXES[name], first), Binding.PREFIX
        special: dict[str, Callable[[list[ast.expr]], Piece]] = {
            "d": self._partial,
            "dot": self._dot,
            "integral": lambda a: (r"\int " + _bracketed(self.visit(a[0])[0]), Binding.ATOM),
            "mean": lambda a: (r"\mathrm{mean}" + _bracketed(self.visit(a[0])[0]), Binding.ATOM),
            "gauss": lambda a: (f"e^{{-{self._power(a[0], '2')[0]}}}", Binding.POWER),
        }
        return special[name](arguments)

    def _prefixed(self, operator: str, node: ast.expr) -> str:
        text, binding = self.visit(node)
        # \nabla\cdot\nabla u needs no brackets, but \nabla\cdot (k \nabla u) does
        is_operator = isinstance(node, ast.Call) and binding is Binding.PREFIX
        plain = is_operator or binding is Binding.ATOM
        return operator + (text if plain else _bracketed(text))

    def _partial(self, arguments: list[ast.expr]) -> Piece:
        operator = ""
        for argument in arguments[1:]:
            match argument:
                case ast.Name(id=name):
                    operator += rf"\partial_{{{_symbol(name)}}}"
                case ast.Constant(value=int() as order) if order != 1:
                    operator += f"^{{{order}}}"
        return self._prefixed(f"{operator} ", arguments[0]), Binding.PREFIX

    def _dot(self, arguments: list[ast.expr]) -> Piece:
        a, b = arguments
        left = self._at_least(a, Binding.POWER)
        right, binding = self.visit(b)
        if binding not in (Binding.PREFIX, Binding.POWER, Binding.ATOM):
            right, binding = _bracketed(right), Binding.ATOM
        return rf"{left} \cdot {right}", min(binding, Binding.PRODUCT)

    def _name(self, name: str) -> str:
        known = (*self.symbols.coordinates, *self.symbols.fields, *self.symbols.constants)
        if name in ("X", "n") and name not in known:
            return rf"\mathbf{{{name.lower()}}}"
        split = self.symbols.suffix(name)
        if split is None or name in self.symbols.names:
            return _symbol(name)
        stem, alpha = split
        axes = zip(self.symbols.coordinates, alpha, strict=True)
        index = "".join(_symbol(axis) * count for axis, count in axes)
        return f"{_symbol(stem)}_{{{index}}}" if "_" not in stem else _symbol(name)


def _without_sign(node: ast.expr) -> tuple[bool, ast.expr]:
    """Take the sign off the first factor of a product: ``-k*u`` is read as ``(-k)*u``."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return True, operand
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            negated, first = _without_sign(left)
            return negated, ast.BinOp(first, op, right)
    return False, node


def _symbol(name: str) -> str:
    r"""Return the LaTeX of a name, as ``\lambda_{1}`` of ``lambda1``."""
    stem, _, index = name.partition("_")
    letters = stem.rstrip("0123456789")
    digits = stem[len(letters) :]
    indices = ", ".join(part for part in (digits, *index.split("_")) if part)
    if letters in GREEK:
        base = rf"\{letters}"
    elif letters in SPELT:
        base = SPELT[letters]
    else:
        base = letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    return f"{base}_{{{indices}}}" if indices else base


def _number(value: float) -> Piece:
    text = repr(value)
    if text.endswith(".0"):
        text = text[:-2]
    digits, _, exponent = text.partition("e")
    if not exponent:
        return text, Binding.ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power if digits == "1" else rf"{digits} \cdot {power}"), Binding.PRODUCT


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)"
