"""Formulas that jump across surfaces, read on each side: regions that nobody had to write.

A coefficient ``heaviside(g)`` under a derivative means two materials, one where ``g < 0`` and one
where ``g > 0``. On either side it is a constant, as are ``sign(g)`` and the branches of ``abs``,
``min`` and ``max``; read so, nothing jumps, and what holds between the sides is what holds between
regions. Where a further surface is met, a side is divided again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
from sympy import Expr
from sympy.printing.str import StrPrinter

from pinnsolve.equations.expression import Predicate
from pinnsolve.equations.jumps import HERE, beside, oriented
from pinnsolve.equations.symbols import Symbols
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem.abilities import ABILITIES, methods_that_take
from pinnsolve.problem.binding import MANUFACTURED, Statements, bind
from pinnsolve.problem.formula_faults import JumpFault
from pinnsolve.problem.names import WORD

MAX_SURFACES = 4
MAX_NAME = 40  # characters of a formula in it
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


@dataclass(frozen=True)
class Side:
    """What a file says on one side of each surface.

    Attributes
    ----------
    name
        The side in words, as ``x < 0.5``.
    where
        The same as a condition on position.
    statements
        What is said.
    """

    name: str
    where: Predicate
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
    reader = _Reader(document, valid, constants)
    reader.divide({}, jumps[0])
    if reader.faults:
        return None, reader.faults
    words = {word for text in valid["pde",].equations for word in WORD.findall(text)}
    is_made = any(f == MANUFACTURED and name in words for name, f in valid["functions",].items())
    *names, last = (f'"{side.name}"' for side in reader.sides)
    between = "jump as those of [exact]" if is_made else "are continuous"
    told = f"{_clause(jumps[0], document)}: it is solved as regions {', '.join(names)} and {last}, "
    told += f"between which fields and fluxes {between}."
    return Sides(jumps[0].key, tuple(reader.sides), told, is_made), []


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


class _Reader:
    """Reads a file on more and more sides."""

    def __init__(
        self,
        document: Mapping[str, Any],
        valid: Mapping[KeyPath, Any],
        constants: Mapping[str, float],
    ) -> None:
        self.document, self.valid, self.constants = document, valid, constants
        self.sides: list[Side] = []
        self.faults: list[Fault] = []
        self.surfaces: set[Expr] = set()

    def divide(self, signs: Signs, jump: JumpFault) -> None:
        """Read on both sides of a surface, having chosen a side of others."""
        self.surfaces.add(jump.surface)
        if len(self.surfaces) > MAX_SURFACES:
            message = f"formulas jump across more than {MAX_SURFACES} surfaces."
            remedy = "State the materials as [[region]], or smooth the jumps."
            self.faults.append(Fault(jump.key, message, remedy, jump.span))
        for side in (-1, 1):
            if not self.faults:
                self._read(_with(signs, jump.surface, side))

    def _read(self, signs: Signs) -> None:
        """Read on one side of surfaces, unless it is empty."""
        name = _named(signs)
        if name is None:
            return
        statements, faults = bind(self.document, self.valid, self.constants, (), signs)
        jumps = [fault for fault in faults if isinstance(fault, JumpFault)]
        others = [fault for fault in faults if not isinstance(fault, JumpFault)]
        if statements is not None:
            where = Predicate(name, _tree(signs), Symbols(statements.coordinates))
            self.sides.append(Side(name, where, statements))
        elif others:
            told = (f"where {name}: {fault.message}" for fault in others)
            pairs = zip(others, told, strict=True)
            self.faults += [Fault(f.key, message, f.remedy, f.span) for f, message in pairs]
        else:
            self.divide(signs, jumps[0])


def _with(signs: Signs, surface: Expr, side: int) -> dict[Expr, int]:
    """Return sides with that of a further surface, in terms of which others may be simpler."""
    chosen = {surface: side}
    found = dict(signs)
    for g, own in signs.items():
        simpler, sign = oriented(beside(g, chosen))
        if simpler != g and simpler.free_symbols:
            found[simpler] = sign * own
    return found | chosen


def _tree(signs: Signs) -> tuple[Any, ...]:
    """Return sides as a condition."""
    return ("and", *(("<" if side < 0 else ">", g, sympy.S.Zero) for g, side in signs.items()))


def _named(signs: Signs) -> str | None:
    """Return sides in words, as ``0.2 < x < 0.5, y > 1``; None if no point is on all of them."""
    bounds: dict[Expr, list[Expr]] = {}
    for g, side in signs.items():
        level, rest = g.as_coeff_Add()
        factor, rest = rest.as_content_primitive()
        low, high = bounds.setdefault(rest, [-sympy.oo, sympy.oo])
        at = -level / factor
        bounds[rest] = [max(low, at), high] if side > 0 else [low, min(high, at)]
    words = []
    for rest, (low, high) in bounds.items():
        if low >= high:
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
