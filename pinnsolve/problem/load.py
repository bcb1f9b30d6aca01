"""A problem file to a `Problem`: read, validated, its names resolved, its equations parsed.

Nothing stops at the first fault: sections are validated one by one, expressions parsed one by
one, and all that is wrong is reported together, each with its line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import Fault, FileError, KeyPath, PinnsolveError
from pinnsolve.problem import names, overrides, resolved, source
from pinnsolve.problem.binding import Statements, bind
from pinnsolve.problem.equation import Equation
from pinnsolve.problem.evolving import initial_equations
from pinnsolve.problem.expression import Function, Predicate
from pinnsolve.problem.schema import TIME_LEVELS, Parameter, ProblemFile
from pinnsolve.problem.source import Source
from pinnsolve.problem.validation import FileFault, LaterFault, validate


@dataclass(frozen=True)
class BoundaryCondition:
    """One condition on the boundary.

    Attributes
    ----------
    on
        Names of the pieces on which it holds; ``("all",)`` for the whole boundary.
    equation
        What holds.
    weight
        Weight in the loss, dimensionless.
    key
        Where it stands in the problem file, as ``("boundary", 0)``.
    is_periodic
        Whether two pieces are joined: of the equation's field all derivatives agree on them.
    is_built_in
        Whether a network satisfies it whatever its weights, for being periodic itself.
    is_hard
        Whether a network satisfies it whatever its weights, for what is made of its output.
    """

    on: tuple[str, ...]
    equation: Equation
    weight: float
    key: KeyPath
    is_periodic: bool = False
    is_built_in: bool = False
    is_hard: bool = False


@dataclass(frozen=True)
class ExtraResidual:
    """A further residual, over and above what determines the solution.

    Attributes
    ----------
    equation
        What holds.
    where
        Where it holds; None for everywhere.
    points
        At how many points; None for the nodes there.
    weight
        Weight in the loss, dimensionless.
    key
        Where it stands in the problem file, as ``("pde", "extra", 0)``.
    """

    equation: Equation
    where: Predicate | None
    points: int | None
    weight: float
    key: KeyPath


@dataclass(frozen=True)
class Problem:
    """A well-formed problem file.

    Attributes
    ----------
    name
        Name of the file without its suffix.
    title, description, references
        As in the file.
    source
        The file, for errors that are found later.
    settings
        Every section as validated, with defaults.
    coordinates
        Names of the space coordinates, one per dimension.
    fields
        Names of the unknown fields.
    equations
        What holds inside, one equation per field.
    boundary
        What holds on the boundary.
    exact
        The solution where it is known, one function per field; else None.
    pieces
        Named parts of the boundary, with the predicate that holds on each.
    refine
        Factor on the local spacing; None for uniform nodes.
    time
        When a problem in time begins and ends; None for a steady one.
    initial
        Of a problem in time for each field its value, and as many of its derivatives in time,
        when time begins, as the equations need.
    extra
        What holds as well, of which only networks with exact derivatives make use.
    begins
        The initial values as equations, by name: what holds at the first instant.
    """

    name: str
    title: str
    description: str
    references: tuple[str, ...]
    source: Source
    settings: ProblemFile
    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    equations: tuple[Equation, ...]
    boundary: tuple[BoundaryCondition, ...]
    exact: tuple[Function, ...] | None
    pieces: tuple[tuple[str, Predicate], ...]
    refine: Function | None
    time: tuple[float, float] | None = None
    initial: tuple[tuple[Function, ...], ...] = ()
    extra: tuple[ExtraResidual, ...] = ()
    begins: Mapping[str, Equation] = field(default_factory=dict)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The unknown parameters by name, in the order of their terms ``-1, -2, …``."""
        return self.settings.unknowns.parameters

    @property
    def times(self) -> Float[ndarray, " K"] | None:
        """The time levels; None for a steady problem."""
        if self.time is None:
            return None
        return np.linspace(*self.time, self.settings.nodes.time_levels or TIME_LEVELS)

    @property
    def time_order(self) -> int:
        """Highest order of a derivative in time; 0 for a steady problem."""
        return max((len(values) for values in self.initial), default=0)

    def replace(self, overrides: Mapping[str, Any]) -> "Problem":
        """Return the problem with other settings, by dotted key.

        Raises
        ------
        ProblemError
            If the settings do not fit.
        """
        return build(replace(self.source, overrides={**self.source.overrides, **overrides}))

    def to_toml(self) -> str:
        """Return a problem file that gives this problem again, wherever it lies.

        Overrides and defaults are written out, numbers are evaluated, paths are absolute.
        """
        return resolved.to_toml(self.settings, self.source.path)


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
    document, faults = overrides.apply(source.document(), source.overrides)
    if not document:
        raise source.error(Fault((), "the file is empty.", "Start from pinnsolve new."))
    table = document.get("constants", {})
    constants, others, constant_faults = names.constants(table)
    context = {"constants": constants, "folder": source.folder}
    if isinstance(table, Mapping):
        table = {**others, **constants}
    valid, section_faults = validate({**document, "constants": table}, context)
    faults += constant_faults + section_faults
    if any(isinstance(fault, LaterFault) for fault in faults):
        raise _refusal(source, faults)  # what rests on a later version's keys would only add noise
    statements, faults = bind(document, valid, constants, faults)
    if statements is None:
        raise _refusal(source, faults)
    return _problem(source, _settings(valid), statements)


def _settings(valid: Mapping[KeyPath, Any]) -> ProblemFile:
    """Return the valid sections as one model."""
    sections: dict[str, Any] = {}
    for (name, *index), value in valid.items():
        sections[str(name)] = (*sections.get(str(name), ()), value) if index else value
    return ProblemFile.model_construct(**sections)


def _problem(source: Source, settings: ProblemFile, statements: Statements) -> Problem:
    """Put the problem together."""
    boundary = tuple(
        BoundaryCondition(
            on,
            equation,
            entry.weight,
            ("boundary", i),
            is_periodic=entry.periodic,
            is_built_in=entry.periodic and entry.hard,
            is_hard=entry.hard and not entry.periodic,
        )
        for i, (on, stated, entry) in enumerate(
            zip(statements.on, statements.conditions, settings.boundary, strict=True)
        )
        for equation in stated
    )
    return Problem(
        name=source.path.stem,
        title=settings.title,
        description=settings.description,
        references=settings.references,
        source=source,
        settings=settings,
        coordinates=statements.coordinates,
        fields=settings.unknowns.fields,
        equations=statements.equations,
        boundary=boundary,
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
        begins=initial_equations(
            settings.unknowns.fields, statements.initial, statements.equations[0].symbols
        ),
    )


def _refusal(source: Source, faults: list[Fault]) -> PinnsolveError:
    """Return the error for what is wrong; missing files alone are an error of files."""
    error = source.error(*faults)
    if all(isinstance(fault, FileFault) for fault in error.faults):
        return FileError(str(error))
    return error
