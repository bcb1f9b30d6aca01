"""The names that a problem file introduces: each must mean one thing."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pinnsolve.equations import axisymmetry
from pinnsolve.equations.expression import CALLABLE, ExpressionError, parse_number
from pinnsolve.equations.symbols import Symbols
from pinnsolve.equations.syntax import is_reserved
from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.axis import half_faults
from pinnsolve.problem.formula_faults import fault_of
from pinnsolve.problem.schema.boxes import Brick
from pinnsolve.problem.schema.domain import Difference, Intersection, Union, piece_names
from pinnsolve.problem.schema.operator import SECTION
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.schema.shapes import PointSet
from pinnsolve.problem.text.source import KEY

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WORD = re.compile(r"[A-Za-z]\w*")
RESERVED = {"pi": "the number π", "n": "the normal", "X": "the coordinate vector", "t": "time"}
# the number of dimensions, beside the derivative d(…, x), and a length, beside a source delta(…)
BESIDE_FUNCTIONS = {("constant", "d"), ("constant", "delta")}
DEFAULT_COORDINATES = ("x", "y", "z")
UNKNOWN = "unknown function"
ENDS = ("low", "high")  # of an axis, in the order of the pieces of shapes along the axes
MAX = sys.float_info.max

T = TypeVar("T")


def resolve(
    section: KeyPath,
    texts: Mapping[str, str],
    read: Callable[[str, Mapping[str, T]], T],
    broken: Container[str] = (),
) -> tuple[dict[str, T], list[Fault]]:
    """Read named expressions, each of which may use the others, in whatever order.

    Parameters
    ----------
    section
        Where they stand.
    texts
        The expressions by name.
    read
        Reads one, given the values that are known.
    broken
        Names without a meaning because of another fault; using them is none.

    Returns
    -------
    tuple
        The values by name, and the faults of those that have none.
    """
    values: dict[str, T] = {}
    errors: dict[str, ExpressionError] = {}

    def missing(name: str) -> str:
        return texts[name][slice(*errors[name].span)]

    for name in ordered(texts):
        try:
            values[name] = read(texts[name], values)
        except ExpressionError as error:
            errors[name] = error
    pending = [name for name in texts if name not in values]
    waiting = {name for name in pending if missing(name) in pending}
    faults = [
        fault_of((*section, name), errors[name])
        for name in pending
        if name not in waiting and missing(name) not in broken
    ]
    if waiting == set(pending):
        faults = [
            Fault(
                (*section, name),
                f'"{name}" needs "{missing(name)}", which needs "{name}" in turn.'
                if missing(name) != name
                else f'"{name}" is defined by itself.',
                "Definitions cannot go round in a circle.",
                errors[name].span,
            )
            for name in pending
        ]
    return values, faults


def ordered(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of expressions, those that others mention first, each once.

    So each is read once, however long the chain in which they use one another.
    """
    seen: set[str] = set()
    for first in texts:
        stack = [(first, False)]
        while stack:
            name, is_next = stack.pop()
            if is_next:
                yield name
            elif name not in seen:
                seen.add(name)
                words = WORD.findall(texts[name])
                stems = (word.rpartition("_")[0] for word in words)  # f_xx is a derivative of f
                stack.append((name, True))
                stack += [(word, False) for word in reversed([*words, *stems]) if word in texts]


def constants(table: object) -> tuple[dict[str, float], dict[str, Any], list[Fault]]:
    """Evaluate ``[constants]``, each an expression of numbers and of the others.

    Returns
    -------
    tuple
        The values by name; what is neither a number nor an expression, which is left to the
        schema to refuse; and the faults of expressions.
    """
    if not isinstance(table, Mapping):
        return {}, {}, []
    texts = {name: value for name, value in table.items() if isinstance(value, str)}
    numbers = {
        name: float(value)
        for name, value in table.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX
    }
    others = {name: value for name, value in table.items() if name not in {**texts, **numbers}}

    def read(text: str, known: Mapping[str, float]) -> float:
        return parse_number(text, {**numbers, **known})

    values, faults = resolve(("constants",), texts, read)
    return {**numbers, **values}, others, faults


