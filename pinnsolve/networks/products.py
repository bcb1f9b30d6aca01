"""Products of functions of one coordinate each: how many there are, and where they are held.

In a coordinate that is periodic the functions are waves, in any other, as time, polynomials:

    phi_k(x) = prod_i f_(k_i)(x_i),
    f = 1, cos(m w x), sin(m w x), m = 1 … K, w = 2 pi / period,   or   P_0(a) … P_p(a),

with Legendre's ``P`` on the box, ``a`` in ``[-1, 1]``. A periodic solution that is smooth is a
sum of such products to an error that falls exponentially with their number, which random waves of
the same frequencies do not reach. Those of space are as many as the nodes resolve; those of time
are chosen apart from them, one fewer than there are levels. Of three and more coordinates without
a period only products up to a total degree are taken,

    sum_i k_i / p_i <= 1,

a sixth of them in three: the others describe corners and little else. They have points as other
networks do, and no grid.

Equations hold on a grid: in time at Gauss's points, one for each polynomial; in space at more
points than functions, so that what a nonlinear term adds beyond the highest of them shows. Points
that mirror each other would tell of a function that is even or odd the same thing twice, so the
grid is laid so that none do. Sources: Canuto, Hussaini, Quarteroni & Zang (2006), Spectral Methods,
doi:10.1007/978-3-540-30726-6; for time as one more coordinate of such products Tal-Ezer (1989),
Spectral methods in time for parabolic problems, doi:10.1137/0726001.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, prod

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem

NODES_PER_FUNCTION = 1.25  # along an axis
POINTS_PER_FUNCTION = 1.4  # along an axis of space
MOST = 4000  # products of all fields together, whose least squares take some ten seconds
FEWEST = 4  # functions of a coordinate
WITHOUT_PERIOD = 3  # coordinates, from which on it is the total degree that is bounded
POINTS_PER_PRODUCT = 1.5  # of an equation, where there is no grid
PARITIES = {"odd": -1, "even": 1}


@dataclass(frozen=True)
class Axis:
    """Functions of one coordinate.

    Attributes
    ----------
    highest
        Wave number of the shortest wave, in waves a period, or the highest degree.
    period
        Of waves, in the unit of the coordinate; None of polynomials.
    parity
        1 if only even functions are wanted, -1 if only odd ones, 0 if all are.
    """

    highest: int
    period: float | None = None
    parity: int = 0

    @property
    def numbers(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Wave numbers of the cosines and of the sines, or degrees, and none."""
        if self.period is None:
            start, step = int(self.parity < 0), 1 + bool(self.parity)
            return tuple(range(start, self.highest + 1, step)), ()
        cosines = () if self.parity < 0 else tuple(range(self.highest + 1))
        return cosines, () if self.parity > 0 else tuple(range(1, self.highest + 1))

    @property
    def size(self) -> int:
        """Number of its functions."""
        return sum(map(len, self.numbers))

    def points(self, low: float, high: float, share: float) -> Float[ndarray, " n"]:
        """Return places between two bounds, a number for each function that need not be whole."""
        n = max(1, ceil(share * self.size))
        if self.period is not None:
            return low + (high - low) * (np.arange(n) + 0.25) / n
        nodes = np.polynomial.legendre.leggauss(2 * n if self.parity else n)[0]
        return low + (high - low) * (1 + nodes[:: 1 + bool(self.parity)]) / 2


def has_products(problem: Problem) -> bool:
    """Return whether the features that a problem asks for are such products."""
    return problem.settings.network.features == "waves"


