"""The plain shapes a domain can have, as written in ``[domain]``: a model for each."""

from math import hypot
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pinnsolve.problem.data_files import dimension
from pinnsolve.problem.schema.shape import Box, Point, Shape, ordered, plane, unmoved
from pinnsolve.problem.schema.values import ExistingFile, Integer, Number, Positive, fault
from pinnsolve.problem.surface_files import groups_of, read_boundary

FLAT = 1e-12  # distance of corners from a line, in its lengths, that is rounding


def _around(center: Point, radii: Point) -> Box:
    """Return the box of the given half widths around a centre."""
    pairs = list(zip(center, radii, strict=True))
    return tuple(c - r for c, r in pairs), tuple(c + r for c, r in pairs)


class Interval(Shape):
    """A line from a to b."""

    shape: Literal["interval"]
    bounds: Point = Field(description="ends [a, b]", examples=[[0.0, 1.0]])

    @property
    def is_box(self) -> bool:
        """Always."""
        return True

    @property
    def unmoved_box(self) -> Box:
        """Lower and upper end."""
        return (self.bounds[0],), (self.bounds[1],)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The two ends."""
        return ("left", "right")

    @model_validator(mode="after")
    def check(self) -> "Interval":
        """Check the ends."""
        plane(self.bounds, "bounds")
        ordered(self.bounds[:1], self.bounds[1:], "bounds")
        return self


class Rectangle(Shape):
    """A rectangle along the axes."""

    shape: Literal["rectangle"]
    lower: Point = Field(description="lower left corner [x, y]", examples=[[0.0, 0.0]])
    upper: Point = Field(description="upper right corner [x, y]", examples=[[1.0, 1.0]])

    @property
    def is_box(self) -> bool:
        """Unless it is turned."""
        return not any(self.rotate)

    @property
    def unmoved_box(self) -> Box:
        """The rectangle itself."""
        return self.lower, self.upper

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The four sides."""
        return ("left", "right", "bottom", "top")

    @model_validator(mode="after")
    def check(self) -> "Rectangle":
        """Check the corners."""
        plane(self.lower, "lower")
        plane(self.upper, "upper")
        ordered(self.lower, self.upper, "upper")
        return self


class Disk(Shape):
    """A disk."""

    shape: Literal["disk"]
    center: Point = Field(default=(0.0, 0.0), description="centre [x, y]")
    radius: Positive = Field(description="radius, positive", examples=[1.0])

    @property
    def unmoved_box(self) -> Box:
        """The square around the disk."""
        return _around(self.center, (self.radius,) * 2)

    @model_validator(mode="after")
    def check(self) -> "Disk":
        """Check the centre."""
        plane(self.center, "center")
        return self


class Ball(Shape):
    """A ball in three dimensions or more."""

    shape: Literal["ball"]
    center: Point = Field(default=(0.0, 0.0, 0.0), description="centre [x, y, z, …]")
    radius: Positive = Field(description="radius, positive", examples=[1.0])

    @property
    def unmoved_box(self) -> Box:
        """The cube around the ball."""
        return _around(self.center, (self.radius,) * len(self.center))

    @model_validator(mode="after")
    def check(self) -> "Ball":
        """Check the dimension."""
        if len(self.center) < 3:
            raise fault(
                f"must have 3 numbers or more, but has {len(self.center)}.",
                'In two dimensions use shape = "disk".',
                key="center",
            )
        return self


class Ellipse(Shape):
    """An ellipse."""

    shape: Literal["ellipse"]
    center: Point = Field(default=(0.0, 0.0), description="centre [x, y]")
    radii: tuple[Positive, ...] = Field(description="half axes [a, b]", examples=[[2.0, 1.0]])
    angle: Number = Field(
        default=0.0, description='angle of the first half axis in radians, as "pi/6"'
    )

    @property
    def unmoved_box(self) -> Box:
        """A square around the ellipse at any angle."""
        return _around(self.center, (max(self.radii),) * 2)

    @model_validator(mode="after")
    def check(self) -> "Ellipse":
        """Check centre and half axes."""
        plane(self.center, "center")
        plane(self.radii, "radii")
        return self


