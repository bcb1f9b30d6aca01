"""The section ``[unknowns]``: what is sought, fields, unknown numbers and functions."""

from math import exp, inf, log
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pinnsolve.problem.schema.values import Integer, Number, Section, fault

LARGEST = 500.0  # exponent of a parameter
MOST_EIGENVALUES = 200


class Parameter(Section):
    """An unknown number in the equations."""

    initial: Number | None = Field(
        default=None,
        description="where the search begins; by default in the middle of the bounds, or at zero",
    )
    lower: Number | None = Field(default=None, description="smallest value")
    upper: Number | None = Field(default=None, description="largest value")
    transform: Literal["none", "exp"] = Field(
        default="none",
        description="exp: the parameter is the exponential of the number that is sought, which "
        "initial, lower and upper are about, and so positive",
    )
    true: Number | None = Field(
        default=None,
        description="true value of the parameter, to measure the error, and for manufactured "
        "functions; the search does not use it",
    )

    @property
    def first(self) -> float:
        """The number with which the search begins, before any transform."""
        if self.initial is not None:
            return self.initial
        if self.lower is not None and self.upper is not None:
            return (self.lower + self.upper) / 2
        return 0.0

    @property
    def start(self) -> float:
        """The parameter with which the search begins."""
        return exp(self.first) if self.transform == "exp" else self.first

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value of the parameter, infinite if there is none."""
        low = -inf if self.lower is None else self.lower
        high = inf if self.upper is None else self.upper
        return (exp(low), exp(high)) if self.transform == "exp" else (low, high)

    @model_validator(mode="after")
    def check(self) -> "Parameter":
        """Check that the bounds leave room for the start."""
        low = -inf if self.lower is None else self.lower
        high = inf if self.upper is None else self.upper
        if not low < high:
            message = f"upper must be larger than lower, but {high:g} is not above {low:g}."
            raise fault(message, "Exchange them, or remove one.", key="upper")
        if not low <= self.first <= high:
            at = f"initial value {self.first:g}"
            message = f"the {at} is not between the bounds {low:g} and {high:g}."
            given = "lower" if self.lower is not None else "upper"
            key = given if self.initial is None else "initial"
            raise fault(message, "Give an initial value between them.", key=key)
        if self.transform == "exp" and self.first > LARGEST:
            message = f"the search begins at the exponential of {self.first:g}, too large a number."
            raise fault(message, "With transform, initial is that of the exponent.", key="initial")
        self._check_truth(low, high)
        return self

    def _check_truth(self, low: float, high: float) -> None:
        """Refuse a true value that the search cannot come to."""
        if self.true is None:
            return
        if self.transform == "exp" and self.true <= 0:
            message = f"the true value {self.true:g} is not positive, as every exponential is."
            raise fault(message, "Leave out transform, or correct it.", key="true")
        sought = log(self.true) if self.transform == "exp" else self.true
        if not low <= sought <= high:
            value = f"true value {self.true:g}"
            value += f", the exponential of {sought:g}," if self.transform == "exp" else ""
            message = f"the {value} is not between the bounds {low:g} and {high:g}."
            raise fault(message, "Widen the bounds, or correct it.", key="true")


class Eigenvalue(Section):
    """A number for which the equations have solutions that are not zero."""

    name: str = Field(description="its name in the equations and conditions", examples=["lambda"])
    near: Number = Field(default=0.0, description="those nearest to this number are sought")
    count: Annotated[Integer, Field(ge=1, le=MOST_EIGENVALUES)] = Field(
        default=1, description="how many"
    )
    true: tuple[Number, ...] = Field(
        default=(),
        description="the true ones, ascending, to measure the errors of those that are found",
    )

    @model_validator(mode="after")
    def check(self) -> "Eigenvalue":
        """Check that there are as many true ones as are sought, in order."""
        if self.true and len(self.true) != self.count:
            message = f"{len(self.true)} true eigenvalues are given, but {self.count} are sought."
            raise fault(message, "Give each of them, several times if it is multiple.", key="true")
        if list(self.true) != sorted(self.true):
            raise fault("the true eigenvalues are not ascending.", "Sort them.", key="true")
        return self


class UnknownFunction(Section):
    """An unknown function of position or time in the equations."""

    of: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="the coordinates that it depends on; by default all of those of space",
        examples=[["x"]],
    )
    smooth: Number | None = Field(
        default=None,
        ge=0,
        description="weight of its roughness, the mean square of its second derivatives per half "
        "width of the domain, relative to its size, where data weigh the mean square of their "
        "misfit, relative to how much they vary; 0: none; by default as the data tell",
    )
    lower: Number | None = Field(default=None, description="it lies above this everywhere")
    upper: Number | None = Field(default=None, description="it lies below this everywhere")

    @model_validator(mode="after")
    def check(self) -> "UnknownFunction":
        """Check that the bounds leave room, and that no coordinate stands twice."""
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            message = f"upper must be larger than lower, but {self.upper:g} is not above "
            raise fault(f"{message}{self.lower:g}.", "Exchange them, or remove one.", key="upper")
        for k, name in enumerate(self.of or ()):
            if name in (self.of or ())[:k]:
                raise fault(f'"{name}" stands twice.', "Name it once.", key="of")
        return self


class Unknowns(Section):
    """What is sought."""

    fields: tuple[str, ...] = Field(
        min_length=1, description="names of the unknown fields", examples=[["u"]]
    )
    complex: bool = Field(
        default=False,
        strict=True,
        description="whether the fields are complex: each, as u, stands for u_real + i*u_imag, and "
        "all that is stated for both parts of it; formulas may hold i, conj, real, imag and abs",
    )
    parameters: dict[str, Parameter] = Field(
        default_factory=dict,
        description="unknown numbers in the equations, found with the fields: name = { initial, "
        "lower, upper, transform, true }; method pinn, and rbf-fd between snapshots in "
        "[time_discrete]",
    )
    eigenvalue: Eigenvalue | None = Field(
        default=None,
        description="{ name, near, count, true }: equations and conditions hold this number, and "
        "are solved for the numbers for which they have solutions that are not zero, the modes; "
        "method rbf-fd",
    )

    @property
    def numbers(self) -> dict[str, float | None]:
        """The true values of the numbers that equations may hold; None where they are not known."""
        sought = {} if self.eigenvalue is None else {self.eigenvalue.name: None}
        return {name: parameter.true for name, parameter in self.parameters.items()} | sought

    functions: dict[str, UnknownFunction] = Field(
        default_factory=dict,
        description="unknown functions in the equations, found with the fields from data: name = "
        "{ of, smooth, lower, upper }; they need no equation of their own; method pinn",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields that are sought, those of unknown functions last."""
        return (*self.fields, *self.functions)
