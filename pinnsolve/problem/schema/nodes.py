"""The section ``[nodes]``: where the equations are to hold."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from pinnsolve.problem.schema.values import ExistingFile, Integer, Positive, Section, Text, fault

MAX_NODES = 5_000_000
BYTES_PER_NODE = 2000  # weights of order 4 in two dimensions, matrices and their factors: at least
MAX_SEED = 2**63 - 1
MAX_LEVELS = 100_000
TIME_LEVELS = 25  # by default

Seed: TypeAlias = Annotated[Integer, Field(ge=0, le=MAX_SEED)]


def _affordable(count: int) -> int:
    """Refuse a number of nodes that no memory can hold."""
    if count > MAX_NODES:
        size = count / 1e9 * BYTES_PER_NODE
        raise fault(
            f"must be at most {MAX_NODES:,}, but is {count:.3g}, which would take more than "
            f"{size:.3g} GB.",
            "Lower it; errors fall with a power of the spacing, see [solver] order.",
        )
    return count


class Nodes(Section):
    """Where the equations are to hold: one of count, spacing, file."""

    count: Annotated[Integer, Field(ge=1), AfterValidator(_affordable)] | None = Field(
        default=None, description="number of nodes, interior and boundary", examples=[1663]
    )
    spacing: Positive | None = Field(
        default=None, description="distance between neighbouring nodes", examples=[0.05]
    )
    file: ExistingFile | None = Field(
        default=None,
        description="node set to read: HDF5, CSV or VTK",
        examples=["pointclouds/star.h5"],
    )
    seed: Seed = Field(default=0, description="seed of the random part of the generation")
    refine: Text | None = Field(
        default=None,
        description='expression: factor on the local spacing, as "0.2 + x**2"; or "auto": in the '
        "plane finer at small holes and pieces, where walls are close to each other, and at "
        "corners where values on the boundary jump",
    )
    time_levels: Annotated[Integer, Field(ge=2, le=MAX_LEVELS)] | None = Field(
        default=None,
        description="instants, evenly spaced over [domain] time, on which the equations of dt-pinn "
        f"hold and all solutions are written; by default {TIME_LEVELS}",
        examples=[25],
    )

    @model_validator(mode="after")
    def check(self) -> "Nodes":
        """Check that there is one way to get nodes."""
        given = [key for key in ("count", "spacing", "file") if getattr(self, key) is not None]
        if len(given) > 1:
            raise fault(
                f"{' and '.join(given)} are both given.",
                f"Keep one of them: {', '.join(given)}.",
                key=given[-1],
            )
        if self.file is not None and self.refine is not None:
            raise fault("refine has no effect on nodes from a file.", "Remove it.", key="refine")
        return self
