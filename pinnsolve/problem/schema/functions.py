"""Functions as written in ``[functions]``: a formula, a vector of them, or values in a file."""

from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag

from pinnsolve.problem.schema.values import ExistingFile, Section, Text


class TabulatedFunction(Section):
    """A function interpolated from the columns of a file."""

    file: ExistingFile = Field(
        description="CSV or HDF5 file with a column per coordinate, whose points cover the domain"
    )
    column: str = Field(
        description="name of the column that holds the values, which no equation may differentiate"
    )


def _kind_of_function(value: object) -> str | None:
    """Return the tag of the way in which a function is written."""
    if isinstance(value, list | tuple):
        return "vector"
    return "table" if isinstance(value, dict | TabulatedFunction) else "formula"


Function: TypeAlias = Annotated[
    Annotated[Text, Tag("formula")]
    | Annotated[tuple[Text, ...], Tag("vector")]
    | Annotated[TabulatedFunction, Tag("table")],
    Discriminator(_kind_of_function),
]
