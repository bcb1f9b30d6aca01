"""The phases of a training in the problem file."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from pinnsolve.problem.schema.values import Integer, NotNegative, Positive, Section, fault

OptimizerName: TypeAlias = Literal[
    "continuation", "grow", "head", "gauss-newton", "variable-projection", "adam", "lbfgs"
]


class Phase(Section):
    """One phase of the training; without any, the method's default schedule."""

    optimizer: OptimizerName = Field(
        description="continuation: of data, ever larger weights of the equations; grow: features "
        "drawn block by block, the first phase of a network that grows; head: least squares for "
        "the last layer alone; gauss-newton; variable-projection: Gauss-Newton on the other "
        "layers, the last solved for at each step, for networks of up to some thousand weights; "
        "adam; lbfgs"
    )
    iterations: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None, description="iterations at most"
    )
    learning_rate: Positive | None = Field(default=None, description="step size, of adam only")
    tolerance: NotNegative | None = Field(
        default=None, description="stop when the loss, which has no unit, has fallen below this"
    )
    weights: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None,
        description="of grow only: a network of at most so many weights, nearly all bumps, which "
        "variable-projection then moves to where they are needed",
    )
    seconds: Positive | None = Field(default=None, description="stop after this time")
    batch: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None,
        description="of adam only: at how many points, drawn anew each iteration, every condition "
        "is evaluated; by default at all",
    )
    resample: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None,
        description="of adam only: after how many iterations the points of the equations are drawn "
        "anew, more of them where the residual is large; they are looked at every ten",
    )

    @model_validator(mode="after")
    def check(self) -> "Phase":
        """Check that the keys mean something to the optimiser."""
        if self.learning_rate is not None and self.optimizer != "adam":
            raise fault(
                f'optimizer "{self.optimizer}" has no learning rate.',
                "Remove it: only adam has one.",
                key="learning_rate",
            )
        if self.weights is not None and self.optimizer != "grow":
            raise fault(
                f'optimizer "{self.optimizer}" leaves the number of weights as it is.',
                "Remove weights: only grow has them.",
                key="weights",
            )
        for key in ("batch", "resample"):
            if getattr(self, key) is not None and self.optimizer != "adam":
                raise fault(
                    f'optimizer "{self.optimizer}" takes all points, always the same.',
                    f"Remove {key}: only adam draws points.",
                    key=key,
                )
        return self
