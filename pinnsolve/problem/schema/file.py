"""The problem file as written: one pydantic model per section, unknown keys forbidden.

The models are pure data. They check what can be said of one section alone; what ties sections
together (names, equations, pieces of the boundary) is checked by `pinnsolve.problem.load`.
Descriptions of the keys are the reference that ``pinnsolve schema`` prints.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from pinnsolve.problem.abilities import ABILITIES, DEFAULT_METHOD, NESTED
from pinnsolve.problem.schema.boundary import Boundary, Constraint
from pinnsolve.problem.schema.classical import Classical
from pinnsolve.problem.schema.data import Data
from pinnsolve.problem.schema.domain import SHAPES, Domain, piece_names
from pinnsolve.problem.schema.evolution import Evolution
from pinnsolve.problem.schema.functions import Function, TabulatedFunction
from pinnsolve.problem.schema.network import Network
from pinnsolve.problem.schema.nodes import MAX_NODES, Nodes, Seed
from pinnsolve.problem.schema.operator import Operator
from pinnsolve.problem.schema.region import AnyRegion, Interface
from pinnsolve.problem.schema.shape import Piece
from pinnsolve.problem.schema.time_discrete import TimeDiscrete
from pinnsolve.problem.schema.training import Phase
from pinnsolve.problem.schema.unknowns import Parameter, UnknownFunction, Unknowns
from pinnsolve.problem.schema.values import (
    Integer,
    NotNegative,
    Number,
    Positive,
    Section,
    Slabs,
    Text,
    fault,
)

__all__ = [
    "SHAPES",
    "Domain",
    "Parameter",
    "Phase",
    "Piece",
    "ProblemFile",
    "TabulatedFunction",
    "UnknownFunction",
    "piece_names",
]

Along: TypeAlias = Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]

if TYPE_CHECKING:
    MethodName: TypeAlias = str
else:
    MethodName = Literal[tuple(ABILITIES)]


class Extra(Section):
    """A further residual."""

    equation: Text = Field(
        description="an equation that holds as well; residual is lhs - rhs of the first of the "
        "equations, so d(residual, x, 3) is its third derivative",
        examples=["d(residual, x, 3) = 0"],
    )
    where: Text = Field(
        default="",
        description='where it holds: a condition on position, as "x < 0.5"; "x == 0" stands for '
        "the points with that coordinate; by default everywhere",
    )
    points: Annotated[Integer, Field(ge=1, le=MAX_NODES)] | None = Field(
        default=None, description="at how many points it holds; by default at the nodes there"
    )
    weight: Positive = Field(default=1.0, description="weight of the residual in the loss")


class Pde(Section):
    """What holds inside the domain."""

    equations: tuple[Text, ...] = Field(
        min_length=1,
        description='one per field: "lhs = rhs", or "expression" meaning = 0',
        examples=[["laplace(u) = f"]],
    )
    definitions: dict[str, Text] = Field(
        default_factory=dict, description="names for expressions of the fields: name = expression"
    )
    extra: tuple[Extra, ...] = Field(
        default=(),
        description="further residuals, one table [[pde.extra]] each: equation, where, points, "
        "weight; method pinn",
    )


class Solver(Section):
    """How to solve."""

    method: MethodName = Field(
        default=DEFAULT_METHOD,
        description="; ".join(f"{name}: {able.summary}" for name, able in ABILITIES.items()),
    )
    derivatives: Literal["rbf-fd", "taylor", "autograd", "zcs", "loop", "vectorised"] = Field(
        default="rbf-fd",
        description="rbf-fd for rbf-fd and dt-pinn; for pinn taylor, or autograd or zcs (Zero "
        "Coordinate Shift), exact as well and slower, to compare with; for operator, in steps of "
        "adam, taylor, rbf-fd, zcs, or as references loop, over functions, and vectorised, a copy "
        "of the points for each",
    )
    order: Annotated[Integer, Field(ge=2, le=6)] = Field(
        default=4, description="order of accuracy of RBF-FD, 2 to 6"
    )
    precision: Literal["float64", "mixed", "float32"] = Field(
        default="float64",
        description="precision of the network; mixed: values and least squares in float64, "
        "gradients for adam and lbfgs in float32",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="where to train")
    seed: Seed = Field(default=0, description="seed of the network's initial weights")
    baseline: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="whether the direct solution is computed beside a network's; auto: in up to "
        "three dimensions, above which it takes far longer than the network, and without it "
        "pinn's error is not estimated",
    )
    slabs: Slabs | None = Field(
        default=None, description="slabs of time, a network for each: their number, or auto"
    )
    accuracy: Positive | None = Field(
        default=None, description="relative error to be reached; missed, the exit code is 3"
    )
    allow: tuple[Literal["underdetermined"], ...] = Field(
        default=(),
        description="what is refused otherwise; underdetermined: of method operator, fewer "
        "conditions on the boundary than the equations need, which stays a warning in the report",
    )
    accelerate: Literal["auto", "none", "compile", "cuda-graph", "compile+cuda-graph"] = Field(
        default="auto",
        description="of adam and lbfgs with pinn's gradients by taylor; compile: the series of a "
        "layer as one kernel, by torch's compiler, which takes some ten seconds first and on a CPU "
        "pays for wide layers and high orders; cuda-graph: whole steps replayed, on a GPU; "
        "compile+cuda-graph: both; auto: none",
    )

    @model_validator(mode="before")
    @classmethod
    def resolve(cls, data: Any) -> Any:
        """Choose the derivatives by the method where the file does not."""
        if isinstance(data, dict) and "derivatives" not in data:
            named = str(data.get("method", DEFAULT_METHOD))
            able = ABILITIES.get(named, ABILITIES[DEFAULT_METHOD])  # a wrong name is refused later
            return {**data, "derivatives": able.derivatives[0]}
        return data

    @model_validator(mode="after")
    def check(self) -> "Solver":
        """Check that the method can work with the derivatives."""
        able = ABILITIES[self.method]
        fitting = able.derivatives
        if self.derivatives not in fitting:
            others = [m for m, other in ABILITIES.items() if self.derivatives in other.derivatives]
            remedies = " or ".join(f'method "{m}"' for m in others)
            names = " or ".join(f'"{name}"' for name in fitting)
            if "input" in able.takes and self.derivatives in NESTED:
                raise fault(
                    f'derivatives "{self.derivatives}" would add up those of functions that share '
                    "points.",
                    f"Choose {names}.",
                    key="derivatives",
                )
            raise fault(
                f'method "{self.method}" works with derivatives {names}, not "{self.derivatives}".',
                f"Remove derivatives, or choose {remedies}.",
                key="derivatives",
            )
        if self.accelerate not in ("auto", "none") and self.derivatives != "taylor":
            raise fault(
                f'accelerate "{self.accelerate}" is of derivatives "taylor", '
                f'not "{self.derivatives}".',
                f"Remove accelerate, or choose {_methods('accelerations', self.accelerate)}.",
                key="accelerate",
            )
        if self.accelerate.endswith("cuda-graph") and self.device == "cpu":
            raise fault(
                f'accelerate "{self.accelerate}" needs a GPU, but device is "cpu".',
                'Remove accelerate, or take "compile".',
                key="accelerate",
            )
        if self.precision not in able.precisions:
            raise fault(
                f'method "{self.method}" does not compute in precision "{self.precision}".',
                "Choose " + " or ".join(f'"{name}"' for name in able.precisions) + ".",
                key="precision",
            )
        return self


def _methods(ability: str, choice: str) -> str:
    """Return the methods that offer a choice, as a remedy names them."""
    names = (name for name, able in ABILITIES.items() if choice in getattr(able, ability))
    return " or ".join(f'method "{name}"' for name in names)


class Output(Section):
    """What is written besides the report."""

    formats: tuple[Literal["hdf", "vtu"], ...] = Field(
        default=("hdf", "vtu"),
        min_length=1,
        description="hdf: VTKHDF, HDF5 and ParaView in one; vtu: VTK in XML, in time one file for "
        "each level and solution.pvd, which lists them",
    )
    directory: str | None = Field(
        default=None, description="where to write; by default chosen by name"
    )
    checkpoint: NotNegative = Field(
        default=60.0,
        description="seconds between checkpoints of the training, from which a run that was "
        "stopped or killed goes on; 0 for none",
    )
    test_points: Annotated[Integer, Field(ge=1, le=MAX_NODES)] = Field(
        default=20_000, description="points on which the error against [exact] is measured"
    )
    derived: dict[str, Text] = Field(
        default_factory=dict,
        description="name = formula of the fields and their derivatives, shown with the fields",
        examples=[{"speed": "sqrt(u^2 + v^2)"}],
    )
    slices: tuple[Along, ...] = Field(
        default=(),
        description="lines and planes through the middle of the domain, by the names of one or two "
        "coordinates, along which the fields are shown: as pictures, tables, and series for "
        "ParaView",
        examples=[[["x", "y"], ["x"]]],
    )
    marginals: tuple[Along, ...] = Field(
        default=(),
        description="integrals of the fields over all other coordinates, by names of one or two",
        examples=[[["x1", "x2"], ["x1"]]],
    )
    profile: tuple[str, ...] = Field(
        default=(),
        description="of parameters found from data, those of which a profile is told: how much "
        "worse data are followed at other values, all else sought anew; --profile of pinnsolve "
        "solve is the same",
        examples=[["k"]],
    )
    forces: tuple[str, ...] = Field(
        default=(),
        description="of an incompressible flow, boundary pieces on which its force and moment are "
        "told",
        examples=[["cylinder.surface"]],
    )
    moments_about: tuple[Number, ...] | None = Field(
        default=None,
        description="point about which the moments are taken; by default each piece's centroid",
        examples=[[0.0, 0.0]],
    )


class ProblemFile(Section):
    """A whole problem file, as validated."""

    title: str = Field(default="", description="what the problem is, in one line")
    description: str = Field(default="", description="more about it")
    references: tuple[str, ...] = Field(default=(), description="what to cite")
    domain: Domain = Field(description="where the problem is posed")
    nodes: Nodes = Field(default_factory=Nodes, description="where the equations are to hold")
    constants: dict[str, Number] = Field(
        default_factory=dict, description='name = number, or expression of others: "0.01/pi"'
    )
    functions: dict[str, Function] = Field(
        default_factory=dict,
        description="name = expression in coordinates and constants; list = vector; "
        '"manufactured" = derived from [exact]; { file = "…", column = "…" } = interpolated',
    )
    unknowns: Unknowns = Field(description="what is sought")
    pde: Pde = Field(description="what holds inside the domain")
    region: tuple[AnyRegion, ...] = Field(
        default=(),
        description="materials: parts of the domain with names and equations of their own",
    )
    interface: tuple[Interface, ...] = Field(
        default=(),
        description="what holds between two regions; by default fields and fluxes go on",
    )
    boundary: tuple[Boundary, ...] = Field(
        default=(),
        description="what holds on the boundary; none if there are no derivatives in space",
    )
    constraint: tuple[Constraint, ...] = Field(
        default=(),
        description="what holds for means and integrals",
    )
    initial: dict[str, Text] = Field(
        default_factory=dict,
        description="field = expression: its value when time begins; where an equation holds "
        'u_tt, u_t = expression as well; "manufactured" = that of [exact]',
    )
    data: tuple[Data, ...] = Field(
        default=(),
        description="what was observed; [[boundary]] and [initial] are optional then; method pinn",
    )
    exact: dict[str, Text] = Field(
        default_factory=dict, description="field = expression: errors are reported against it"
    )
    reference: Classical | None = Field(
        default=None,
        description="a solution to measure errors against where there is no formula",
    )
    solver: Solver = Field(default_factory=Solver, description="how to solve")
    network: Network = Field(default_factory=Network, description="the network")
    training: tuple[Phase, ...] = Field(default=(), description="phases of the training, in order")
    output: Output = Field(default_factory=Output, description="what is written")
    time_discrete: TimeDiscrete | None = Field(
        default=None, description="few long steps in time, of many stages each"
    )
    operator: Operator | None = Field(
        default=None, description="a family of problems, of which all are solved at once"
    )
    evolution: Evolution | None = Field(
        default=None, description="a network whose weights evolve in time; method neural-ivp"
    )
