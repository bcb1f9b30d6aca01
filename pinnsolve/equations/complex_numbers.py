"""Formulas of complex numbers as two formulas of real ones, their real and imaginary parts.

Derivatives are along real coordinates, so they are taken of both parts; products, quotients and
elementary functions follow the rules of complex numbers, ``exp(a + i b) = e^a (cos b + i sin b)``
and so on. A part that is zero is told by the absence of a formula, so that what is real stays as it
was written.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pinnsolve.equations.syntax import ExpressionError, read, span
from pinnsolve.errors import suggestion

UNIT = "i"
REAL, IMAGINARY = "_real", "_imag"  # behind the name of a complex number, those of its parts
LINEAR = ("biharmonic", "div", "dn", "grad", "laplace", "sum")
PARTS = ("abs", "conj", "imag", "real")
FUNCTIONS = ("cos", "cosh", "exp", "sin", "sinh")
LARGEST_POWER = 8


@dataclass(frozen=True)
class Parts:
    """The real and the imaginary part of a formula; an imaginary one of None is zero."""

    real: str
    imag: str | None = None


def part_names(name: str, suffix: str = "") -> tuple[str, str]:
    """Return the names of the real and the imaginary part of a complex number.

    >>> part_names("u", "_xx")
    ('u_real_xx', 'u_imag_xx')
    """
    return f"{name}{REAL}{suffix}", f"{name}{IMAGINARY}{suffix}"


def parts(text: str, names: Mapping[str, bool], start: int = 0, stop: int | None = None) -> Parts:
    """Return the two parts of a formula.

    Parameters
    ----------
    text
        What the user wrote.
    names
        The names that are complex, and whether they have an imaginary part.
    start, stop
        The characters to read.

    Raises
    ------
    ExpressionError
        If the text is no formula, or takes of complex numbers what it cannot.
    """
    tree = read(text, start, stop, sided=True)
    if not _mentions(text[start:stop], names):
        return Parts(text[start:stop].strip())
    return _Splitting(text, names).visit(tree)


def equation_parts(text: str, names: Mapping[str, bool]) -> tuple[str, ...]:
    """Return an equation as those of its real and, if it has one, its imaginary part.

    Parameters
    ----------
    text, names
        As of `parts`.

    Raises
    ------
    ExpressionError
        As of `parts`.
    """
    if not _mentions(text, names) or text.count("=") > 1:  # which is told of elsewhere
        return (text,)
    sign = text.find("=")
    if sign < 0:
        whole = parts(text, names)
        return (whole.real,) if whole.imag is None else (whole.real, whole.imag)
    left, right = parts(text, names, 0, sign), parts(text, names, sign + 1)
    real = f"{left.real} = {right.real}"
    if left.imag is None and right.imag is None:
        return (real,)
    return real, f"{left.imag or '0'} = {right.imag or '0'}"


def _mentions(text: str, names: Mapping[str, bool]) -> bool:
    """Tell whether a text holds what may be complex."""
    words = re.findall(r"[A-Za-z]\w*", text)
    known = {*names, UNIT, *PARTS}
    return any(word in known or word.rpartition("_")[0] in known for word in words)


@dataclass(frozen=True)
class _Splitting:
    """One walk over a tree; ``visit`` returns the parts of a node."""

    text: str
    names: Mapping[str, bool]

    def visit(self, node: ast.expr) -> Parts:
        match node:
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute(value=ast.Name(id=name), attr=side):
                own = self._named(name)
                imag = None if own.imag is None else f"{own.imag}.{side}"
                return Parts(f"{own.real}.{side}", imag)
            case ast.UnaryOp(op=op, operand=operand):
                of = self.visit(operand)
                return of if isinstance(op, ast.UAdd) else _negative(of)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(node, self.visit(left), op, right)
            case ast.List(elts=elements):
                every = [self.visit(element) for element in elements]
                real = f"[{', '.join(own.real for own in every)}]"
                if all(own.imag is None for own in every):
                    return Parts(real)
                return Parts(real, f"[{', '.join(own.imag or '0' for own in every)}]")
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(node, name, arguments)
        return Parts(self.text[slice(*span(node))])

    def _named(self, name: str) -> Parts:
        if name == UNIT and UNIT not in self.names:
            return Parts("0", "1")
        stem, _, suffix = name.rpartition("_")
        if name in self.names:
            real, imag = part_names(name)
            return Parts(real, imag if self.names[name] else None)
        if stem in self.names:
            real, imag = part_names(stem, f"_{suffix}")
            return Parts(real, imag if self.names[stem] else None)
        return Parts(name)

    def _operation(self, node: ast.BinOp, a: Parts, op: ast.operator, right: ast.expr) -> Parts:
        if isinstance(op, ast.Pow):
            return self._power(node, a, right)
        b = self.visit(right)
        match op:
            case ast.Add():
                return _sum(a, b)
            case ast.Sub():
                return _sum(a, _negative(b))
            case ast.Mult():
                return _product(a, b)
        if b.imag is None:
            imag = None if a.imag is None else f"{_in(a.imag)}/{_in(b.real)}"
            return Parts(f"{_in(a.real)}/{_in(b.real)}", imag)
        size = f"({_square(b)})"
        whole = _product(a, Parts(b.real, f"-{_in(b.imag)}"))
        return Parts(f"{_in(whole.real)}/{size}", f"{_in(whole.imag or '0')}/{size}")

    def _power(self, node: ast.BinOp, base: Parts, right: ast.expr) -> Parts:
        match node.left, right:
            case ast.Call(func=ast.Name(id="abs"), args=[of]), ast.Constant(value=2):
                return Parts(_square(self.visit(of)))
        exponent = self.visit(right)
        if base.imag is None and exponent.imag is None:
            return Parts(f"{_in(base.real)}^{_in(exponent.real)}")
        number = right.value if isinstance(right, ast.Constant) else None
        if not isinstance(number, int) or not 0 < number <= LARGEST_POWER:
            message = f"a power of a complex number is a whole number from 1 to {LARGEST_POWER}."
            raise ExpressionError(
                message, "Write it in real numbers, with real and imag.", span(node)
            )
        found = base
        for _ in range(number - 1):
            found = _product(found, base)
        return found

    def _call(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> Parts:
        of = [self.visit(argument) for argument in arguments]
        if name in PARTS and len(of) == 1:
            return self._part(name, of[0])
        if all(own.imag is None for own in of):
            return Parts(f"{name}({', '.join(own.real for own in of)})")
        first, *others = of
        rest = "".join(f", {own.real}" for own in others)
        if name in LINEAR or (name == "d" and all(own.imag is None for own in others)):
            imag = None if first.imag is None else f"{name}({first.imag}{rest})"
            return Parts(f"{name}({first.real}{rest})", imag)
        if name == "dot" and len(of) == 2:
            return _product(first, others[0], "dot({}, {})")
        if name == "norm":
            return Parts(f"sqrt(dot({first.real}, {first.real}) + dot({first.imag}, {first.imag}))")
        if name in FUNCTIONS and len(of) == 1:
            return _function(name, first)
        message = f"{name} takes real numbers here, and this is complex."
        known = suggestion(name, [*LINEAR, *PARTS, *FUNCTIONS, "d", "dot", "norm"])
        remedy = f"Write it with real and imag. Of complex numbers: {known.partition('Known: ')[2]}"
        raise ExpressionError(message, remedy, span(node))

    def _part(self, name: str, of: Parts) -> Parts:
        if name == "abs":
            if of.imag is None:
                return Parts(f"abs({of.real})")
            return Parts(f"sqrt({_square(of)})")
        if name == "conj":
            return Parts(of.real, None if of.imag is None else f"-{_in(of.imag)}")
        return Parts(of.real if name == "real" else of.imag or "0")


def _in(text: str) -> str:
    """Return a formula as a factor or a base, in brackets unless it is a name or a number."""
    return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def _sum(a: Parts, b: Parts) -> Parts:
    imag = [own for own in (a.imag, b.imag) if own is not None]
    return Parts(_added([a.real, b.real]), _added(imag) if imag else None)


def _square(of: Parts) -> str:
    """Return the square of the modulus of a number."""
    squares = [f"{_in(part)}^2" for part in (of.real, of.imag or "0") if part != "0"]
    return " + ".join(squares) or "0"


def _added(terms: list[str]) -> str:
    """Return a sum in words, without zeros."""
    first, *others = [term for term in terms if term != "0"] or ["0"]
    if others and first.startswith("-"):
        first = f"({first})"  # so that what begins with a sign is one factor
    return first + "".join(f" - {o[1:]}" if o.startswith("-") else f" + {o}" for o in others)


def _negative(a: Parts) -> Parts:
    real = a.real if a.real == "0" else f"-{_in(a.real)}"
    return Parts(real, None if a.imag is None else f"-{_in(a.imag)}")


def _product(a: Parts, b: Parts, form: str = "") -> Parts:
    """Return a product, or what is linear in both factors as one is."""
    real, imag = _times(a.real, b.real, form), list[str]()
    if a.imag is not None and b.imag is not None:
        crossed = _times(a.imag, b.imag, form)
        real = _added([real, crossed if crossed == "0" else f"-{_in(crossed)}"])
    for p, q in ((a.real, b.imag), (a.imag, b.real)):
        if p is not None and q is not None:
            imag.append(_times(p, q, form))
    whole = _added(imag)
    return Parts(real, None if whole == "0" else whole)


def _times(p: str, q: str, form: str) -> str:
    """Return a product in words, without factors of zero and one."""
    if form:
        return form.format(p, q)
    if "0" in (p, q):
        return "0"
    if "1" in (p, q):
        return q if p == "1" else p
    return f"{_in(p)}*{_in(q)}"


def _function(name: str, of: Parts) -> Parts:
    """Return a function of a complex number."""
    a, b = of.real, of.imag
    match name:
        case "exp":
            size = "" if a == "0" else f"exp({a})*"
            return Parts(f"{size}cos({b})", f"{size}sin({b})")
        case "sin":
            return Parts(f"sin({a})*cosh({b})", f"cos({a})*sinh({b})")
        case "cos":
            return Parts(f"cos({a})*cosh({b})", f"-sin({a})*sinh({b})")
        case "sinh":
            return Parts(f"sinh({a})*cos({b})", f"cosh({a})*sin({b})")
    return Parts(f"cosh({a})*cos({b})", f"sinh({a})*sin({b})")
