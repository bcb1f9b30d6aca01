"""The section ``[reference]``: the solution that errors are measured against."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from pinnsolve.problem.abilities import SOLVERS
from pinnsolve.problem.schema.values import (
    ExistingFile,
    Integer,
    Number,
    Positive,
    Section,
    Text,
    fault,
)

GRID = "finite-differences"  # the solver that has a spacing

if TYPE_CHECKING:
    SolverName: TypeAlias = str
else:
    SolverName = Literal[tuple(SOLVERS)]


def _listed(value: Any) -> Any:
    """Return a list of one for a single number."""
    return [value] if isinstance(value, int | float | str) else value


class Classical(Section):
    """The solution that errors are measured against, where no formula is known."""

    solver: SolverName | None = Field(
        default=None,
        description="; ".join(f"{name}: {about}" for name, about in SOLVERS.items()),
    )
    file: ExistingFile | None = Field(
        default=None,
        description="CSV or HDF5 file with a column for each coordinate and each field, in place "
        "of a solver",
    )
    time: tuple[Number, Number] | None = Field(
        default=None,
        description="interval of time over which it is solved for, which may begin earlier than "
        "that of the problem; by default [domain] time",
        examples=[[0.0, 0.9]],
    )
    initial: dict[str, Text] = Field(
        default_factory=dict,
        description="field = expression: its value when that time begins; by default those of "
        "[initial]",
        examples=[{"u": "-sin(pi*x)"}],
    )
    parameters: Literal["true"] | None = Field(
        default=None, description="true: unknown parameters take their true values"
    )
    period: Annotated[tuple[Positive, ...], BeforeValidator(_listed)] | None = Field(
        default=None,
        min_length=1,
        description="periods along the axes, where the domain is a window of something larger; "
        "initial values are summed over their images",
        examples=[["2*pi", "2*pi"]],
    )
    resolution: Annotated[Integer, Field(ge=8, le=4096)] | None = Field(
        default=None,
        description="modes or points along each axis to begin with; doubled until two agree",
        examples=[64],
    )
    spacing: Positive | None = Field(
        default=None,
        description="of finite-differences: distance of the points along each axis, in place of "
        "one that is halved until two grids agree; grids twice and four times as coarse tell the "
        "error",
        examples=[0.02],
    )
    order: Literal[2, 4, 6] | None = Field(
        default=None,
        description="of finite-differences: the power of the spacing with which errors fall, by "
        "default 4",
    )

    @model_validator(mode="after")
    def check(self) -> "Classical":
        """Check that it is either solved for or read."""
        if (self.solver is None) == (self.file is None):
            if self.solver is None:
                raise fault(
                    "has neither solver nor file.",
                    f'Add solver = "…". Known: {", ".join(SOLVERS)}.',
                )
            raise fault("solver and file are both given.", "Keep one of them.", key="file")
        for key in ("spacing", "order"):
            if getattr(self, key) is not None and self.solver != GRID:
                raise fault(f'is of solver = "{GRID}" only.', "Remove it.", key=key)
        if self.time is not None and not self.time[0] < self.time[1]:
            raise fault(
                f"must end after it begins, but is [{self.time[0]:g}, {self.time[1]:g}].",
                "Write time = [0.0, 1.0].",
                key="time",
            )
        return self
