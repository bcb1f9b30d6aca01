"""A well-formed problem: what a problem file says, resolved and in symbolic form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.equations.bounds import Bounds
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import Function, Predicate
from pinnsolve.equations.integrals import IntegralEquation
from pinnsolve.equations.kirchhoff import Conductivity
from pinnsolve.errors import KeyPath
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.families import FamilyOfProblems
from pinnsolve.problem.observations import Observation
from pinnsolve.problem.schema.file import Parameter, ProblemFile, UnknownFunction
from pinnsolve.problem.schema.nodes import TIME_LEVELS
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.schema.unknowns import Eigenvalue
from pinnsolve.problem.sources import PointSource
from pinnsolve.problem.stated_reference import StatedReference
from pinnsolve.problem.text.source import Source
from pinnsolve.problem.time_alone import EVERYWHERE
from pinnsolve.problem.time_dependence import initial_names
from pinnsolve.problem.written import written

CHEAP = 3  # dimensions up to which a direct solution costs less than training a network


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
    name
        As reports call it; empty for that of the pieces.
    taken_for
        What users are told who wrote something else; empty if it is as stated.
    """

    on: tuple[str, ...]
    equation: Equation
    weight: float
    key: KeyPath
    is_periodic: bool = False
    is_built_in: bool = False
    is_hard: bool = False
    name: str = ""
    taken_for: str = ""


@dataclass(frozen=True)
class PointCondition:
    """A condition at one point.

    Attributes
    ----------
    at
        The point.
    equation
        What holds there.
    weight
        Weight in the loss, dimensionless.
    key
        Where it stands in the problem file, as ``("boundary", 0, "condition")``.
    """

    at: tuple[float, ...]
    equation: Equation
    weight: float
    key: KeyPath

    @property
    def name(self) -> str:
        """As reports call it."""
        return f"at ({', '.join(f'{value:.4g}' for value in self.at)})"

    def posed(self, change: Callable[[Equation], Equation]) -> "PointCondition":
        """Return the condition with its equation changed."""
        return replace(self, equation=change(self.equation))


@dataclass(frozen=True)
class IntegralConstraint:
    """An equation between means and integrals.

    Attributes
    ----------
    stated
        What holds.
    on
        The pieces of the boundary over which each integral extends; None for the domain.
    weight
        Weight in the loss, dimensionless.
    key
        Where it stands in the problem file, as ``("constraint", 0, "equation")``.
    """

    stated: IntegralEquation
    on: tuple[str | None, ...]
    weight: float
    key: KeyPath

    @property
    def equation(self) -> Equation:
        """What holds, as an equation."""
        return self.stated.equation

    @property
    def name(self) -> str:
        """As reports call it."""
        return self.equation.text

    def posed(self, change: Callable[[Equation], Equation]) -> "IntegralConstraint":
        """Return the constraint with its equation changed."""
        return replace(self, stated=replace(self.stated, equation=change(self.equation)))


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
class Region:
    """A part of the domain where names and equations of its own count: a material.

    Attributes
    ----------
    name
        What it is called.
    key
        Where it stands in the problem file, as ``("region", 0)``.
    problem
        All statements as read with the names and equations of the region; without regions.
    where
        Where it lies; None if it is told by a shape, or is the rest.
    shape
        Its shape, a section as ``[domain]``; None if it has none.
    """

    name: str
    key: KeyPath
    problem: "Problem"
    where: Predicate | None
    shape: Shape | None

    @property
    def is_rest(self) -> bool:
        """Whether it is what the other regions leave."""
        return self.where is None and self.shape is None


@dataclass(frozen=True)
class InterfaceCondition:
    """A condition between two regions.

    Attributes
    ----------
    between
        Their names; the normal points from the first into the second.
    equation
        What holds, of the fields of the first region, then those of the second: ``u.a, u.b``.
    weight
        Weight in the loss, dimensionless.
    key
        Where it stands in the problem file, as ``("interface", 0, "condition")``.
    """

    between: tuple[str, str]
    equation: Equation
    weight: float
    key: KeyPath

    def posed(self, change: Callable[[Equation], Equation]) -> "InterfaceCondition":
        """Return the condition with its equation changed."""
        return replace(self, equation=change(self.equation))