def axes(problem: Problem, nodes: Nodes) -> tuple[Axis, ...]:
    """Return the functions of each coordinate, time the last; none if they are not asked for."""
    if not has_products(problem):
        return ()
    x = nodes.x[nodes.rows]
    sides = x.max(axis=0) - x.min(axis=0)
    along = sides * (len(x) / np.prod(sides)) ** (1 / nodes.dim)  # nodes, of each axis
    functions = [n / NODES_PER_FUNCTION for n in along]
    if problem.times is not None:
        functions.append(len(problem.times) - 1)
    parities = {problem.settings.network.symmetry.get(name, "") for name in problem.fields}
    parity = PARITIES.get(next(iter(parities)), 0) if len(parities) == 1 else 0
    own = [
        _axis(number, period, parity * (i == 0))
        for i, (number, period) in enumerate(zip(functions, periods(problem, nodes), strict=True))
    ]
    while len(problem.fields) * n_products(own) > MOST:
        largest = max(range(len(own)), key=lambda i: own[i].size)
        own[largest] = replace(own[largest], highest=own[largest].highest - 1)
        if own[largest].size < FEWEST:
            break
    return tuple(own)


def has_total_degree(axes: Sequence[Axis]) -> bool:
    """Return whether it is the total degree of the polynomials among them that is bounded."""
    return sum(axis.period is None for axis in axes) >= WITHOUT_PERIOD


def places(axes: Sequence[Axis]) -> Int[ndarray, "q d"]:
    """Return the places of the functions that make each product, the last one's running first."""
    own = np.stack(np.meshgrid(*(np.arange(a.size) for a in axes), indexing="ij"), -1)
    flat = own.reshape(-1, len(axes))
    if not has_total_degree(axes):
        return flat
    shares = np.zeros(len(flat))
    for axis, k in zip(axes, flat.T, strict=True):
        if axis.period is None:
            shares += np.array(axis.numbers[0])[k] / axis.highest
    return flat[shares <= 1 + 1e-9]


def n_products(axes: Sequence[Axis]) -> int:
    """Return the number of products, that of all constants included."""
    return len(places(axes)) if has_total_degree(axes) else prod(axis.size for axis in axes)


def _axis(functions: float, period: float | None, parity: int) -> Axis:
    """Return about as many functions of one coordinate, those of both parities counted."""
    highest = functions - 1 if period is None else (functions - 1) / 2
    return Axis(max(FEWEST, int(highest)), period, parity)


def periods(problem: Problem, nodes: Nodes) -> list[float | None]:
    """Return the period of each coordinate in which a network has to be periodic."""
    found: list[float | None] = [None] * (nodes.dim + (problem.times is not None))
    for condition in problem.boundary:
        if condition.is_built_in:
            (joint,) = (joint for joint in nodes.joints if set(joint.sides) == set(condition.on))
            found[joint.axis] = joint.period
    return found


@dataclass(frozen=True)
class Grid:
    """Where the equations hold.

    Attributes
    ----------
    places
        Of space; initial values hold there, too.
    instants
        At which equations hold at all places; None in a steady problem.
    moments
        At which conditions hold on the boundary, both ends of time among them; None likewise.
    """

    places: Float[ndarray, "m d"]
    instants: Float[ndarray, " k"] | None = None
    moments: Float[ndarray, " l"] | None = None

    @property
    def points(self) -> Float[ndarray, "M D"]:
        """All points at which the equations hold."""
        if self.instants is None:
            return self.places
        x = np.repeat(self.places, len(self.instants), axis=0)
        return np.column_stack([x, np.tile(self.instants, len(self.places))])


def grid(problem: Problem, nodes: Nodes) -> Grid | None:
    """Return the grid on which the equations hold for features that are products.

    None for other features, and where it would have far more points than there are products.

    Parameters
    ----------
    problem, nodes
        As of `axes`.
    """
    own = axes(problem, nodes)
    if not own or has_total_degree(own):
        return None
    x = nodes.x[nodes.rows]
    low, high = x.min(axis=0).tolist(), x.max(axis=0).tolist()
    sides = zip(own, low, high, strict=False)
    along = [axis.points(a, b, POINTS_PER_FUNCTION) for axis, a, b in sides]
    x = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, len(along))
    if problem.time is None:
        return Grid(x)
    begin, end = problem.time
    ends = np.sin(np.pi / 2 * np.linspace(0, 1, own[-1].size + 1)) ** 2  # of Chebyshev
    return Grid(x, own[-1].points(begin, end, 1.0), begin + (end - begin) * ends)
