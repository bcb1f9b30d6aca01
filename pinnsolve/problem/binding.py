"""What the sections of a problem file say together: names resolved, statements parsed.

The order is that of meaning: coordinates, constants, functions, definitions, equations,
conditions, exact solution, and last the manufactured functions, each of which makes the equation
in which it stands hold for the exact solution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeVar

from sympy import Expr

from pinnsolve.equations.bounds import Bounds
from pinnsolve.equations.equation import Equation, equation, equations, periodic
from pinnsolve.equations.expression import (
    Function,
    Predicate,
    Symbols,
    function,
    parse_predicate,
)
from pinnsolve.equations.integrals import IntegralEquation, integral_equation
from pinnsolve.equations.kirchhoff import Conductivity
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.problem import (
    families,
    initial_values,
    names,
    stated_reference,
    unknown_functions,
)
from pinnsolve.problem.consistency import boundary_faults, method_faults
from pinnsolve.problem.data_files import Table
from pinnsolve.problem.densities import boundary_faults_of
from pinnsolve.problem.exact import exact_solution
from pinnsolve.problem.extents import node_faults
from pinnsolve.problem.families import FamilyOfProblems
from pinnsolve.problem.manufactured import manufacture
from pinnsolve.problem.observations import Observation, read_observations
from pinnsolve.problem.potentials import potentials
from pinnsolve.problem.reading import MANUFACTURED, Reading, entries, with_names
from pinnsolve.problem.schema.boxes import Unbounded
from pinnsolve.problem.schema.file import TabulatedFunction
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.sources import source_faults
from pinnsolve.problem.stated_reference import StatedReference
from pinnsolve.problem.suitability import suitability_faults
from pinnsolve.problem.time_dependence import at_rest, axis_faults, steady_faults

RESIDUAL = "residual"  # what the first equation leaves, in further residuals
T = TypeVar("T")


@dataclass(frozen=True)
class Statements:
    """What a problem file states, parsed.

    Attributes
    ----------
    coordinates
        Names of the space coordinates.
    equations
        One per field.
    conditions, on
        Of each ``[[boundary]]`` the equation, of a periodic one that of every field, and the
        pieces on which it holds.
    exact
        The solution, if it is known.
    pieces
        Named parts of the boundary.
    refine
        Factor on the local spacing.
    initial
        Of each field the value, and further derivatives in time, when time begins.
    extra
        Of each ``[[pde.extra]]`` the equation and where it holds; None for everywhere.
    constraints
        Of each ``[[constraint]]`` the equation, and the pieces over which its integrals extend.
    where
        Where all of this holds, if it is a region told by a condition.
    reference
        The solution that errors are measured against, if one is stated.
    data
        What has been observed.
    family
        What varies, and the exact solution then; None if nothing does.
    """

    coordinates: tuple[str, ...]
    equations: tuple[Equation, ...]
    conditions: tuple[tuple[Equation, ...], ...]
    on: tuple[tuple[str, ...], ...]
    exact: tuple[Function, ...] | None
    pieces: tuple[tuple[str, Predicate], ...]
    refine: Function | None
    initial: tuple[tuple[Function, ...], ...]
    extra: tuple[tuple[Equation, Predicate | None], ...]
    constraints: tuple[tuple[IntegralEquation, tuple[str | None, ...]], ...] = ()
    where: Predicate | None = None
    reference: StatedReference | None = None
    data: tuple[Observation, ...] = ()
    family: FamilyOfProblems | None = None


def bind(
    document: Mapping[str, Any],
    valid: Mapping[KeyPath, Any],
    constants: Mapping[str, float],
    faults: Sequence[Fault] = (),
    signs: Mapping[Expr, int] | None = None,
    conductivities: Mapping[str, Conductivity] | None = None,
) -> tuple[Statements | None, list[Fault]]:
    """Resolve the names of a problem file and parse its statements.

    Parameters
    ----------
    document
        The tables of the file.
    valid
        Sections that passed validation, by key path; for a region ``("where",)``, too.
    constants
        Values of ``[constants]``.
    faults
        What is known to be wrong already.
    signs
        On which side of surfaces the statements are read (`jumps.beside`); the boundary's pieces
        and the refinement of the nodes are those of the whole domain.
    conductivities
        Of fields in whose place their potentials are solved for: equations, conditions and initial
        values are then those of the potentials (`kirchhoff`).

    Returns
    -------
    tuple
        The statements, None if anything is wrong; and all faults.
    """
    tables = (document.get(section, {}) for section in ("constants", "functions"))
    is_partial = not all(isinstance(table, Mapping) for table in tables)
    reading = Reading(valid, list(faults), names.broken(document, valid, constants), is_partial)
    domain, unknowns = valid.get(("domain",)), valid.get(("unknowns",))
    coordinates = names.coordinates(domain, document)
    reading.faults += names.name_faults(names.introduced(coordinates, valid))
    is_evolving = domain is not None and domain.time is not None
    if is_evolving:
        reading.faults += axis_faults(coordinates)
    reading.is_partial |= any(fault.key[:2] == ("unknowns", "fields") for fault in reading.faults)
    place = (*coordinates, "t") if is_evolving else coordinates
    reading.faults += unknown_functions.stated_faults(valid, place)
    unsolved = () if unknowns is None else unknowns.names
    revolved = None if domain is None else domain.revolved
    symbols = Symbols(
        place, constants=constants, signs=signs or {}, unknowns=unsolved, revolved=revolved
    )
    symbols, family = families.read(reading, symbols, domain)
    symbols = _functions(reading, replace(symbols, sources=True))
    symbols = replace(symbols, unknowns=(), sources=False)
    known = replace(symbols, manufactured=())
    still = at_rest(known) if is_evolving else known
    pieces, refine = _parts(reading, still)
    where = None
    if ("where",) in valid:
        where = reading.attempt(("where",), parse_predicate, valid["where",], still)
    on = _pieces(reading, domain)
    if unknowns is None:
        return None, reading.faults
    exact = exact_solution(reading, families.for_exact(known, family), unknowns.names)
    potentials_of: dict[str, Conductivity | Bounds] = dict(conductivities or {})
    potentials_of |= unknown_functions.bounded(unknowns)
    family, exact = families.with_exact(family, exact)
    solved = exact and potentials(exact, unknowns.names, potentials_of)
    symbols = replace(
        symbols,
        fields=unknowns.names,
        parameters=unknowns.numbers,
        inverses={name: k.of for name, k in potentials_of.items()},
        idle=unknown_functions.idle(unknowns, place),
    )
    reading.faults += method_faults(valid)
    if ("pde",) in valid:
        texts = valid["pde",].definitions
        with_sources = replace(symbols, sources=True)
        symbols = reading.resolve(("pde", "definitions"), texts, with_sources, "definitions")
        symbols = replace(symbols, sources=False)
    stated = _equations(reading, symbols, len(unknowns.fields))
    data = read_observations(reading, replace(symbols, manufactured=()), domain)
    is_bounded = not isinstance(domain, Unbounded)
    if is_bounded and not (data or reading.valid.get(("boundary",), True)):
        reading.faults += boundary_faults(stated.values(), len(coordinates))
    conditions = _conditions(reading, replace(symbols, normals=True))
    constraints = _constraints(reading, replace(symbols, manufactured=()), domain)
    if not reading.faults:
        stated, conditions, reading.faults = manufacture(
            symbols.manufactured, stated, conditions, solved
        )
    if not reading.faults:
        held = [constraint.equation for constraint, _ in constraints]
        reading.faults += suitability_faults(valid, stated, conditions, held)
        reading.faults += source_faults(valid, stated)
    if domain is None or reading.faults:
        return None, reading.faults
    initial: tuple[tuple[Function, ...], ...] = ()
    if is_evolving:
        initial = initial_values.read(reading, still, tuple(stated.values()), exact)
        initial = tuple(
            (*potentials(values[:1], [name], potentials_of), *values[1:])
            for name, values in zip(unknowns.names, initial, strict=True)
        )
    else:
        reading.faults += steady_faults(valid)
    compared = stated_reference.read(reading, still, unknowns.names, tuple(stated.values()))
    extra = _extra(reading, replace(symbols, manufactured=()), next(iter(stated.values())))
    held = [*stated.values(), *conditions.values()]
    told = [*held, *(e for e, _ in extra), *(c.equation for c, _ in constraints)]
    reading.faults += unknown_functions.unused_faults(unknowns, told, [o.told for o in data])
    own: list[Any] = [*held, *chain.from_iterable(initial)]
    reading.faults += families.unused_faults(family, [e.expression for e in own])
    family, compared = families.with_stated(family, compared)
    statements = Statements(
        coordinates,
        tuple(stated.values()),
        tuple(
            tuple(e for where, e in conditions.items() if where[:2] == key)
            for key, _ in entries(reading, "boundary")
        ),
        on,
        exact,
        pieces,
        refine,
        initial,
        extra,
        constraints,
        where,
        compared,
        data,
        family,
    )
    return (None if reading.faults else statements), reading.faults


def _functions(reading: Reading, place: Symbols) -> Symbols:
    """Add ``[functions]`` to the symbols."""
    texts, data, sources = {}, {}, []
    for name, value in reading.valid.get(("functions",), {}).items():
        if isinstance(value, TabulatedFunction):
            data[name] = Table(value.file, value.column, place.coordinates)
        elif value == MANUFACTURED:
            sources.append(name)
        else:
            texts[name] = value if isinstance(value, str) else f"[{', '.join(value)}]"
    symbols = replace(place, data=data, manufactured=tuple(sources))
    return reading.resolve(("functions",), texts, symbols, "functions")


def _parts(
    reading: Reading, symbols: Symbols
) -> tuple[tuple[tuple[str, Predicate], ...], Function | None]:
    """Read the named parts of the boundary and the refinement, as they are on all sides."""
    if symbols.signs:
        bare = replace(symbols, functions={}, signs={})
        symbols = replace(_functions(Reading(reading.valid), bare), manufactured=())
    domain, nodes = reading.valid.get(("domain",)), reading.valid.get(("nodes",))
    pieces = []
    for i, piece in enumerate(domain.pieces if domain else ()):
        key = ("domain", "pieces", i, "where")
        where = reading.attempt(key, parse_predicate, piece.where, symbols)
        if where is not None:
            pieces.append((piece.name, where))
    refine = None
    if nodes is not None and nodes.refine not in (None, "auto"):
        refine = reading.attempt(("nodes", "refine"), function, nodes.refine, symbols)
    return tuple(pieces), refine


def _pieces(reading: Reading, domain: Shape | None) -> tuple[tuple[str, ...], ...]:
    """Check the pieces that the conditions name; return them by their usual names."""
    if domain is None:
        return ()
    reading.faults += names.piece_faults(domain) + boundary_faults_of(reading.valid)
    if ("nodes",) in reading.valid:
        reading.faults += node_faults(domain, reading.valid["nodes",])
    result = []
    for key, entry in entries(reading, "boundary"):
        if entry.at is not None and len(entry.at) != domain.dim:
            message = f"the point has {len(entry.at)} coordinates, but the domain {domain.dim}."
            reading.faults.append(Fault((*key, "at"), message, "Give one number for each."))
        if isinstance(domain, Unbounded):  # as is said of the whole section
            continue
        on, faults = names.pieces_on(entry.on, key, domain)
        reading.faults += faults
        result.append(on)
    return tuple(result)


def _constraints(
    reading: Reading, symbols: Symbols, domain: Shape | None
) -> tuple[tuple[IntegralEquation, tuple[str | None, ...]], ...]:
    """Read the constraints, and the pieces that their integrals name."""
    found = []
    for key, entry in entries(reading, "constraint"):
        place = (*key, "equation")
        stated = reading.attempt(place, integral_equation, entry.equation, symbols)
        if stated is None or domain is None:
            continue
        on: list[str | None] = []
        for integral in stated.integrals:
            pieces, faults = names.pieces_on((integral.on or "all",), key, domain)
            reading.faults += [replace(f, key=place, span=integral.span) for f in faults]
            on.append(pieces[0] if integral.on is not None else None)
        found.append((stated, tuple(on)))
    return tuple(found)


def _equations(reading: Reading, symbols: Symbols, fields: int) -> dict[KeyPath, Equation]:
    """Read the equations, one for each field; data may tell of a field that has none.

    Unknown functions, which come behind the fields, may have some.
    """
    pde = reading.valid.get(("pde",))
    stated: dict[KeyPath, Equation] = {}
    if pde is None:
        return stated
    is_whole = True
    for i, text in enumerate(pde.equations):
        key: KeyPath = ("pde", "equations", i)
        found = reading.attempt(key, equations, text, replace(symbols, sources=True)) or ()
        found = tuple(replace(e, symbols=symbols) for e in found)
        is_whole &= bool(found)
        stated |= {(*key, j): e for j, e in enumerate(found)}  # of vectors it is several
    if not is_whole:  # what is said below would only repeat that
        return stated
    is_less = len(stated) < fields and ("data", 0) not in reading.valid
    if is_less or len(stated) > len(symbols.fields):
        wanted = f"{fields} field" + "s" * (fields > 1)
        message = f"there must be one equation for each field: {wanted}, {len(stated)} found."
        known = ", ".join(symbols.fields[:fields])
        fault = Fault(("pde", "equations"), message, f"Fields: {known}.")
        reading.faults.append(fault)
    used = {term.field for e in stated.values() for term in e.terms}
    for i, name in enumerate(symbols.fields[:fields]):
        if i not in used:
            message = f'the field "{name}" is in no equation.'
            reading.faults.append(Fault(("unknowns", "fields", i), message))
    return stated


def _extra(
    reading: Reading, symbols: Symbols, first: Equation
) -> tuple[tuple[Equation, Predicate | None], ...]:
    """Read further residuals, in which ``residual`` is what the first equation leaves."""
    if RESIDUAL not in symbols.names:
        symbols = with_names(symbols, "definitions", {RESIDUAL: first.expression})
    place = replace(symbols, fields=(), definitions={}, parameters={})
    found = []
    for i, entry in enumerate(reading.valid["pde",].extra):
        key: KeyPath = ("pde", "extra", i)
        stated = reading.attempt((*key, "equation"), equation, entry.equation, symbols)
        where = None
        if entry.where:
            where = reading.attempt((*key, "where"), parse_predicate, entry.where, place)
        if stated is not None:
            found.append((stated, where))
    return tuple(found)


def _conditions(reading: Reading, symbols: Symbols) -> dict[KeyPath, Equation]:
    """Read the conditions on the boundary; a periodic one is a statement on every field."""
    found: dict[KeyPath, Equation | None] = {}
    for key, entry in entries(reading, "boundary"):
        if entry.periodic:
            for i in range(len(symbols.fields)):
                found[*key, "periodic", i] = periodic(i, entry.on, symbols)
        elif entry.condition is not None:
            known = symbols if entry.at is None else replace(symbols, normals=False)
            found[key] = reading.attempt((*key, "condition"), equation, entry.condition, known)
    return {key: e for key, e in found.items() if e is not None}
