"""The sections ``[[region]]`` and ``[[interface]]``: materials, and what holds between them.

A region is told by a condition, by a shape, whose keys stand beside the region's own, or as the
rest. So there is a model for each shape, which has the keys of both.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from pinnsolve.problem.schema.domain import SHAPES
from pinnsolve.problem.schema.functions import Function
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.schema.values import Number, Positive, Section, Text, fault, in_words

OF_DOMAIN = ("coordinates", "pieces", "time")  # keys of shapes that are those of the whole


class Region(Section):
    """A part of the domain with names and equations of its own."""

    name: str = Field(description="name of the region, for [[interface]] between: u.name")
    where: Text | None = Field(
        default=None,
        description='where it lies: a condition on position, as "x < 0.5"; or a shape and its '
        "keys, as in [domain]; neither for the rest, of one region",
        examples=["x < 0.5"],
    )
    constants: dict[str, Number] = Field(
        default_factory=dict,
        description="[region.constants]: they count before those of [constants] of the same name",
    )
    functions: dict[str, Function] = Field(
        default_factory=dict,
        description="[region.functions]: they count before those of [functions] of the same name",
    )
    equations: tuple[Text, ...] | None = Field(
        default=None,
        min_length=1,
        description="what holds in it, in place of [pde] equations",
        examples=[["k*laplace(u) = f"]],
    )

    @model_validator(mode="before")
    @classmethod
    def refuse_keys_of_domain(cls, data: Any) -> Any:
        """Refuse keys of shapes that are those of the whole domain."""
        for key in OF_DOMAIN:
            if isinstance(data, dict) and key in data:
                raise fault(f"{key} belongs to [domain], not to a region.", key=key)
        return data

    @property
    def shape_of(self) -> Shape | None:
        """Its shape, as that of a domain; None if it has none."""
        kind = SHAPES.get(getattr(self, "shape", ""))
        if kind is None:
            return None
        own = (key for key in kind.model_fields if key != "name")
        return kind.model_construct(None, **{key: getattr(self, key) for key in own})

    @model_validator(mode="after")
    def check_place(self) -> "Region":
        """Check that there is one place."""
        if self.where is not None and hasattr(self, "shape"):
            raise fault(
                "where and shape are both given.",
                "Keep one of them; a part of a shape is an intersection.",
                key="where",
            )
        return self


def _kind(value: object) -> str:
    """Return the shape of a region, empty if it has none."""
    if isinstance(value, dict):
        return str(value.get("shape", ""))
    return str(getattr(value, "shape", ""))


def _with_shape(model: type[Shape]) -> type[Region]:
    """Return the model of a region that has a shape."""
    about = {"__doc__": f"{model.__doc__}", "__module__": __name__}
    return type(f"{model.__name__}Region", (Region, model), about)


REGIONS: dict[str, type[Region]] = {  # without points, which do not say what lies inside
    "": Region,
    **{shape: _with_shape(model) for shape, model in SHAPES.items() if shape != "points"},
}
if TYPE_CHECKING:
    AnyRegion: TypeAlias = Region
else:
    AnyRegion = Annotated[
        reduce(or_, (Annotated[model, Tag(shape)] for shape, model in REGIONS.items())),
        Discriminator(_kind),
    ]


class Interface(Section):
    """What holds between two regions, in place of one of the defaults."""

    between: tuple[str, str] = Field(
        description="names of the two regions; n, the unit normal, points from the first into the "
        "second",
        examples=[["inside", "outside"]],
    )
    condition: Text = Field(
        description="equation in the fields on either side, u.inside and u.outside, their "
        "derivatives and dn()",
        examples=["u.inside - u.outside = 0.1*dn(u.outside)"],
    )
    weight: Positive = Field(default=1.0, description="weight of the condition in the loss")

    @field_validator("between", mode="before")
    @classmethod
    def check_between(cls, value: object) -> object:
        """Check that two regions are named."""
        if isinstance(value, list | tuple) and len(value) == 2:
            return value
        raise fault(f"must name two regions, but is {in_words(value)}.", 'Write it as ["a", "b"].')
