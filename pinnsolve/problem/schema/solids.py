"""Solids around an axis in any direction: cylinders, cones, tori."""

from math import hypot
from typing import Literal

from pydantic import Field, model_validator

from pinnsolve.problem.schema.shape import Box, Point, Shape, plane
from pinnsolve.problem.schema.values import NotNegative, Positive, fault


class Cylinder(Shape):
    """A cylinder, by two points of its axis and its radius."""

    shape: Literal["cylinder"]
    start: Point = Field(default=(0.0, 0.0, 0.0), description="where its axis begins [x, y, z]")
    end: Point = Field(description="where its axis ends [x, y, z]", examples=[[0.0, 0.0, 1.0]])
    radius: Positive = Field(description="radius", examples=[0.5])

    @property
    def unmoved_box(self) -> Box:
        """The box of both ends."""
        return _around_axis(self.start, self.end, (self.radius, self.radius))

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The wall and both ends."""
        return ("side", "end", "start")

    @model_validator(mode="after")
    def check(self) -> "Cylinder":
        """Check the axis."""
        _check_axis(self.start, self.end)
        return self


class Cone(Shape):
    """A cone, also cut off, by two points of its axis and the radii there."""

    shape: Literal["cone"]
    start: Point = Field(default=(0.0, 0.0, 0.0), description="where its axis begins [x, y, z]")
    end: Point = Field(description="where its axis ends [x, y, z]", examples=[[0.0, 0.0, 1.0]])
    radii: tuple[NotNegative, NotNegative] = Field(
        description="radii at start and end; one may be 0", examples=[[0.5, 0.0]]
    )

    @property
    def unmoved_box(self) -> Box:
        """The box of both ends."""
        return _around_axis(self.start, self.end, self.radii)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The wall, and the ends that are no tips."""
        ends = (("end", self.radii[1]), ("start", self.radii[0]))
        return ("side", *(name for name, radius in ends if radius > 0))

    @model_validator(mode="after")
    def check(self) -> "Cone":
        """Check axis and radii."""
        _check_axis(self.start, self.end)
        if not any(self.radii):
            raise fault("both radii are 0.", "Make one of them positive.", key="radii")
        return self


class Torus(Shape):
    """A ring: a tube around a circle."""

    shape: Literal["torus"]
    center: Point = Field(default=(0.0, 0.0, 0.0), description="centre [x, y, z]")
    axis: Point = Field(default=(0.0, 0.0, 1.0), description="direction of the axis [x, y, z]")
    radius: Positive = Field(description="radius of the circle in the tube", examples=[1.0])
    tube: Positive = Field(description="radius of the tube, smaller", examples=[0.25])

    @property
    def unmoved_box(self) -> Box:
        """The box around it."""
        norm = hypot(*self.axis)
        half = [self.radius * (1 - (a / norm) ** 2) ** 0.5 + self.tube for a in self.axis]
        pairs = list(zip(self.center, half, strict=True))
        return tuple(c - r for c, r in pairs), tuple(c + r for c, r in pairs)

    @model_validator(mode="after")
    def check(self) -> "Torus":
        """Check that there is a hole."""
        plane(self.center, "center", 3)
        plane(self.axis, "axis", 3)
        if not any(self.axis):
            raise fault("is zero: it has no direction.", "Write axis = [0, 0, 1].", key="axis")
        if not self.tube < self.radius:
            raise fault(
                f"the tube's radius {self.tube:g} must be smaller than the circle's, "
                f"{self.radius:g}: the ring would cross itself.",
                key="tube",
            )
        return self


def _check_axis(start: Point, end: Point) -> None:
    """Refuse an axis without direction, or out of space."""
    plane(start, "start", 3)
    plane(end, "end", 3)
    if start == end:
        raise fault("is where the axis starts: it has no direction.", key="end")


def _around_axis(start: Point, end: Point, radii: tuple[float, float]) -> Box:
    """Return the box of two disks across an axis."""
    axis = [b - a for a, b in zip(start, end, strict=True)]
    norm = hypot(*axis)
    wide = [(1 - (a / norm) ** 2) ** 0.5 for a in axis]
    disks = [
        [(c - w * r, c + w * r) for c, w in zip(center, wide, strict=True)]
        for center, r in zip((start, end), radii, strict=True)
    ]
    both = list(zip(*disks, strict=True))
    return tuple(min(a[0], b[0]) for a, b in both), tuple(max(a[1], b[1]) for a, b in both)
