"""Boxes along the axes in any number of dimensions, and all of space around one."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, WithJsonSchema, model_validator

from pinnsolve.problem.schema.shape import (
    MAX_DIMENSION,
    Box,
    Point,
    Shape,
    ordered,
    plane,
    unmoved,
)
from pinnsolve.problem.schema.values import Info, Integer, fault, read_integer

CORNER: Any = {"type": ["array", "number", "string"], "items": {"type": ["number", "string"]}}
Corner: TypeAlias = Annotated[Point, WithJsonSchema(CORNER)]


def _spread(data: Any, info: Info, **default: float) -> Any:
    """Return the keys of a box, a number for a corner written out for every coordinate."""
    if not isinstance(data, dict):
        return data
    data, names = {**default, **data}, data.get("coordinates")
    corners = [key for key in ("lower", "upper") if key in data]
    given = [len(data[key]) for key in corners if isinstance(data[key], list | tuple)]
    count = data.get("dimension")
    if count is not None:
        count = read_integer(count, info)
        if not 1 <= count <= MAX_DIMENSION:  # as the field says
            return data
        for key in corners:
            if isinstance(data[key], list | tuple) and len(data[key]) != count:
                raise fault(
                    f"must have {count} numbers, as dimension says, but has {len(data[key])}.",
                    "Give a number for each coordinate, or one for all.",
                    key=key,
                )
    elif isinstance(names, list | tuple) or given:
        count = given[0] if given else len(names or ())
    for key in corners:
        if not isinstance(data[key], list | tuple):
            if count is None:
                raise fault(
                    "is a number, but nothing says how many coordinates there are.",
                    "Add dimension = 3, or write a list.",
                    key=key,
                )
            data[key] = [data[key]] * count
    return data


class Brick(Shape):
    """A box along the axes, in three dimensions or more."""

    shape: Literal["box"]
    dimension: Annotated[Integer, Field(ge=1, le=MAX_DIMENSION)] | None = Field(
        default=None, description="number of coordinates, where lower and upper are numbers"
    )
    lower: Corner = Field(
        description="lower corner [x, y, z, …], or a number for all", examples=[[0.0, 0.0, 0.0]]
    )
    upper: Corner = Field(
        description="upper corner [x, y, z, …], or a number for all", examples=[[1.0, 1.0, 1.0]]
    )

    @model_validator(mode="before")
    @classmethod
    def spread(cls, data: Any, info: Info) -> Any:
        """Write numbers for corners out."""
        return _spread(data, info)

    @property
    def is_box(self) -> bool:
        """Unless it is turned."""
        return not any(self.rotate)

    @property
    def unmoved_box(self) -> Box:
        """The box itself."""
        return self.lower, self.upper

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The faces: by side in three dimensions, by axis above."""
        if len(self.lower) == 3:
            return ("left", "right", "bottom", "top", "front", "back")
        return tuple(f"{end}-x{i + 1}" for i in range(len(self.lower)) for end in ("low", "high"))

    @model_validator(mode="after")
    def check(self) -> "Brick":
        """Check the corners."""
        if len(self.lower) < 3:
            raise fault(
                f"must have 3 numbers or more, but has {len(self.lower)}.",
                'In two dimensions use shape = "rectangle", in one "interval".',
                key="lower",
            )
        plane(self.upper, "upper", len(self.lower))
        ordered(self.lower, self.upper, "upper")
        return self


class Unbounded(Shape):
    """All of space, of any dimension."""

    shape: Literal["unbounded"]
    dimension: Annotated[Integer, Field(ge=1, le=MAX_DIMENSION)] | None = Field(
        default=None, description="number of coordinates, where lower and upper are numbers"
    )
    lower: Corner = Field(
        default=(),
        description="lower corner of a box that holds the initial values, for sampling and "
        "pictures; by default -1 in all coordinates",
        examples=[-1.0],
    )
    upper: Corner = Field(
        default=(), description="its upper corner; by default 1 in all", examples=[1.0]
    )

    @model_validator(mode="before")
    @classmethod
    def spread(cls, data: Any, info: Info) -> Any:
        """Write numbers for corners out."""
        return _spread(data, info, lower=-1.0, upper=1.0)

    @property
    def unmoved_box(self) -> Box:
        """The box that holds the initial values."""
        return self.lower, self.upper

    @property
    def surfaces(self) -> tuple[str, ...]:
        """None: there is no boundary."""
        return ()

    @model_validator(mode="after")
    def check(self) -> "Unbounded":
        """Check the corners."""
        plane(self.upper, "upper", len(self.lower))
        ordered(self.lower, self.upper, "upper")
        return unmoved(self, "all of space is not moved.")
