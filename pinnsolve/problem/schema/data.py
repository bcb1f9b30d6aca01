"""The section ``[[data]]``: what has been observed, in a file or of a known solution."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from pinnsolve.problem.schema.boundary import NAMES_SCHEMA
from pinnsolve.problem.schema.nodes import Seed
from pinnsolve.problem.schema.values import (
    ExistingFile,
    Integer,
    NotNegative,
    Number,
    Positive,
    Section,
    Text,
    fault,
    in_words,
)

MOST_ROWS = 1_000_000


def _name_or_names(value: object) -> object:
    """Let a single name stand for a list of one."""
    if not isinstance(value, str | list | tuple):
        message = f"must be a name or a list of names, but is {in_words(value)}."
        raise fault(message, 'Write on = "left", or on = ["left", "right"].')
    return (value,) if isinstance(value, str) else value


class Data(Section):
    """What has been observed of the fields, in a file or of a known solution."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    file: ExistingFile | None = Field(
        default=None,
        description="table of observations, a row for each: CSV, NPZ, MAT, HDF5, VTU",
        examples=["probe.csv"],
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="name of a coordinate, of t, or what stands in fields = its column in the "
        'file; by default they are called alike; "U[:,0]" is a part of an array',
        examples=[{"x": "position", "u": "temperature"}],
    )
    origin: Literal["exact", "reference"] | None = Field(
        default=None,
        alias="from",
        description="in place of file: the values are made of the solution in [exact], or of the "
        "one that the solver of [reference] finds",
    )
    fields: tuple[Text, ...] = Field(
        min_length=1,
        description="what was observed: names, definitions, or expressions of the fields",
        examples=[["u", "u + v"]],
    )
    count: Annotated[Integer, Field(ge=1, le=MOST_ROWS)] | None = Field(
        default=None,
        description="how many points; of a file that many of its rows, drawn by chance",
    )
    seed: Seed = Field(default=0, description="seed of the points and of the noise")
    at: dict[str, Number] = Field(
        default_factory=dict,
        description="coordinates that are the same for all; of a file that has such a column the "
        "rows with that value",
        examples=[{"t": 0.1}],
    )
    on: Annotated[
        tuple[str, ...], BeforeValidator(_name_or_names), WithJsonSchema(NAMES_SCHEMA)
    ] = Field(
        default=(),
        description="pieces of the boundary on which the points lie; not of a file",
        examples=["left"],
    )
    noise: NotNegative = Field(
        default=0.0,
        description="standard deviation of noise that is added, relative to that of the values",
    )
    sigma: Positive | None = Field(
        default=None,
        description="standard deviation of the values' errors, in their unit, where it is known; "
        "by default it is found from the misfit",
    )

    @model_validator(mode="after")
    def check(self) -> "Data":
        """Check that there is one source of values, and that the keys mean something to it."""
        if (self.file is None) == (self.origin is None):
            what = "both given" if self.file else "both missing in [[data]]"
            remedy = 'Keep one of them: file = "probe.csv", or from = "exact".'
            raise fault(f"file and from are {what}.", remedy, key="from" if self.file else "fields")
        if self.file is not None and self.on:
            message = "the points of a file lie where it says."
            raise fault(message, "Remove on: on is for data made from a solution.", key="on")
        if self.file is None and self.columns:
            message = "there is no file of which these were columns."
            raise fault(message, "Remove columns, or give file.", key="columns")
        if self.file is None and self.count is None:
            message = "data that are made need a number of points."
            raise fault(message, "Add count = 200.", key="from")
        return self
