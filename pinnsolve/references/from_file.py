"""A reference whose values are in a file: columns of coordinates and of fields, interpolated.

Beyond the points of a file its values would be those of the nearest one, and an error measured
there one of the file. So the points have to extend as far as the problem does, up to the half cell
by which values at the centres of cells fall short of it.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.errors import Fault, FileError
from pinnsolve.problem.data_files import Table
from pinnsolve.process import State
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

KEY = ("reference", "file")
SHORT = 0.05  # part of an extent by which the points of a file may fall short at either end


@dataclass(frozen=True)
class TabulatedFields:
    """Fields that are known at the points of a file.

    Attributes
    ----------
    tables
        One for each field.
    """

    tables: tuple[Table, ...]

    size = 0

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values at points, interpolated linearly.

        Raises
        ------
        FileError
            If the file cannot be read, lacks a column, or its points lie elsewhere.
        """
        return np.column_stack([table(x) for table in self.tables])

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return values at points.

        Raises
        ------
        ValueError
            If a derivative is asked for.
        """
        if any(term.op.order for term in terms):
            raise ValueError("of values in a file no derivatives are known")
        found = self(x)
        return {term: sum(c for _, c in term.op.terms) * found[:, term.field] for term in terms}

    def state(self) -> State:
        """Return the name of the file."""
        return {"file": str(self.tables[0].path)}


def reference(setup: "Setup") -> Reference | None:
    """Return the values of the file that ``[reference]`` names; None if it names none.

    Raises
    ------
    ProblemError
        If it cannot be read, lacks a column, or its points do not extend over the problem.
    """
    problem = setup.asked
    file = problem.stated.file if problem.stated else None
    if file is None:
        return None
    coordinates = problem.equations[0].symbols.coordinates
    fields = TabulatedFields(tuple(Table(file, name, coordinates) for name in problem.fields))
    try:
        ends = [table.bounds for table in fields.tables]  # which reads them
    except FileError as error:
        raise problem.source.error(Fault(KEY, str(error))) from None
    _must_cover(setup, ends[0])
    message = "Values between the points of the file are interpolated linearly."
    return Reference("", fields, title=file.name, message=message)


def _must_cover(setup: "Setup", ends: tuple[Float[ndarray, " D"], Float[ndarray, " D"]]) -> None:
    """Refuse points that end within the problem, whose bounds these are."""
    problem, extent = setup.asked, np.stack(setup.domain.bounds)
    if problem.time is not None:
        extent = np.column_stack([extent, problem.time])
    first, last = extent
    within = np.maximum(ends[0] - first, last - ends[1]) / (last - first)
    worst = int(np.argmax(within))
    if within[worst] > SHORT:
        axis = problem.equations[0].symbols.coordinates[worst]
        message = f"the file has values from {axis} = {ends[0][worst]:.6g} to {ends[1][worst]:.6g},"
        message += f" but the problem goes from {first[worst]:.6g} to {last[worst]:.6g}."
        remedy = "Give values over all of it, in its units; single observations stand in [[data]]."
        raise problem.source.error(Fault(KEY, message, remedy))
