"""The section ``[time_discrete]``: few long steps in time, of many stages each."""

from typing import Annotated

from pydantic import Field, field_validator

from pinnsolve.problem.schema.values import Integer, Number, Section, fault

MAX_STAGES, MAX_STEPS = 1000, 100_000


class TimeDiscrete(Section):
    """Implicit Runge-Kutta steps of any number of stages, in place of many short ones."""

    step: tuple[Number, Number] = Field(
        description="when the first step begins and the last one ends; [domain] time need not be "
        "given",
        examples=[[0.1, 0.9]],
    )
    stages: Annotated[Integer, Field(ge=1, le=MAX_STAGES)] = Field(
        default=100,
        description="collocation points (Radau IIA) in each step; the error in time falls "
        "exponentially with them where the solution is smooth in time",
    )
    steps: Annotated[Integer, Field(ge=1, le=MAX_STEPS)] = Field(
        default=1, description="number of steps"
    )

    @field_validator("step")
    @classmethod
    def check_step(cls, step: tuple[float, float]) -> tuple[float, float]:
        """Check that time goes forward."""
        if not step[0] < step[1]:
            raise fault(
                f"must end after it begins, but is [{step[0]:g}, {step[1]:g}].",
                "Write step = [0.0, 1.0].",
            )
        return step
