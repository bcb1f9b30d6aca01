"""What every shape of a domain is, as written in ``[domain]``: pure data.

Every shape knows its dimension, a box around it and the names of its boundary pieces, so that a
problem file can be judged before any geometry is computed. All lengths are dimensionless.
"""

from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from pinnsolve.problem.placement import Placement, placement
from pinnsolve.problem.schema.values import Number, Positive, Section, Text, fault

MAX_DIMENSION = 100
AXISYMMETRIC = "axisymmetric"
Point: TypeAlias = Annotated[tuple[Number, ...], Field(max_length=MAX_DIMENSION)]
Box: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]
TURN = {"type": ["array", "number", "string"], "items": {"type": ["number", "string"]}}
Turn: TypeAlias = Annotated[
    tuple[Number, ...],
    BeforeValidator(lambda value: value if isinstance(value, list | tuple) else [value]),
    WithJsonSchema(TURN),
]

AnyShape = TypeVar("AnyShape", bound="Shape")


class Piece(Section):
    """A named part of the boundary."""

    name: str = Field(description="name of the part, for [[boundary]] on")
    where: Text = Field(description='comparison that holds on the part, as "x < -0.99"')


class Shape(Section):
    """What every shape may say beside its own keys."""

    name: str | None = Field(
        default=None, description="name of a part of a union, … : hole.surface"
    )
    coordinates: (
        Annotated[tuple[str, ...], Field(max_length=MAX_DIMENSION)] | Literal["axisymmetric"] | None
    ) = Field(
        default=None,
        description="names of the coordinates; x, y, z, above three x1, x2, …; or "
        '"axisymmetric": r and z, for what is the same all around the axis r = 0',
    )
    pieces: tuple[Piece, ...] = Field(
        default=(), description="[[domain.pieces]]: parts of the boundary"
    )
    time: tuple[Number, Number] | None = Field(
        default=None,
        description="interval [t0, t1] of a problem in time, whose coordinate is t; without a "
        "shape nothing depends on a place",
        examples=[[0.0, 1.0]],
    )

    scale: Positive = Field(
        default=1.0,
        description="factor of all lengths, as 1e-3 for millimetres; then",
        examples=[2.0],
    )
    rotate: Turn = Field(
        default=(),
        description="turn about the origin: in two dimensions an angle in radians, in three "
        "[x, y, z], the axis times the angle; then",
        examples=["pi/6"],
    )
    translate: Point = Field(default=(), description="move by [x, y, …]", examples=[[1.0, 0.0]])

    @model_validator(mode="after")
    def check_placement(self) -> "Shape":
        """Check that the shape can be turned and moved like that."""
        if not self.is_moved:
            return self
        if self.rotate:
            _must_turn(len(self.rotate), self.dim)
        if self.translate:
            plane(self.translate, "translate", self.dim)
        return self

    @field_validator("time")
    @classmethod
    def check_time(cls, time: tuple[float, float] | None) -> tuple[float, float] | None:
        """Check that time does not go backward; where it stands still, initial values are all."""
        if time is not None and not time[0] <= time[1]:
            raise fault(
                f"must end after it begins, but is [{time[0]:g}, {time[1]:g}].",
                "Write time = [0.0, 1.0].",
            )
        return time

    @property
    def dim(self) -> int:
        """Number of space coordinates."""
        return len(self.unmoved_box[0])

    @property
    def is_axisymmetric(self) -> bool:
        """Whether the coordinates are the distance from an axis, and the place along it."""
        return self.coordinates == AXISYMMETRIC

    @property
    def revolved(self) -> float | None:
        """The longest side of the box around what is turned around an axis; None without one."""
        if not self.is_axisymmetric:  # of points in a file no box is known
            return None
        return max(b - a for a, b in zip(*self.box, strict=True))

    @property
    def is_box(self) -> bool:
        """Whether the shape is an interval, rectangle or box with sides along the axes."""
        return False

    @property
    def unmoved_box(self) -> Box:
        """Lower and upper corner of a box that holds the shape before it is moved."""
        raise NotImplementedError

    @property
    def box(self) -> Box:
        """Lower and upper corner of a box that holds the shape."""
        lower, upper = self.unmoved_box
        return self.placement.box(lower, upper) if self.is_moved else (lower, upper)

    @property
    def is_moved(self) -> bool:
        """Whether the shape is scaled, turned or translated."""
        return bool(self.scale != 1 or self.rotate or self.translate)

    @property
    def placement(self) -> Placement:
        """Where the shape is put."""
        return placement(self.dim, self.scale, self.rotate, self.translate)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """Names of the boundary pieces, without a prefix."""
        return ("surface",)


def _must_turn(count: int, dim: int) -> None:
    """Refuse as many numbers for a rotation as do not turn a shape of that dimension."""
    wanted = {2: 1, 3: 3}.get(dim)
    if wanted is None:
        raise fault(f"a shape of {dim} dimension(s) is not turned.", "Remove it.", key="rotate")
    if count != wanted:
        how = {1: 'one angle, as rotate = "pi/6"', 3: "the axis times the angle, as [0, 0, 0.5]"}
        raise fault(
            f"must have {wanted} number(s), but has {count}.", f"Write {how[wanted]}.", key="rotate"
        )


def unmoved(shape: AnyShape, message: str) -> AnyShape:
    """Refuse a shape that is moved though it cannot be, with a message."""
    if shape.is_moved:
        key = "scale" if shape.scale != 1 else "rotate" if shape.rotate else "translate"
        raise fault(message, "Remove it.", key=key)
    return shape


def plane(point: Point, key: str, count: int = 2) -> None:
    """Refuse a point that has not `count` coordinates."""
    if len(point) != count:
        raise fault(f"must have {count} numbers, but has {len(point)}.", key=key)


def ordered(lower: Point, upper: Point, key: str, axes: str = "xyz") -> None:
    """Refuse a box without inside."""
    for axis, (low, high) in enumerate(zip(lower, upper, strict=True)):
        if not low < high:
            name = axes[axis] if len(lower) <= len(axes) else f"x{axis + 1}"
            raise fault(
                f"the upper end {high:g} in {name} must lie above the lower end, {low:g}.", key=key
            )
