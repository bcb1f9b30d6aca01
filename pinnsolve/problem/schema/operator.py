"""The section ``[operator]``: what varies over a family of problems, all of which are solved."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from pinnsolve.problem.schema.boundary import NAMES_SCHEMA
from pinnsolve.problem.schema.nodes import MAX_NODES, Seed
from pinnsolve.problem.schema.values import (
    ExistingFile,
    Integer,
    Number,
    Positive,
    Section,
    Text,
    fault,
    in_words,
)

SECTION = "operator"
KINDS = {  # the keys of each, and those that it needs
    "gaussian-process": (
        ("kernel", "length_scale", "variance", "mean", "transform", "spectrum", "sensors"),
        (),
    ),
    "coefficients": (("basis", "indices", "distribution", "sensors"), ("basis", "indices")),
    "file": (("file", "sensors", "transform"), ("file",)),
    "uniform": (("lower", "upper", "transform"), ("lower", "upper")),
}
MOST_FUNCTIONS, MOST_INDEX = 1_000_000, 10_000


def _one_or_several(value: object) -> object:
    """Let a single name stand for a list of one."""
    if not isinstance(value, str | list | tuple):
        message = f"must be a name or a list of names, but is {in_words(value)}."
        raise fault(message, 'Write input = "f", or input = ["f", "g"].')
    return (value,) if isinstance(value, str) else value


def _kind(value: Any) -> str:
    """Return whether a table is that of one family, or of several by name."""
    parts = value.values() if isinstance(value, Mapping) else ()
    is_several = bool(parts) and all(isinstance(part, Mapping | Family) for part in parts)
    return "several" if is_several and "kind" not in value else "one"


class Family(Section):
    """Where the functions come from, or numbers."""

    kind: Literal["gaussian-process", "coefficients", "file", "uniform"] = Field(
        description="gaussian-process: random functions of a given covariance; coefficients: sums "
        "over a basis; file: columns of a table; uniform: a number, even within bounds",
    )
    of: tuple[str, ...] | None = Field(
        default=None,
        description="coordinates that the functions depend on; by default those of space",
        examples=[["x"]],
    )
    sensors: Annotated[Integer, Field(ge=2, le=MOST_INDEX)] | None = Field(
        default=None,
        description="how many values of a function the network is given, on a grid; by default 50 "
        "along one coordinate, 225 in two, 512 in three",
    )
    count: Annotated[Integer, Field(ge=2, le=MOST_FUNCTIONS)] | None = Field(
        default=None,
        description="how many functions it is trained with; by default 1000, of a file all but "
        "those held out",
    )
    seed: Seed = Field(default=0, description="seed of the functions; those held out differ")
    kernel: Literal["rbf", "matern-5/2", "matern-3/2", "exponential", "spectral"] = Field(
        default="rbf",
        description="covariance of a Gaussian process, from the smoothest to the roughest; "
        "spectral: periodic, its waves as in spectrum",
    )
    length_scale: Positive | None = Field(
        default=None, description="distance over which a Gaussian process stays alike"
    )
    variance: Positive = Field(default=1.0, description="variance of a Gaussian process")
    mean: Number = Field(default=0.0, description="mean of a Gaussian process")
    spectrum: Text | None = Field(
        default=None,
        description="expression of k = 1, 2, …: variance of each of cos(2*pi*k*x) and "
        "sin(2*pi*k*x), x from 0 to 1 over the domain; of kernel spectral",
        examples=["1/k**4"],
    )
    transform: Literal["none", "exp"] = Field(
        default="none",
        description="exp: what stands in the formulas is the exponential of what is drawn; of a "
        "uniform number lower and upper are those of the exponential, its logarithm is even",
    )
    basis: Text | None = Field(
        default=None,
        description="expression of coordinates and indices, of coefficients",
        examples=["sin(r*pi*x)"],
    )
    indices: dict[str, tuple[Integer, Integer]] = Field(
        default_factory=dict,
        description="index = [first, last]: the basis has a function for each combination; the "
        "names may stand in [exact], which is then the solution of one function of the basis",
        examples=[{"r": [1, 10]}],
    )
    distribution: Literal["normal", "uniform"] = Field(
        default="normal",
        description="of the coefficients; normal: of variance one; uniform: from -1 to 1",
    )
    file: ExistingFile | None = Field(
        default=None,
        description="CSV file: a column for each coordinate, whose rows make a grid, and one for "
        "each function; the last functions are those held out",
    )
    lower: Number | None = Field(default=None, description="smallest value of a uniform number")
    upper: Number | None = Field(default=None, description="largest value of a uniform number")

    @model_validator(mode="after")
    def check(self) -> "Family":
        """Check that the keys mean something to the kind, and that none is missing."""
        own, needed = KINDS[self.kind]
        common = {"kind", "of", "count", "seed"}
        for key in sorted(self._said - common - set(own)):
            raise fault(f'kind "{self.kind}" has no {key}.', "Remove it.", key=key)
        for key in needed:
            if key not in self.model_fields_set:
                raise fault(f'kind "{self.kind}" needs {key}.', f"Add {key} = ….", key="kind")
        if self.kind == "gaussian-process":
            self._check_process()
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            message = f"must be larger than lower, {self.lower:g}, but is {self.upper:g}."
            raise fault(message, "Exchange them.", key="upper")
        if self.transform == "exp" and self.lower is not None and self.lower <= 0:
            message = f"must be positive, as exponentials are, but is {self.lower:g}."
            raise fault(message, "Raise it, or remove transform.", key="lower")
        for name, (first, last) in self.indices.items():
            if first > last or last - first >= MOST_INDEX:
                message = f"must be a first and a last number, but is [{first}, {last}]."
                raise fault(message, f"Write {name} = [1, 10].", key=("indices", name))
        return self

    @property
    def _said(self) -> set[str]:
        """The keys whose values are not the default ones, which a run writes out."""
        fields = type(self).model_fields
        return {k for k in self.model_fields_set if getattr(self, k) != fields[k].default}

    def _check_process(self) -> None:
        is_spectral = self.kernel == "spectral"
        wanted, other = ("spectrum", "length_scale")[:: 1 if is_spectral else -1]
        if wanted not in self.model_fields_set:
            example = 'spectrum = "1/k**4"' if is_spectral else "length_scale = 0.2"
            raise fault(f'kernel "{self.kernel}" needs {wanted}.', f"Add {example}.", key="kind")
        for key in (other, "variance") if is_spectral else (other,):
            if key in self._said:
                raise fault(f'kernel "{self.kernel}" has no {key}.', "Remove it.", key=key)


class Operator(Section):
    """What varies, and over which family."""

    input: Annotated[
        tuple[str, ...], BeforeValidator(_one_or_several), WithJsonSchema(NAMES_SCHEMA)
    ] = Field(
        min_length=1,
        description="name, or names, of what varies: a function or a number, in the formulas like "
        "any other",
        examples=["f"],
    )
    family: Annotated[
        Annotated[Family, Tag("one")] | Annotated[dict[str, Family], Tag("several")],
        Discriminator(_kind),
    ] = Field(
        description="where it comes from, in [operator.family]; of several inputs in "
        "[operator.family.NAME] each"
    )
    held_out: Annotated[Integer, Field(ge=1, le=MOST_FUNCTIONS)] = Field(
        default=50,
        description="functions on which errors are measured, with which nothing is trained",
    )
    functions: Annotated[Integer, Field(ge=1, le=MOST_FUNCTIONS)] | None = Field(
        default=None, description="of adam: on how many functions a step is taken; by default 50"
    )
    points: Annotated[Integer, Field(ge=1, le=MAX_NODES)] | None = Field(
        default=None,
        description="of adam: at how many points, drawn anew for each step, every condition is "
        "evaluated; by default at all",
    )
    symmetries: tuple[Literal["translation", "galilean", "reflection"], ...] = Field(
        default=(),
        description='of features = "reference" on a circle: what the equation allows, by which '
        "solutions are made alike, so that fewer are needed; translation: in another place; "
        "galilean: seen in motion, as flows are; reflection: -u(-x, t)",
        examples=[["translation", "galilean", "reflection"]],
    )

    @model_validator(mode="after")
    def check(self) -> "Operator":
        """Check that each input has a family."""
        for i, name in enumerate(self.input):
            if name in self.input[:i]:
                raise fault(f'"{name}" is named twice.', "Name it once.", key="input")
        given = {} if isinstance(self.family, Family) else self.family
        if isinstance(self.family, Family) and len(self.input) > 1:
            message = f"there are {len(self.input)} inputs, but one family."
            raise fault(
                message, f"Write [operator.family.{self.input[0]}] and so on.", key="family"
            )
        for name in self.input if given else ():
            if name not in given:
                message = f'the input "{name}" has no family.'
                raise fault(message, f"Add [operator.family.{name}].", key="family")
        for name in given:
            if name not in self.input:
                message = f'"{name}" is no input.'
                raise fault(message, f"Inputs: {', '.join(self.input)}.", key=("family", name))
        return self

    def family_of(self, name: str) -> Family:
        """Return the family of an input."""
        return self.family if isinstance(self.family, Family) else self.family[name]
