"""A domain as written in ``[domain]``: a plain shape, or others combined.

A part of a combination may have a name, which then stands before the names of its boundary
pieces: ``hole.surface``.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pinnsolve.problem.schema.boxes import Brick, Unbounded
from pinnsolve.problem.schema.shape import Box, Shape
from pinnsolve.problem.schema.shapes import (
    Annulus,
    Ball,
    Disk,
    Ellipse,
    Interval,
    PointSet,
    Polygon,
    Rectangle,
    Star,
    Surface,
)
from pinnsolve.problem.schema.solids import Cone, Cylinder, Torus
from pinnsolve.problem.schema.values import Positive, fault

OF_THE_WHOLE = ("coordinates", "pieces", "time")  # keys


def _parts(value: object) -> object:
    """Refuse fewer than two parts, and keys of the whole domain in a part."""
    if isinstance(value, list | tuple):
        if len(value) < 2:
            raise fault(
                f"must have 2 parts or more, but has {len(value)}.",
                "Write of = [{ shape = …, }, { shape = … }].",
            )
        for i, part in enumerate(value):
            for key in OF_THE_WHOLE:
                if isinstance(part, dict) and key in part:
                    raise fault(f"{key} belongs to [domain], not to a part of it.", key=(i, key))
    return value


def _flat(shape: "Domain") -> "Domain":
    """Refuse to sweep what is no shape of the plane."""
    if isinstance(shape, PointSet | Unbounded) or shape.dim != 2:
        raise fault("must be a shape of the plane.", 'Write of = { shape = "disk", radius = 1 }.')
    for key in OF_THE_WHOLE:
        if key in shape.model_fields_set:
            raise fault(f"{key} belongs to [domain], not to a part of it.", key=key)
    return shape


class Extrusion(Shape):
    """The solid above a shape of the plane, from z = 0 up."""

    shape: Literal["extrusion"]
    of: Annotated["Domain", AfterValidator(_flat)] = Field(description="shape of the plane (x, y)")
    height: Positive = Field(description="how far up it reaches", examples=[1.0])

    @property
    def unmoved_box(self) -> Box:
        """The box of the shape, and the height."""
        lower, upper = self.of.box
        return (*lower, 0.0), (*upper, self.height)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The walls by the shape's pieces, then the ends."""
        return (*self.of.surfaces, "front", "back")


class Revolution(Shape):
    """The solid that a shape of the half plane sweeps around the axis z."""

    shape: Literal["revolution"]
    of: Annotated["Domain", AfterValidator(_flat)] = Field(
        description="shape of the half plane (r, z), r ≥ 0"
    )

    @property
    def unmoved_box(self) -> Box:
        """The box around all turned copies."""
        (left, low), (right, high) = self.of.box
        r = max(abs(left), abs(right))
        return (-r, -r, low), (r, r, high)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The shape's pieces; those on the axis turn out to be none."""
        return self.of.surfaces


class _Composite(Shape):
    of: Annotated[tuple["Domain", ...], BeforeValidator(_parts)] = Field(
        description="the parts, each a shape; a name makes its pieces name.piece"
    )

    @property
    def renames(self) -> tuple[dict[str, str], ...]:
        """For each part, what its pieces are called in the whole."""
        bare = Counter(piece for part in self.of if part.name is None for piece in part.surfaces)
        return tuple(
            {piece: _piece_of_whole(i, part, piece, bare) for piece in part.surfaces}
            for i, part in enumerate(self.of)
        )

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The pieces of all parts; some may turn out to lie outside the domain."""
        return tuple(name for renames in self.renames for name in renames.values())

    @model_validator(mode="after")
    def check(self) -> "_Composite":
        """Check that the parts fit together."""
        for i, part in enumerate(self.of):
            if isinstance(part, PointSet | Unbounded):
                what = "points" if isinstance(part, PointSet) else "all of space"
                raise fault(f"{what} cannot be combined with other shapes.", key=("of", i, "shape"))
            if part.dim != self.of[0].dim:
                raise fault(
                    f"part {i + 1} is {part.dim}-dimensional, part 1 {self.of[0].dim}-dimensional.",
                    key=("of", i, "shape"),
                )
        names = Counter(part.name for part in self.of if part.name is not None)
        for i, part in enumerate(self.of):
            if part.name is not None and names[part.name] > 1:
                raise fault(f'two parts have the name "{part.name}".', key=("of", i, "name"))
        return self


def _piece_of_whole(index: int, part: Shape, piece: str, bare: Mapping[str, int]) -> str:
    """Return a part's piece name in the whole; unnamed parts that clash are numbered."""
    if part.name is not None:
        return f"{part.name}.{piece}"
    return piece if bare[piece] == 1 else f"part{index + 1}.{piece}"


class Union(_Composite):
    """All parts together."""

    shape: Literal["union"]

    @property
    def unmoved_box(self) -> Box:
        """The box of all parts."""
        lowers, uppers = zip(*(part.box for part in self.of), strict=True)
        return (
            tuple(min(c) for c in zip(*lowers, strict=True)),
            tuple(max(c) for c in zip(*uppers, strict=True)),
        )


class Intersection(_Composite):
    """What all parts have in common."""

    shape: Literal["intersection"]

    @property
    def unmoved_box(self) -> Box:
        """The box common to all parts."""
        lowers, uppers = zip(*(part.box for part in self.of), strict=True)
        return (
            tuple(max(c) for c in zip(*lowers, strict=True)),
            tuple(min(c) for c in zip(*uppers, strict=True)),
        )


class Difference(_Composite):
    """The first part without the others."""

    shape: Literal["difference"]

    @property
    def unmoved_box(self) -> Box:
        """The box of the first part."""
        return self.of[0].box


SHAPES: dict[str, type[Shape]] = {
    "interval": Interval,
    "rectangle": Rectangle,
    "box": Brick,
    "disk": Disk,
    "ball": Ball,
    "ellipse": Ellipse,
    "annulus": Annulus,
    "star": Star,
    "polygon": Polygon,
    "cylinder": Cylinder,
    "cone": Cone,
    "torus": Torus,
    "extrusion": Extrusion,
    "revolution": Revolution,
    "surface": Surface,
    "points": PointSet,
    "unbounded": Unbounded,
    "union": Union,
    "intersection": Intersection,
    "difference": Difference,
}

Domain: TypeAlias = Annotated[
    Interval
    | Rectangle
    | Brick
    | Disk
    | Ball
    | Ellipse
    | Annulus
    | Star
    | Polygon
    | Cylinder
    | Cone
    | Torus
    | Extrusion
    | Revolution
    | Surface
    | PointSet
    | Unbounded
    | Union
    | Intersection
    | Difference,
    Field(discriminator="shape"),
]
for _model in (Extrusion, Revolution, Union, Intersection, Difference):
    _model.model_rebuild()


def piece_names(domain: Shape) -> list[str]:
    """Return the names of a domain's boundary pieces, in order; [] for points, known once read.

    A composite names its parts' pieces ``name.piece`` where the part has a name, ``piece`` where
    that is unique, and ``part2.piece`` (counted from one) where it is not.

    >>> piece_names(Rectangle(shape="rectangle", lower=[0, 0], upper=[1, 1]))
    ['left', 'right', 'bottom', 'top']
    """
    return [] if isinstance(domain, PointSet) else list(domain.surfaces)