@dataclass(frozen=True, repr=False)
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
    data
        What has been observed, which unknown constants of the equations are found by.
    begins
        The initial values as equations, by name: what holds at the first instant.
    constraints
        What holds at points, and for means and integrals.
    regions
        The materials; none if there is one. Equations, conditions and values above are then those
        of the first.
    interfaces
        What the file says of the fields between two regions.
    taken_for
        What users are told whose formulas jump, so that there are regions of which the file says
        nothing; empty else.
    fits_exact
        Whether fields and fluxes jump between those as the exact solution does, of which the
        sources are made.
    potentials
        Of fields, by name, for which others stand in all that is solved: those whose conductivity
        jumps where they pass a value, and unknown functions with bounds. Equations, conditions and
        initial values are those of what stands for them, but the names in the equations' symbols
        those of the fields.
    solved
        The same problem with the exact solution of the potentials, which is what a method is
        given, or, of an eigenvalue problem, for its fields in place of its modes'; None where the
        fields themselves are solved for.
    stated
        The solution that errors are measured against where none is known as a formula; None if the
        file states none.
    derived
        Formulas of the fields that files and reports show, by name: what an equation leaves.
    conserved
        Formulas of the fields whose integrals are told, as those.
    family
        What varies, and the exact solution then; None if nothing does. Formulas hold a typical
        function of it.
    sources
        The point sources in the equations.
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
    data: tuple[Observation, ...] = ()
    begins: Mapping[str, Equation] = field(default_factory=dict)
    constraints: tuple[PointCondition | IntegralConstraint, ...] = ()
    regions: tuple[Region, ...] = ()
    interfaces: tuple[InterfaceCondition, ...] = ()
    taken_for: str = ""
    fits_exact: bool = False
    potentials: Mapping[str, Conductivity | Bounds] = field(default_factory=dict)
    solved: "Problem | None" = None
    stated: StatedReference | None = None
    derived: Mapping[str, Equation] = field(default_factory=dict)
    conserved: Mapping[str, Equation] = field(default_factory=dict)
    family: FamilyOfProblems | None = None
    sources: tuple[PointSource, ...] = ()

    def __repr__(self) -> str:
        """Return name, title and unknowns; all of it is in `to_toml`."""
        place = ", ".join((*self.coordinates, *(() if self.time is None else ("t",))))
        unknowns = ", ".join(f"{name}({place})" for name in self.fields)
        return f"Problem {self.name}: {self.title or 'untitled'}; {unknowns}"

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The unknown constants of the equations, by name."""
        return self.settings.unknowns.parameters

    @property
    def is_ordinary(self) -> bool:
        """Whether it is one in time alone, whose only coordinate in space is none."""
        return self.coordinates == (EVERYWHERE,)

    @property
    def eigenvalue(self) -> Eigenvalue | None:
        """The number in the equations of which eigenvalues are sought; None if there is none."""
        return self.settings.unknowns.eigenvalue

    @property
    def functions(self) -> Mapping[str, UnknownFunction]:
        """The unknown functions in the equations, by name: the last of the fields."""
        return self.settings.unknowns.functions

    @property
    def reference(self) -> str | None:
        """The classical solution that a network's answer is held against; None for none."""
        solver = self.settings.solver
        if self.data:  # for which a discretisation has no room
            return None
        is_cheap = len(self.coordinates) <= CHEAP
        wanted = is_cheap if solver.baseline == "auto" else solver.baseline == "always"
        return ABILITIES[solver.method].reference if wanted else None

    @property
    def places(self) -> str:
        """Where its errors are told beside test points, in words."""
        return "particles" if self.settings.network.ansatz else "nodes"

    @property
    def times(self) -> Float[ndarray, " K"] | None:
        """The time levels; None for a steady problem."""
        if self.time is None:
            return None
        evolution = self.settings.evolution
        wanted = self.settings.nodes.time_levels if evolution is None else evolution.output_times
        count = wanted or TIME_LEVELS
        return np.unique(count if isinstance(count, tuple) else np.linspace(*self.time, count))

    @property
    def time_order(self) -> int:
        """Highest order of a derivative in time; 0 for a steady problem."""
        if self.time is None:
            return 0
        return max(len(names) for names in initial_names(self.fields, self.equations))

    def replace(self, overrides: Mapping[str, Any]) -> "Problem":
        """Return the problem with other settings, by dotted key.

        Raises
        ------
        ProblemError
            If the settings do not fit.
        """
        from pinnsolve.problem.load import build  # a problem is made of its text, always

        return build(replace(self.source, overrides={**self.source.overrides, **overrides}))

    def to_toml(self) -> str:
        """Return a problem file that gives this problem again, wherever it lies.

        Overrides and defaults are written out, numbers are evaluated, paths are absolute.
        """
        return written(self.settings, self.source.path)
