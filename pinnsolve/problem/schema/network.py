"""``[network]`` as written: which features, how many, and what is built into them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pinnsolve.problem.schema.values import (
    Integer,
    Section,
    fault,
)

MOST_OCTAVES = 16
MOST_DEGREE = 20  # of polynomials


class Network(Section):
    """The network that represents the fields; rbf-fd has none."""

    hidden: tuple[Annotated[Integer, Field(ge=1, le=100_000)], ...] | None = Field(
        default=None,
        max_length=100,
        description="widths of the hidden layers; by default the method's own; [] beside a "
        "polynomial for none",
        examples=[[50, 50, 50, 50]],
    )
    ansatz: dict[str, Literal["exp"]] = Field(
        default_factory=dict,
        description="of neural-ivp: field = exp for a density that is the exponential of a network "
        "and a polynomial",
        examples=[{"u": "exp"}],
    )
    polynomial: Annotated[Integer, Field(ge=0, le=MOST_DEGREE)] | None = Field(
        default=None,
        description="degree of the polynomial beside the network of an exponential; by default 2",
    )
    powers: Annotated[Integer, Field(ge=0, le=MOST_DEGREE)] | None = Field(
        default=None,
        description="degree up to which powers of single coordinates join that polynomial",
    )
    features: Literal["grown", "mlp", "waves", "reference"] | None = Field(
        default=None,
        description="grown: smooth features first, then bumps where the residual is, until it is "
        "small, or, of nonlinear problems whose solution is rough, where the direct solution is "
        "far; waves: products of waves in periodic coordinates and polynomials in the others "
        "and in time, of pinn on an interval, a rectangle or a box; mlp: hidden layers of fixed "
        "widths, the default where hidden is given, of nonlinear systems without a direct solution "
        "to follow, of dt-pinn in time and in several regions, and where a network cannot "
        "grow; reference: of method operator, the principal ones of the solutions that [reference] "
        "finds for the functions to train with, and so not from the equations alone",
    )
    activation: Literal["tanh", "sin", "swish", "gelu"] = Field(
        default="tanh", description="activation function of the hidden layers"
    )
    embedding: Literal["none", "fourier", "sinusoidal"] = Field(
        default="none",
        description="waves that the network is given, for solutions that oscillate much, as short "
        "as the nodes resolve well; fourier: random ones beside the coordinates; sinusoidal: "
        "octaves of each coordinate in its place",
    )
    octaves: Annotated[Integer, Field(ge=1, le=MOST_OCTAVES)] | None = Field(
        default=None,
        description='of embedding = "sinusoidal": how many for each coordinate, from a quarter of '
        "a wave per half width of the domain; by default as many as the points resolve",
    )
    symmetry: dict[str, Literal["odd", "even"]] = Field(
        default_factory=dict,
        description="field = odd or even in the first coordinate, built into the network",
        examples=[{"u": "odd"}],
    )
    trunk: tuple[Annotated[Integer, Field(ge=1, le=100_000)], ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="of method operator, in place of hidden: widths of the hidden layers of the "
        "functions of position that solutions are sums of",
        examples=[[1000]],
    )
    decoder: Literal["product", "joint"] | None = Field(
        default=None,
        description="of method operator; product: solutions are sums of functions of position, "
        "the factors functions of the input; joint: one network of position and input, whose "
        "widths hidden gives, for layers and fronts that move with a number",
    )
    branch: tuple[Annotated[Integer, Field(ge=1, le=100_000)], ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="of method operator: widths of the layers of the functions of the input; by "
        "default these are its principal coordinates and, of nonlinear problems, products of them",
        examples=[[128, 128, 128]],
    )
    outputs: Literal["split-branch", "split-trunk", "split-both", "independent"] | None = Field(
        default=None,
        description="of method operator with several fields: what these share. Each has weights of "
        "its own between all functions of position and all of the input, which is split-branch "
        "(functions of position are shared) and split-trunk (those of the input are) alike; "
        "split-both and independent, which share neither, are refused: weights of zero give them",
    )

    @model_validator(mode="after")
    def check(self) -> "Network":
        """Check that there are octaves where they are counted."""
        if self.octaves is not None and self.embedding != "sinusoidal":
            raise fault(
                f'embedding "{self.embedding}" has no octaves.',
                'Write embedding = "sinusoidal", or remove octaves.',
                key="octaves",
            )
        return self
