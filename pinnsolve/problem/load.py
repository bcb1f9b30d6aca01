"""A problem file to a `Problem`: read, validated, its names resolved, its equations parsed.

Nothing stops at the first fault: sections are validated one by one, expressions parsed one by
one, and all that is wrong is reported together, each with its line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pinnsolve.equations import sources
from pinnsolve.equations.bounds import Bounds
from pinnsolve.equations.kirchhoff import Conductivity
from pinnsolve.errors import Fault, FileError, KeyPath, PinnsolveError, printable
from pinnsolve.problem import (
    conductivities,
    interfaces,
    names,
    regions,
    sides,
    unknown_functions,
)
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.binding import Statements, bind
from pinnsolve.problem.complex_unknowns import in_real_numbers, is_complex
from pinnsolve.problem.derived import with_derived
from pinnsolve.problem.evolving import evolving
from pinnsolve.problem.modes import with_modes
from pinnsolve.problem.outflow import with_outflow
from pinnsolve.problem.potentials import potentials
from pinnsolve.problem.problem import (
    BoundaryCondition,
    ExtraResidual,
    IntegralConstraint,
    PointCondition,
    Problem,
    Region,
)
from pinnsolve.problem.schema.file import ProblemFile
from pinnsolve.problem.schema.operator import SECTION
from pinnsolve.problem.sources import point_sources
from pinnsolve.problem.text import overrides, source
from pinnsolve.problem.text.source import Source
from pinnsolve.problem.text.validation import FileFault, LaterFault, validate
from pinnsolve.problem.time_alone import is_time_alone, on_a_line
from pinnsolve.problem.time_dependence import initial_equations, timed


def load(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Problem:
    """Read a problem file.

    Parameters
    ----------
    path
        The file, TOML.
    overrides
        Values that count instead of the file's, by dotted key: ``{"solver.method": "pinn"}``.

    Raises
    ------
    ProblemError
        If the file is not a well-formed problem; it names every fault with its line.
    FileError
        If the file, or a file that it names, cannot be read.
    """
    return build(source.read(path, overrides))


def build(source: Source) -> Problem:
    """Build the problem that a problem file's text describes.

    Raises
    ------
    ProblemError
        If the text is not a well-formed problem; it names every fault with its line.
    FileError
        If a file that it names cannot be read.
    """
    return with_derived(_built(source))


def _built(source: Source) -> Problem:
    """Return the problem of a file, without derived quantities."""
    document, faults = overrides.apply(source.document(), source.overrides)
    if not document:
        raise source.error(Fault((), "the file is empty.", "Start from pinnsolve new."))
    document, source = _rewritten(document, source, faults)
    table = document.get("constants", {})
    constants, others, constant_faults = names.constants(table)
    context = {"constants": constants, "folder": source.folder}
    if isinstance(table, Mapping):
        table = {**others, **constants}
    own, region_faults = regions.with_values(document)
    valid, section_faults = validate({**document, "constants": table, **own}, context)
    faults += constant_faults + region_faults + section_faults + timed(valid)
    evolving(valid, document)
    has_time = "time_discrete" not in document or ("time_discrete",) in valid
    has_time = has_time and all(fault.key[:2] != ("domain", "time") for fault in section_faults)
    if not has_time or any(isinstance(fault, LaterFault) for fault in faults):
        raise _refusal(source, faults)  # what rests on time or a later version would only add noise
    if regions.entries_of(valid):
        return _with_regions(source, document, valid, faults)
    faults += interfaces.stray_faults(valid)
    statements, faults = bind(document, valid, constants, faults)
    if statements is not None:
        return _as_stated(source, _settings(valid), statements)
    statements, of_fields, faults = conductivities.read(document, valid, constants, faults)
    if statements is not None and not statements.data:
        told = conductivities.told(of_fields)
        return _with_potentials(source, _settings(valid), statements, of_fields, told)
    found, faults = sides.read(document, valid, constants, faults)
    if found is None:
        raise _refusal(source, faults)
    return _with_sides(source, _settings(valid), found)


def _as_stated(source: Source, settings: ProblemFile, statements: Statements) -> Problem:
    """Put a problem together in which nothing jumps."""
    bounded = unknown_functions.bounded(settings.unknowns)
    if bounded:
        return _with_potentials(source, settings, statements, bounded)
    return with_modes(_problem(source, settings, statements))


def _rewritten(
    document: dict[str, Any], source: Source, faults: list[Fault]
) -> tuple[dict[str, Any], Source]:
    """Return the tables with a line for time alone and real parts for complex numbers.

    Parameters
    ----------
    document, source
        The tables, overrides applied, and the file; it learns where the user wrote what is new.
    faults
        What is wrong so far; what is found is added.
    """
    if is_time_alone(document):
        document, of_space = on_a_line(document)
        faults += of_space
    if is_complex(document):
        document, moved, unreadable = in_real_numbers(document)
        source = replace(source, moved=moved)
        if unreadable:
            raise _refusal(source, [*faults, *unreadable])
    return document, source


def _with_potentials(
    source: Source,
    settings: ProblemFile,
    statements: Statements,
    found: Mapping[str, Conductivity | Bounds],
    told: str = "",
) -> Problem:
    """Put a problem together in which others stand in the place of some fields."""
    problem = replace(_problem(source, settings, statements), taken_for=told)
    exact = statements.exact and potentials(statements.exact, problem.fields, found)
    solved = replace(problem, exact=exact)
    symbols = conductivities.symbols_of_fields(problem.equations[0].symbols, settings)
    named = tuple(replace(e, symbols=symbols) for e in problem.equations)
    return replace(problem, equations=named, potentials=found, solved=solved)


def _with_sides(source: Source, settings: ProblemFile, found: sides.Sides) -> Problem:
    """Put a problem together whose formulas jump, with a region for each side."""
    parts = tuple(
        Region(side.name, found.key, _problem(source, settings, side.statements), side.where, None)
        for side in found.sides
    )
    first = parts[0].problem
    if len(parts) == 1:  # the others lie outside of the domain
        return first
    _refuse_with_regions(first)
    return replace(first, regions=parts, taken_for=found.told, fits_exact=found.fits_exact)


def _with_regions(
    source: Source, document: Mapping[str, Any], valid: dict[KeyPath, Any], faults: list[Fault]
) -> Problem:
    """Build a problem of several regions, each read on its own, and what holds between them."""
    found, faults = regions.read(document, valid, faults)
    parts = []
    for region, entry in found:
        if region.statements is not None:
            own = _problem(source, _settings(region.valid), region.statements)
            where = region.statements.where
            parts.append(Region(entry.name, region.key, own, where, entry.shape_of))
    stated, between_faults = interfaces.between(document, valid, parts)
    faults += between_faults
    if faults:
        raise _refusal(source, faults)
    whole = {("pde",): found[0][0].valid["pde",], **valid}  # which may be missing in the file
    first = replace(parts[0].problem, settings=_settings(whole))
    _refuse_with_regions(first)
    return replace(first, regions=tuple(parts), interfaces=stated)


def _refuse_with_regions(problem: Problem) -> None:
    """Refuse what several regions do not take yet: points, means, periodic sides, given nodes."""
    if problem.family is not None:
        message = "a family of problems is not taken together with regions in this version."
        raise problem.source.error(Fault((SECTION, "input"), message, "Take smooth formulas."))
    if problem.sources:
        message = "point sources are not taken together with regions in this version."
        raise problem.source.error(Fault(problem.sources[0].key, message, sources.SMOOTH))
    if problem.constraints:
        message = "points, means and integrals are not taken together with regions in this version."
        remedy = "Remove it; a level is fixed by a value on a piece of the boundary."
        raise problem.source.error(Fault(problem.constraints[0].key, message, remedy))
    for condition in problem.boundary:
        if condition.is_periodic:
            message = "periodic sides are not taken together with regions in this version."
            remedy = "State a condition on each of the sides."
            raise problem.source.error(Fault((*condition.key, "periodic"), message, remedy))
    for section, key in (("nodes", "file"), ("domain", "file")):
        own = getattr(problem.settings, section)
        is_surface = getattr(own, "shape", "") == "surface"  # whose file says nothing of nodes
        if getattr(own, key, None) is not None and not is_surface:
            message = "nodes from a file do not tell to which region they belong."
            remedy = "Give nodes.count and a shape: each region is given its own nodes."
            raise problem.source.error(Fault((section, key), message, remedy))
    if problem.eigenvalue is not None:
        message = "an eigenvalue is not sought together with regions in this version."
        raise problem.source.error(Fault(("unknowns", "eigenvalue"), message, "Take smooth ones."))
    if ABILITIES[problem.settings.solver.method].has_network:
        _refuse_of_networks(problem)


def _refuse_of_networks(problem: Problem) -> None:
    """Refuse what a network for each region does not take yet, and one network does."""
    hard = [(*condition.key, "hard") for condition in problem.boundary if condition.is_hard]
    symmetric = [("network", "symmetry", name) for name in problem.settings.network.symmetry]
    unknown = [("unknowns", "parameters")] if problem.parameters else []
    asked: list[tuple[Sequence[KeyPath], str, str]] = [
        (unknown, "unknown parameters are", "Give them numbers, in [constants] or in each region."),
        ([extra.key for extra in problem.extra], "further residuals are", "Remove it."),
        ([(*observed.key, "fields") for observed in problem.data], "data are", "Remove them."),
        (hard, "hard conditions are", "Leave out hard."),
        (symmetric, "symmetries of a network are", "Leave out the symmetry."),
    ]
    faults = [
        Fault(key, f"{what} not taken together with regions in this version.", remedy)
        for keys, what, remedy in asked
        for key in keys
    ]
    if faults:
        raise problem.source.error(*faults)


def _settings(valid: Mapping[KeyPath, Any]) -> ProblemFile:
    """Return the valid sections as one model."""
    sections: dict[str, Any] = {}
    for (name, *index), value in valid.items():
        sections[str(name)] = (*sections.get(str(name), ()), value) if index else value
    return ProblemFile.model_construct(**sections)


def _problem(source: Source, settings: ProblemFile, statements: Statements) -> Problem:
    """Put the problem together."""
    able = ABILITIES[settings.solver.method]
    # of that period, whether asked for or not
    is_built = settings.network.features == "waves" or "evolution" in able.needs
    boundary = tuple(
        BoundaryCondition(
            on,
            equation,
            entry.weight,
            ("boundary", i),
            is_periodic=entry.periodic,
            is_built_in=entry.periodic and (entry.hard or is_built),
            is_hard=entry.hard and not entry.periodic,
        )
        for i, (on, stated, entry) in enumerate(
            zip(statements.on, statements.conditions, settings.boundary, strict=True)
        )
        if entry.at is None
        for equation in stated
    )
    points = (
        PointCondition(entry.at, equation, entry.weight, ("boundary", i, "condition"))
        for i, (stated, entry) in enumerate(
            zip(statements.conditions, settings.boundary, strict=True)
        )
        if entry.at is not None
        for equation in stated
    )
    integrals = (
        IntegralConstraint(stated, on, entry.weight, ("constraint", i, "equation"))
        for i, ((stated, on), entry) in enumerate(
            zip(statements.constraints, settings.constraint, strict=True)
        )
    )
    return Problem(
        name=printable(source.path.stem),
        title=settings.title,
        description=settings.description,
        references=settings.references,
        source=source,
        settings=settings,
        coordinates=statements.coordinates,
        fields=settings.unknowns.names,
        equations=statements.equations,
        boundary=with_outflow(statements.equations, boundary),
        exact=statements.exact,
        pieces=statements.pieces,
        refine=statements.refine,
        time=settings.domain.time,
        initial=statements.initial,
        extra=tuple(
            ExtraResidual(equation, where, entry.points, entry.weight, ("pde", "extra", i))
            for i, ((equation, where), entry) in enumerate(
                zip(statements.extra, settings.pde.extra, strict=True)
            )
        ),
        data=statements.data,
        begins=initial_equations(
            settings.unknowns.names, statements.initial, statements.equations[0].symbols
        ),
        constraints=(*points, *integrals),
        stated=statements.reference,
        family=statements.family,
        sources=point_sources(statements.equations, len(settings.pde.equations)),
    )


def _refusal(source: Source, faults: list[Fault]) -> PinnsolveError:
    """Return the error for what is wrong; missing files alone are an error of files."""
    error = source.error(*faults)
    if all(isinstance(fault, FileFault) for fault in error.faults):
        return FileError(str(error))
    return error
