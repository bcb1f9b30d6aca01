"""A reference whose values are in a file: columns of coordinates and of fields, interpolated."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import Term
from pinnsolve.problem.data_files import Table
from pinnsolve.process import State
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup


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
    FileError
        If it cannot be read, lacks a column, or its points lie elsewhere.
    """
    problem = setup.asked
    file = problem.stated.file if problem.stated else None
    if file is None:
        return None
    coordinates = problem.equations[0].symbols.coordinates
    fields = TabulatedFields(tuple(Table(file, name, coordinates) for name in problem.fields))
    message = "Values between the points of the file are interpolated linearly."
    return Reference("", fields, title=file.name, message=message)
