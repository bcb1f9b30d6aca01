"""The section ``[evolution]``: a network whose weights evolve in time."""

from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from pinnsolve.problem.schema.values import (
    Info,
    Integer,
    NotNegative,
    Positive,
    Section,
    Text,
    fault,
    in_words,
    read_integer,
    read_number,
)

MOST_SAMPLES, MOST_TIMES, MOST_RESTARTS, MOST_RANK = 10_000_000, 10_000, 1000, 10_000
TIMES = 11


def _read_times(value: object, info: Info) -> int | tuple[float, ...]:
    """Return a number of instants, both ends of time counted, or the instants."""
    if isinstance(value, list | tuple):
        times = tuple(read_number(one, info) for one in value)
        if len(times) < 2 or not all(a < b for a, b in pairwise(times)):
            raise fault(
                "must be two instants or more, each later than the one before.",
                "Write output_times = [0.0, 0.5, 1.0], or a number of them.",
            )
        return times
    number = read_integer(value, info)
    if not 2 <= number <= MOST_TIMES:
        raise fault(f"must be from 2 to {MOST_TIMES:,}, but is {number}.")
    return number


def _plain(times: int | tuple[float, ...]) -> int | list[float]:
    """Return them as a file has them."""
    return list(times) if isinstance(times, tuple) else times


def _read_restarts(value: object, info: Info) -> int | str:
    """Return a number of restarts, or ``"auto"``."""
    if isinstance(value, str) and value.isalpha():
        if value != "auto":
            raise fault(f'must be a number or "auto", but is {in_words(value)}.')
        return value
    number = read_integer(value, info)
    if not 0 <= number <= MOST_RESTARTS:
        raise fault(f"must be from 0 to {MOST_RESTARTS:,}, but is {number}.")
    return number


NUMBERS: Any = {
    "anyOf": [
        {"type": ["integer", "string"]},
        {"type": "array", "items": {"type": ["number", "string"]}},
    ]
}
Times: TypeAlias = Annotated[
    int | tuple[float, ...],
    PlainValidator(_read_times),
    PlainSerializer(_plain),  # pydantic's own warns of a tuple
    WithJsonSchema(NUMBERS),
]
Restarts: TypeAlias = Annotated[
    int | str, PlainValidator(_read_restarts), WithJsonSchema({"type": ["integer", "string"]})
]


class Evolution(Section):
    """How the weights of a network evolve in time; of neural-ivp."""

    preset: Literal["ednn", "paper"] | None = Field(
        default=None,
        description="settings to compare with, of what the file leaves open here and in [network]; "
        "ednn: 4 layers of 30 tanh, dense, no restarts, fitted by adam; paper: 3 layers of 100 "
        "swish over five octaves, rk45, cg of rank 200, ten restarts, fitted by adam+head",
    )
    weights: Literal["auto", "frozen", "moving"] = Field(
        default="auto",
        description="which weights evolve; moving: all of them; frozen: those of the last layer, "
        "exactly in time, for equations u_t = … or u_tt = … with second derivatives in space and "
        "constant coefficients, and zero values on the boundary; auto: frozen where that may be "
        "and hidden is not given",
    )
    integrator: Literal["rk23", "rk45", "radau", "exact"] = Field(
        default="rk23",
        description="steps in time, as long as their error, in the norm of the solution, allows; "
        "rk23, rk45: explicit Runge-Kutta methods of order 3 and 5; radau: an implicit one of "
        "order 3 by Gauss-Newton, with matrices of the weights, for what is stiff, as diffusion, "
        "not of particles; exact: none, as of frozen weights, which it asks for",
    )
    rtol: Positive = Field(
        default=1e-4, description="relative error of a step in time, in the norm of the solution"
    )
    samples: Annotated[Integer, Field(ge=16, le=MOST_SAMPLES)] = Field(
        default=4000,
        description="points at which the equations hold in each step; as many others, which it has "
        "not seen, tell what it leaves",
    )
    sampling: Literal["auto", "uniform", "adaptive", "particles"] = Field(
        default="auto",
        description="uniform: spread evenly, the same in all steps; adaptive: half of them where "
        "the fields and their rates are large, drawn anew for each step; particles: drawn from the "
        "initial values of a density and carried by its flow; auto: particles of an exponential, "
        "else adaptive",
    )
    restarts: Restarts = Field(
        default="auto",
        description="times at which the network is fitted afresh to what it has become: their "
        "number, evenly spaced, or auto: when what its weights leave unsolved has doubled, and a "
        "fit would leave less",
    )
    regularization: NotNegative = Field(
        default=1e-9,
        description="weight of the rates of the weights beside the residual, relative to the trace "
        "of its matrix; raised where steps collapse",
    )
    fit: Literal["gauss-newton", "adam", "adam+head"] = Field(
        default="gauss-newton",
        description="how networks are fitted to the initial values and, at restarts, to what they "
        "have become; gauss-newton: features of the best frequency first, then all weights; adam: "
        "by gradients, from features as slow as the domain is large; adam+head: the last layer by "
        "least squares in the end",
    )
    fit_iterations: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None,
        description="iterations of a fit at most; by default 100, or 20,000 of adam",
    )
    linear_solver: Literal["auto", "dense", "cg"] = Field(
        default="auto",
        description="how rates of weights are solved for; dense: by a matrix of weights or of "
        "samples, the fewer; cg: by products alone, conjugate gradients under a preconditioner; "
        "auto: cg where the matrix would be large",
    )
    preconditioner_rank: Annotated[Integer, Field(ge=1, le=MOST_RANK)] = Field(
        default=50,
        description="columns of the preconditioner of cg at first; as many are added, as long as "
        "they save more than they cost",
    )
    output_times: Times = Field(
        default=TIMES,
        description="instants at which the solution is written: a list, or their number, both ends "
        "of time counted",
        examples=[[0.0, 0.5, 1.0]],
    )
    residual_limit: Positive | None = Field(
        default=None,
        description="what may be left of the equations, relative to the rates, at points that a "
        "step has not seen; where more is, the work ends, the exit code is 4, and the solution is "
        "kept up to the last good instant",
        examples=[0.1],
    )
    moments: Annotated[Integer, Field(ge=0, le=2)] | None = Field(
        default=None,
        description="up to which order moments of the fields are told at all instants: 0, their "
        "integrals; 1, with the means of the coordinates; 2, with their covariances",
    )
    conserved: dict[str, Text] = Field(
        default_factory=dict,
        description="name = formula of the fields and their derivatives, whose integral is told at "
        "all instants, with how far it has changed",
        examples=[{"energy": "u_t^2/2 + dot(grad(u), grad(u))/2"}],
    )