def coordinates(domain: Shape | None, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the coordinates, guessed where the domain is at fault."""
    if domain is not None and domain.is_axisymmetric:
        return axisymmetry.COORDINATES[: domain.dim]
    if domain is not None and domain.coordinates is not None:
        return tuple(domain.coordinates)
    if domain is not None:
        dim = domain.dim
    else:
        raw = document.get("domain")
        shape = raw.get("shape") if isinstance(raw, Mapping) else None
        dim = {"interval": 1, "box": 3, "ball": 3}.get(str(shape), 2)
    return DEFAULT_COORDINATES[:dim] if dim <= 3 else tuple(f"x{i + 1}" for i in range(dim))


def introduced(
    coordinates: Sequence[str], valid: Mapping[KeyPath, Any]
) -> list[tuple[str, str, KeyPath]]:
    """Return kind, name and place of every name that the valid sections introduce."""
    unknowns, pde = valid.get(("unknowns",)), valid.get(("pde",))
    fields = unknowns.fields if unknowns else ()
    definitions = pde.definitions if pde else {}
    operator = valid.get((SECTION,))
    inputs = operator.input if operator else ()
    parameters = unknowns.parameters if unknowns else {}
    sought = unknowns.eigenvalue if unknowns else None
    functions = unknowns.functions if unknowns else {}
    return [
        *(("coordinate", name, ("domain", "coordinates", i)) for i, name in enumerate(coordinates)),
        *(("field", name, ("unknowns", "fields", i)) for i, name in enumerate(fields)),
        *((UNKNOWN, name, ("unknowns", "functions", name)) for name in functions),
        *(("parameter", name, ("unknowns", "parameters", name)) for name in parameters),
        *([("eigenvalue", sought.name, ("unknowns", "eigenvalue", "name"))] if sought else []),
        *(("constant", name, ("constants", name)) for name in valid.get(("constants",), {})),
        *(("function", name, ("functions", name)) for name in valid.get(("functions",), {})),
        *(("input", name, (SECTION, "input", i)) for i, name in enumerate(inputs)),
        *(("definition", name, ("pde", "definitions", name)) for name in definitions),
    ]


def name_faults(introduced: Sequence[tuple[str, str, KeyPath]]) -> list[Fault]:
    """Return the faults of names that are no names, mean something else, or stand twice.

    Parameters
    ----------
    introduced
        Kind, name and key path of each, in the order in which they count.
    """
    faults: list[Fault] = []
    owners: dict[str, str] = {}
    fields = [name for kind, name, _ in introduced if kind in ("field", UNKNOWN)]
    axes = Symbols(tuple(name for kind, name, _ in introduced if kind == "coordinate"))
    for kind, name, key in introduced:
        # the name of a key is marked at the key, that of a list entry at its value
        span = KEY if key[-1] == name else None
        problem = _misnomer(kind, name, owners, fields, axes)
        if problem:
            faults.append(Fault(key, problem, f"Choose another name for the {kind}.", span))
        owners.setdefault(name, kind)
    return faults


def _misnomer(
    kind: str, name: str, owners: Mapping[str, str], fields: Sequence[str], axes: Symbols
) -> str:
    """Return the fault of a name, or nothing."""
    if not NAME.fullmatch(name):
        return f'"{name}" is not a name: names are made of letters, digits and _.'
    if is_reserved(name):
        return f'"{name}" cannot be used as a name.'
    if name in CALLABLE and (kind, name) not in BESIDE_FUNCTIONS:
        return f'"{name}" is the name of a function of the language.'
    if name in RESERVED and not (kind == "coordinate" and name == "t"):
        return f'"{name}" means {RESERVED[name]}.'
    if name in owners:
        if owners[name] == kind:
            return f'two {kind}s have the name "{name}".'
        article = "an" if owners[name] == UNKNOWN else "a"
        return f'the {kind} "{name}" has the name of {article} {owners[name]}.'
    head, _ = axes.suffix(name) or ("", ())
    if head in (*fields, "n"):
        what = f"a derivative of {head}" if head in fields else "a component of the normal"
        return f'"{name}" means {what}.'
    return ""


def region_name_fault(name: str) -> str:
    """Return the fault of a region's name, which stands behind names in formulas, or nothing."""
    if not NAME.fullmatch(name):
        return f'"{name}" is not a name: names are made of letters, digits and _.'
    return f'"{name}" cannot be used as a name.' if is_reserved(name) else ""


def piece_faults(domain: Shape) -> list[Fault]:
    """Return the faults of names given to parts of the boundary, and of part names."""
    faults, known = [], {*piece_names(domain), *piece_aliases(domain), "all"}
    for i, piece in enumerate(domain.pieces):
        if piece.name in known:
            message = f'a piece of the boundary has the name "{piece.name}" already.'
            faults.append(Fault(("domain", "pieces", i, "name"), message, "Choose another name."))
        known.add(piece.name)
    if domain.name is not None:
        message = "only a part of a union, intersection or difference has a name."
        faults.append(Fault(("domain", "name"), message, "Remove it.", KEY))
    if domain.is_axisymmetric:
        faults += half_faults(domain)
    elif domain.coordinates is not None and len(domain.coordinates) != domain.dim:
        message = f"the domain has {domain.dim} coordinates, but {len(domain.coordinates)} names."
        faults.append(Fault(("domain", "coordinates"), message, "Give each coordinate a name."))
    return faults


def pieces_on(
    on: Sequence[str], key: KeyPath, domain: Shape, last: str = "on"
) -> tuple[tuple[str, ...], list[Fault]]:
    """Return the pieces that a section names, by their usual names, and the faults in them.

    Parameters
    ----------
    on
        Names, as given.
    key, last
        Where the section stands, and under which key in it the names do.
    domain
        Whose pieces they are.
    """
    aliases = piece_aliases(domain)
    known = [*piece_names(domain), *(piece.name for piece in domain.pieces), "all"]
    if domain.dim == 3:  # where names by side say least
        known += [name for name in aliases if name.endswith(("-low", "-high"))]
    result: list[str] = []
    faults = []
    for i, given in enumerate(on):
        here = (*key, last) if len(on) == 1 else (*key, last, i)
        name = aliases.get(given, given)
        if not isinstance(domain, PointSet) and name not in known:
            message = f'unknown piece of the boundary "{given}".'
            faults.append(Fault(here, message, suggestion(given, known)))
        elif name in result:
            faults.append(Fault(here, f'piece "{given}" is named twice.', "Name it once."))
        elif name == "all" and len(on) > 1:
            faults.append(Fault(here, '"all" is every piece already.', 'Write "all" alone.'))
        result.append(name)
    return tuple(result), faults


def piece_aliases(domain: Shape) -> dict[str, str]:
    """Return further names of pieces and their usual ones, as ``y-low`` for ``bottom``.

    By side, a shape in space has no names that all take alike: is the bottom low in y or in z? So
    the sides of every shape along the axes have names by coordinate too, and a 3-D box has those of
    boxes in any dimension, ``low-x1``.
    """
    axes = coordinates(domain, {})
    return _aliases(domain, axes) if len(axes) == domain.dim else {}


def _aliases(domain: Shape, axes: Sequence[str]) -> dict[str, str]:
    """Return further names of pieces and their usual ones, given those of the coordinates."""
    if any(domain.rotate):
        return {}
    if domain.is_box:
        usual = domain.surfaces
        found = dict(zip((f"{axis}-{end}" for axis in axes for end in ENDS), usual, strict=True))
        if isinstance(domain, Brick):
            general = (f"{end}-x{i + 1}" for i in range(domain.dim) for end in ENDS)
            found |= dict(zip(general, usual, strict=True))
        return {name: piece for name, piece in found.items() if name != piece}
    found = {}
    if isinstance(domain, Union | Intersection | Difference):
        parts = zip(domain.of, domain.renames, strict=True)
        ours = [(part, renames, _aliases(part, axes)) for part, renames in parts]
        bare = Counter(alias for part, _, names in ours if part.name is None for alias in names)
        for part, renames, names in ours:
            for alias, piece in names.items():
                if part.name is not None:
                    found[f"{part.name}.{alias}"] = renames[piece]
                elif bare[alias] == 1:
                    found[alias] = renames[piece]
    return found


def broken(
    document: Mapping[str, Any], valid: Mapping[KeyPath, Any], constants: Mapping[str, float]
) -> set[str]:
    """Return names that the file gives no meaning because of another fault."""
    found = set(_keys(document.get("constants"))) - set(constants)
    if ("domain",) not in valid:  # then the dimension is a guess
        found |= set(DEFAULT_COORDINATES)
    for section in ("functions", "pde", "unknowns"):
        if (section,) not in valid:
            table = document.get(section)
            found |= set(_keys(table))
            if isinstance(table, Mapping):
                found |= set(_keys(table.get("definitions")))
    operator = document.get(SECTION)
    if (SECTION,) not in valid and isinstance(operator, Mapping):
        named = operator.get("input")
        found |= {name for name in (named if isinstance(named, list) else [named]) if name}
        family = operator.get("family")
        found |= set(_keys(family.get("indices"))) if isinstance(family, Mapping) else set()
    return found


def _keys(table: object) -> list[str]:
    """Return the keys of what should be a table."""
    return list(table) if isinstance(table, Mapping) else []
