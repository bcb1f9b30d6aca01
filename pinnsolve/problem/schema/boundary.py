"""The sections ``[[boundary]]`` and ``[[constraint]]``: what holds on a part, a point, in all."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from pinnsolve.problem.schema.values import Number, Positive, Section, Text, fault, in_words

NAMES_SCHEMA = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}


def _name_or_names(value: object) -> object:
    """Let a single name stand for a list of one."""
    if not isinstance(value, str | list | tuple):
        message = f"must be a name or a list of names, but is {in_words(value)}."
        raise fault(message, 'Write on = "all", or on = ["left", "right"].')
    return (value,) if isinstance(value, str) else value


def _quoted(names: Sequence[str]) -> str:
    """Return names as they are written in a file."""
    return ", ".join(f'"{name}"' for name in names)


class Boundary(Section):
    """What holds on one part of the boundary."""

    on: Annotated[
        tuple[str, ...],
        BeforeValidator(_name_or_names),
        WithJsonSchema(NAMES_SCHEMA),
    ] = Field(
        default=(),
        description='name of a boundary piece, list of names, or "all"',
        examples=["all"],
    )
    at: tuple[Number, ...] | None = Field(
        default=None,
        min_length=1,
        description="a point, inside or on the boundary, in place of on: the condition holds there",
        examples=[[0.5, 0.0]],
    )
    condition: Text | None = Field(
        default=None,
        description="equation in the fields, their derivatives and dn()",
        examples=["u = 0"],
    )
    weight: Positive = Field(default=1.0, description="weight of the condition in the loss")
    periodic: bool = Field(
        default=False,
        strict=True,
        description="in place of condition: all fields go on from one of two pieces, opposite flat "
        'sides as in on = ["left", "right"], into the other; with hard = true by the network\'s '
        "own make",
    )
    hard: bool = Field(
        default=False,
        strict=True,
        description="build the condition into the network, so that it holds whatever its weights: "
        'of method pinn, for conditions "field = expression of the coordinates"; rbf-fd imposes '
        "it as any other",
    )

    @model_validator(mode="after")
    def check(self) -> "Boundary":
        """Check that there is one place and one statement, and that a periodic one joins two."""
        if self.at is not None:
            return self._checked_point()
        if not self.on:
            raise fault(
                'key "on" is missing in [[boundary]].',
                'Add on = … (name of a boundary piece, list of names, or "all"), or at = … (a '
                "point).",
            )
        if self.condition is None and not self.periodic:
            raise fault(
                'key "condition" is missing in [[boundary]].',
                "Add condition = … (equation in the fields, their derivatives and dn()), "
                "or periodic = true.",
            )
        if self.condition is not None and self.periodic:
            raise fault(
                "condition and periodic are both given.",
                "Keep one of them; where the fields are periodic nothing else can hold.",
                key="periodic",
            )
        if self.periodic and (len(self.on) != 2 or "all" in self.on):
            raise fault(
                f"periodic = true joins two pieces of the boundary, not {_quoted(self.on)}.",
                'Name two that face each other, as on = ["left", "right"].',
                key="on",
            )
        return self

    def _checked_point(self) -> "Boundary":
        """Check that a condition holds at a point and nowhere else."""
        for key in ("on", "periodic", "hard"):
            if getattr(self, key):
                message = f"at and {key} are both given."
                raise fault(message, f"Remove {key}: the condition holds at a point.", key=key)
        if self.condition is None:
            raise fault(
                'key "condition" is missing in [[boundary]].',
                "Add condition = … (equation in the fields and their derivatives).",
            )
        return self


class Constraint(Section):
    """What holds for means and integrals."""

    equation: Text = Field(
        description='equation in mean(e), integral(e), and either with on = "piece"',
        examples=["mean(p) = 0"],
    )
    weight: Positive = Field(default=1.0, description="weight of the constraint in the loss")