class Annulus(Shape):
    """The ring between two circles."""

    shape: Literal["annulus"]
    center: Point = Field(default=(0.0, 0.0), description="centre [x, y]")
    inner: Positive = Field(description="inner radius", examples=[0.5])
    outer: Positive = Field(description="outer radius", examples=[1.0])

    @property
    def unmoved_box(self) -> Box:
        """The square around the outer circle."""
        return _around(self.center, (self.outer,) * 2)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The two circles."""
        return ("inner", "outer")

    @model_validator(mode="after")
    def check(self) -> "Annulus":
        """Check that there is a ring."""
        plane(self.center, "center")
        if not self.inner < self.outer:
            raise fault(
                f"the outer radius {self.outer:g} must be greater than the inner {self.inner:g}.",
                key="outer",
            )
        return self


class Star(Shape):
    """A star with rounded points: r(θ) = radius (1 + amplitude cos(points θ))."""

    shape: Literal["star"]
    center: Point = Field(default=(0.0, 0.0), description="centre [x, y]")
    radius: Positive = Field(description="mean radius", examples=[1.0])
    amplitude: Number = Field(
        description="depth of the points as a part of the radius, in (-1, 1)", examples=[0.2]
    )
    points: Annotated[Integer, Field(ge=1, le=1000)] = Field(
        description="number of points", examples=[5]
    )

    @property
    def unmoved_box(self) -> Box:
        """The square around the tips."""
        return _around(self.center, (self.radius * (1 + abs(self.amplitude)),) * 2)

    @model_validator(mode="after")
    def check(self) -> "Star":
        """Check that the radius stays positive."""
        plane(self.center, "center")
        if not abs(self.amplitude) < 1:
            raise fault(
                f"must lie between -1 and 1, but is {self.amplitude:g}: the curve would cross "
                "itself at the centre.",
                key="amplitude",
            )
        return self


class Polygon(Shape):
    """A polygon."""

    shape: Literal["polygon"]
    vertices: tuple[Point, ...] = Field(
        description="corners [[x, y], …] in order", examples=[[[0, 0], [1, 0], [0, 1]]]
    )

    @property
    def unmoved_box(self) -> Box:
        """The box of the corners."""
        columns = list(zip(*self.vertices, strict=True))
        return tuple(min(c) for c in columns), tuple(max(c) for c in columns)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The edges, counter-clockwise from the first vertex."""
        return tuple(f"edge{i + 1}" for i in range(len(self.vertices)))

    @model_validator(mode="after")
    def check(self) -> "Polygon":
        """Check the corners one by one; crossings are the geometry's business."""
        if len(self.vertices) < 3:
            raise fault(
                f"must have 3 vertices or more, but has {len(self.vertices)}.", key="vertices"
            )
        for vertex in self.vertices:
            plane(vertex, "vertices")
        for i, vertex in enumerate(self.vertices):
            if vertex == self.vertices[i - 1]:
                before = len(self.vertices) if i == 0 else i
                raise fault(
                    f"vertices {min(before, i + 1)} and {max(before, i + 1)} are the same point.",
                    "Remove one; the polygon closes itself.",
                    key="vertices",
                )
        if self._is_flat:
            raise fault(
                "all vertices lie on one line, and there is no inside.",
                "Move one of them off it.",
                key="vertices",
            )
        return self

    @property
    def _is_flat(self) -> bool:
        """Whether all corners lie on the line through the first and the one farthest from it."""
        (x0, y0), *others = self.vertices
        sides = [(x - x0, y - y0) for x, y in others]
        a, b = max(sides, key=lambda side: hypot(*side))
        return all(abs(a * y - b * x) <= FLAT * hypot(a, b) ** 2 for x, y in sides)


class Surface(Shape):
    """A closed curve or surface from a file."""

    shape: Literal["surface"]
    file: ExistingFile = Field(
        description="STL, OBJ, PLY, VTK, VTU or MSH; in two dimensions GeoJSON, WKT or SVG, or a "
        "mesh in the plane"
    )
    group: str | None = Field(
        default=None,
        description="of a mesh that fills it, the group of cells, by name or number; as a "
        "[[region]], one material of several",
    )

    @property
    def unmoved_box(self) -> Box:
        """The box of the vertices."""
        return read_boundary(self.file, self.group).box

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The groups of the file."""
        return read_boundary(self.file, self.group).names

    @model_validator(mode="after")
    def check(self) -> "Surface":
        """Check that the file has the group."""
        if self.group is not None and self.group not in (known := groups_of(self.file)):
            told = f"Known: {', '.join(known)}." if known else "It has no groups of cells."
            raise fault(f'the file has no group of cells "{self.group}".', told, key="group")
        return self


class PointSet(Shape):
    """Interior and boundary points with normals, from a file."""

    shape: Literal["points"]
    file: ExistingFile = Field(description="HDF5, CSV or VTK file of points, tags and normals")

    @property
    def dim(self) -> int:
        """Number of coordinates in the file."""
        return dimension(self.file)

    @model_validator(mode="after")
    def check(self) -> "PointSet":
        """Check that the points stay where they are."""
        return unmoved(self, "points in a file stay where they are.")
