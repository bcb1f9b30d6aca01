"""Formulas that jump across surfaces, read on each side: regions that nobody had to write.

A coefficient ``heaviside(g)`` under a derivative means two materials, one where ``g < 0`` and one
where ``g > 0``. On either side it is a constant, as are ``sign(g)`` and the branches of ``abs``,
``min`` and ``max``; read so, nothing jumps, and what holds between the sides is what holds between
regions. Several surfaces divide space into cells, each a region; one that differs from all around
it is an inclusion, and the others are its surroundings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import sympy
from sympy import Expr
from sympy.printing.str import StrPrinter

from pinnsolve.equations import variables
from pinnsolve.equations.expression import Predicate
from pinnsolve.equations.jumps import HERE, beside, oriented
from pinnsolve.equations.symbols import Symbols
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.abilities import ABILITIES, methods_that_take
from pinnsolve.problem.binding import Statements, bind
from pinnsolve.problem.formula_faults import JumpFault
from pinnsolve.problem.names import WORD, coordinates
from pinnsolve.problem.reading import MANUFACTURED
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.schema.shapes import PointSet

MAX_SURFACES = 4
MAX_NAME = 40  # characters of a formula in it
REST = "elsewhere"
SPELT = {
    "Absolute": "abs",
    "Atan2": "atan2",
    "Gauss": "gauss",
    "Maximum": "max",
    "Minimum": "min",
    "Sech": "sech",
    "Sign": "sign",
    "Step": "heaviside",
}
Signs: TypeAlias = Mapping[Expr, int]
Cell: TypeAlias = tuple[int, ...]  # the side of each surface
Box: TypeAlias = Mapping[Expr, tuple[float, float]]
Said: TypeAlias = tuple[Statements | None, list[Fault]]


@dataclass(frozen=True)
class Side:
    """What a file says on one side of each surface.

    Attributes
    ----------
    name
        The side in words, as ``x < 0.5``.
    where
        The same as a condition on position; None for the rest of the domain.
    statements
        What is said.
    """

    name: str
    where: Predicate | None
    statements: Statements


@dataclass(frozen=True)
class Sides:
    """A file read on all sides of the surfaces on which its formulas jump.

    Attributes
    ----------
    key
        Of the formula that jumps first.
    sides
        What it says on each; some may have no part in the domain.
    told
        What users are told.
    fits_exact
        Whether sources are made of the exact solution, and so what jumps between the sides.
    """

    key: KeyPath
    sides: tuple[Side, ...]
    told: str
    fits_exact: bool


def read(
    document: Mapping[str, Any],
    valid: Mapping[KeyPath, Any],
    constants: Mapping[str, float],
    faults: Sequence[Fault],
) -> tuple[Sides | None, list[Fault]]:
    """Read a file, at fault because formulas jump, on each side of where they do.

    Parameters
    ----------
    document, valid, constants
        As `bind` takes them.
    faults
        All that is wrong if it is read as a whole.

    Returns
    -------
    tuple
        The sides, None if that is not all that is wrong; and all faults.
    """
    jumps = [fault for fault in faults if isinstance(fault, JumpFault)]
    others = [fault for fault in faults if not isinstance(fault, JumpFault)]
    solver = valid.get(("solver",))
    if not jumps or solver is None or "regions" not in ABILITIES[solver.method].takes:
        return None, [*others, *map(_advised, jumps)]
    if others:
        return None, others
    try:
        box = _box(document, valid["domain",])
        cells = _cells(lambda signs: bind(document, valid, constants, (), signs), jumps[0], box)
    except _Refused as refusal:
        return None, list(refusal.args)
    sides = _joined(cells)
    words = {word for text in valid["pde",].equations for word in WORD.findall(text)}
    is_made = any(f == MANUFACTURED and name in words for name, f in valid["functions",].items())
    *names, last = (f'"{side.name}"' for side in sides)
    between = "jump as those of [exact]" if is_made else "are continuous"
    told = f"{_clause(jumps[0], document)}: it is solved as regions {', '.join(names)} and {last}, "
    told += f"between which fields and fluxes {between}."
    return Sides(jumps[0].key, sides, told, is_made), []


def _clause(fault: JumpFault, document: Mapping[str, Any]) -> str:
    """Return the words for what jumps where."""
    message = fault.message.partition(", and the derivative")[0]
    text: Any = document
    for part in fault.key:
        text = text if isinstance(text, str) else text[part]
    return message.replace(HERE, f'what is differentiated in "{text}"')


def _advised(fault: JumpFault) -> Fault:
    """Return a fault with what else can be done about it."""
    able = " or ".join(f'method = "{name}"' for name in methods_that_take("regions"))
    remedy = f"{fault.remedy} Or set {able} in [solver], by which each side is a region of its own."
    return Fault(fault.key, fault.message, remedy, fault.span)


class _Refused(Exception):
    """Something is wrong but jumps; the arguments are faults."""


def _box(document: Mapping[str, Any], domain: Shape) -> Box:
    """Return the numbers between which the coordinates of a domain lie, as far as known."""
    if isinstance(domain, PointSet):
        return {}
    axes = map(variables.coordinate, coordinates(domain, document))
    return dict(zip(axes, zip(*domain.box, strict=True), strict=True))


def _cells(say: Callable[[Signs], Said], jump: JumpFault, box: Box) -> dict[Cell, Side]:
    """Return all that is said, on the sides of all surfaces, of which more may come to light.

    Parameters
    ----------
    say
        Returns statements on sides, None if there are faults; and faults.
    jump
        The first that was met.
    box
        Beyond which there is nothing.

    Raises
    ------
    _Refused
        If something else is wrong.
    """
    surfaces: list[Expr] = []
    while True:
        surfaces.append(jump.surface)
        if len(surfaces) > MAX_SURFACES:
            message = f"formulas jump across more than {MAX_SURFACES} surfaces."
            remedy = "State the materials as [[region]], or smooth the jumps."
            raise _Refused(Fault(jump.key, message, remedy, jump.span))
        found: dict[Cell, Side] = {}
        for cell in product((-1, 1), repeat=len(surfaces)):
            signs = _signs(surfaces, cell)
            name = _named(signs, box)
            if name is None:
                continue
            statements, faults = say(signs)
            if statements is not None:
                where = Predicate(name, _tree(signs), Symbols(statements.coordinates))
                found[cell] = Side(name, where, statements)
                continue
            jumps = [fault for fault in faults if isinstance(fault, JumpFault)]
            if len(jumps) < len(faults):
                others = (fault for fault in faults if not isinstance(fault, JumpFault))
                raise _Refused(*(_there(fault, name) for fault in others))
            jump = jumps[0]
            break
        else:
            return found


def _there(fault: Fault, name: str) -> Fault:
    """Return a fault that is one on some sides."""
    return Fault(fault.key, f"where {name}: {fault.message}", fault.remedy, fault.span)


def _joined(cells: Mapping[Cell, Side]) -> tuple[Side, ...]:
    """Return the regions that cells are: themselves, or one cell and the rest.

    The rest is what hangs together around an inclusion, which surfaces divide that end there.
    """
    groups: list[dict[Cell, Side]] = []
    for cell, side in cells.items():
        near = [g for g in groups if any(_is_beside(cell, o) and _is_same(side, g[o]) for o in g)]
        groups = [g for g in groups if g not in near]
        groups.append({cell: side, **{c: s for g in near for c, s in g.items()}})
    small, large = min(groups, key=len), max(groups, key=len)
    if len(groups) != 2 or len(small) > 1 or len(large) == 1:
        return tuple(cells.values())
    (inclusion,), first = small.values(), next(iter(large.values()))
    return inclusion, Side(REST, None, first.statements)


def _is_beside(one: Cell, other: Cell) -> bool:
    """Return whether two cells are on the two sides of one surface."""
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _is_same(one: Side, other: Side) -> bool:
    """Return whether the same is said on two sides."""
    return _said(one.statements) == _said(other.statements)


def _said(statements: Statements) -> list[Expr]:
    """Return all formulas of statements that may differ between sides."""
    equations = [*statements.equations, *(e for stated in statements.conditions for e in stated)]
    equations += [stated.equation for stated, _ in statements.constraints]
    values = [*(statements.exact or ()), *(v for own in statements.initial for v in own)]
    return [e.expression for e in equations] + [value.expression for value in values]


def _signs(surfaces: Sequence[Expr], cell: Cell) -> dict[Expr, int]:
    """Return the sides of surfaces, each in terms of which others may be simpler as well."""
    found = dict(zip(surfaces, cell, strict=True))
    for _ in surfaces:
        for g, side in tuple(found.items()):
            others = {other: own for other, own in found.items() if other != g}
            simpler, sign = oriented(beside(g, others))
            if simpler.free_symbols:
                found.setdefault(simpler, sign * side)
    return found


def _simplest(signs: Signs) -> Signs:
    """Return sides without those that others say in simpler terms."""
    return {g: side for g, side in signs.items() if beside(g, signs) == g}


def _tree(signs: Signs) -> tuple[Any, ...]:
    """Return sides as a condition."""
    return (
        "and",
        *(("<" if side < 0 else ">", g, sympy.S.Zero) for g, side in _simplest(signs).items()),
    )


def _named(signs: Signs, box: Box) -> str | None:
    """Return sides in words, as ``0.2 < x < 0.5, y > 1``; None if no point is on all of them.

    Others may have no part in the domain either, which is seen from its shape.
    """
    bounds: dict[Expr, list[Expr]] = {}
    for g, side in _simplest(signs).items():
        level, rest = g.as_coeff_Add()
        factor, rest = rest.as_content_primitive()
        low, high = bounds.setdefault(rest, [-sympy.oo, sympy.oo])
        at = -level / factor
        bounds[rest] = [max(low, at), high] if side > 0 else [low, min(high, at)]
    words = []
    for rest, (low, high) in bounds.items():
        least, most = box.get(rest, (-sympy.oo, sympy.oo))
        if max(low, least) >= min(high, most):
            return None
        text = _Printer().doprint(rest).replace("**", "^")
        text = text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"
        if high == sympy.oo:
            words.append(f"{text} > {float(low):.4g}")
        else:
            least = "" if low == -sympy.oo else f"{float(low):.4g} < "
            words.append(f"{least}{text} < {float(high):.4g}")
    return ", ".join(words)


class _Printer(StrPrinter):  # type: ignore[misc]  # sympy has no types
    """Formulas as in problem files."""

    def _print_Rational(self, e: Any) -> str:  # noqa: N802  # names that sympy looks for
        return f"{float(e):.6g}"

    def _print_Function(self, e: Any) -> str:  # noqa: N802
        name = type(e).__name__
        return f"{SPELT.get(name, name)}({', '.join(map(self._print, e.args))})"
