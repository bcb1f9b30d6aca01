"""What an equation carries and what it spreads: velocities and diffusivities at points.

An equation for one field is, with derivatives in space up to the second,

    c u_t + b.grad(u) - sum_jk a_jk u_jk + ... = 0.

Over a distance ``h`` along a direction ``n`` convection rules if the cell Péclet number

    Pe = |b.n| h / |n.a.n|

is more than one. There a ghost node does harm: its coefficient in the row of a boundary node at the
outflow, ``a/h^2 - b.n/(2 h)`` on a line, has the wrong sign beyond ``Pe = 2``, and what is carried
grows. Where nothing is spread, a ghost has no equation of its own at all. So ghosts are withheld
where convection rules along the normal: stencils there are one-sided. Where values are given and
what is carried glides along the wall, far faster than it spreads from it, the error of the
derivatives along the wall does the same to a ghost, and it is withheld too.

Where nearly everything is spread along the boundary a ghost has no equation either: with ``n.a.n``
far below ``|a|`` what stands before it is the error of the derivatives along the boundary, and the
modes that follow grow at many times ``|a|/h^2``. There ghosts are withheld, too.
Cell Péclet numbers: Roos, Stynes & Tobiska (2008), doi:10.1007/978-3-540-34467-4.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.diffop import DiffOp, in_space
from pinnsolve.equations import axisymmetry
from pinnsolve.equations.equation import Equation
from pinnsolve.errors import ProblemError
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.outward import local_spacing
from pinnsolve.geometry.periodic import on_joints
from pinnsolve.geometry.sight import Sight
from pinnsolve.problem import Problem

MOMENTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the time at which coefficients are looked at
RULES = 1.0  # cell Péclet number beyond which ghosts are withheld
NEXT, SAME_SIDE = 1.5, 0.7  # spacings to a neighbour, cosine of the angle between normals
GLIDES = 5.0  # cell Péclet number along a wall of given values beyond which they are, in time
STILL = 1e-9  # speed, relative to the largest, that counts as none
# share of diffusion along the normal below which ghosts are withheld: with less than a hundredth
# they grow, with a thirtieth and more nodes are as accurate with them as without
ALONG = 0.03


@dataclass(frozen=True)
class Convection:
    """Coefficients of a linear equation for one field, at points and, in time, several instants.

    Attributes
    ----------
    rate
        Of the derivative in time; ones if there is none.
    velocity
        Of the first derivatives in space.
    diffusivity
        Minus those of the second.
    """

    rate: Float[ndarray, "k n"]
    velocity: Float[ndarray, "k n d"]
    diffusivity: Float[ndarray, "k n d d"]

    @property
    def is_first_order(self) -> bool:
        """Whether nothing is spread anywhere."""
        return not self.diffusivity.any()

    @property
    def speed(self) -> Float[ndarray, " n"]:
        """Largest speed at each point."""
        return np.asarray(np.linalg.norm(self.velocity / self.rate[..., None], axis=2).max(axis=0))

    @property
    def diffusion(self) -> Float[ndarray, " n"]:
        """Largest diffusivity in any direction at each point."""
        sizes = np.linalg.norm(self.diffusivity / self.rate[..., None, None], ord=2, axis=(2, 3))
        return np.asarray(sizes.max(axis=0))

    @property
    def least_share(self) -> Float[ndarray, " n"]:
        """Least share of the largest diffusivity that is in any direction at each point."""
        sizes = np.linalg.svd(self.diffusivity, compute_uv=False)
        largest, least = sizes[..., 0], sizes[..., -1]
        return np.divide(least, largest, out=np.ones_like(least), where=largest > 0).min(axis=0)

    def peclet(
        self, normals: Float[ndarray, "n d"], h: Float[ndarray, " n"]
    ) -> Float[ndarray, " n"]:
        """Return the largest cell Péclet number along a direction at each point.

        Parameters
        ----------
        normals
            The directions, of length one.
        h
            The distances between nodes there.
        """
        along = np.abs(np.einsum("knd,nd->kn", self.velocity, normals)) * h
        across = self._spread(normals)
        along[along <= STILL * along.max(initial=0.0)] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(along / across, nan=0.0, posinf=np.inf).max(axis=0)

    def share(self, normals: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
        """Return the least share of the largest diffusivity that is along a direction.

        Parameters
        ----------
        normals
            The directions, of length one.
        """
        across = self._spread(normals)
        largest = np.linalg.norm(self.diffusivity, ord=2, axis=(2, 3))
        return np.divide(across, largest, out=np.ones_like(across), where=largest > 0).min(axis=0)

    def peclet_across(
        self, normals: Float[ndarray, "n d"], h: Float[ndarray, " n"]
    ) -> Float[ndarray, " n"]:
        """Return the largest cell Péclet number of the speed, and what is spread along directions.

        Parameters
        ----------
        normals, h
            As of `peclet`.
        """
        speed = np.linalg.norm(self.velocity, axis=2) * h
        across = self._spread(normals)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(speed / across, nan=0.0, posinf=np.inf).max(axis=0)

    def _spread(self, normals: Float[ndarray, "n d"]) -> Float[ndarray, "k n"]:
        """Return the diffusivity along directions."""
        return np.asarray(np.abs(np.einsum("nd,knde,ne->kn", normals, self.diffusivity, normals)))

    def peclet_along(self, h: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Return the largest cell Péclet number at each point, along the velocity there."""
        speed = np.linalg.norm(self.velocity, axis=2)
        spread = np.einsum("knd,knde,kne->kn", self.velocity, self.diffusivity, self.velocity)
        with np.errstate(divide="ignore", invalid="ignore"):
            pe = speed**3 * h / np.abs(spread)
        return np.nan_to_num(pe, nan=0.0, posinf=np.inf).max(axis=0)


def convection(problem: Problem, x: Float[ndarray, "n d"]) -> Convection | None:
    """Return velocities and diffusivities of a problem; None if its equation has no such form.

    It is not for systems, for coefficients that depend on fields or on unknown constants, for
    derivatives in space beyond the second, and for waves.

    Parameters
    ----------
    problem
        Whose equation.
    x
        Points of space.
    """
    if len(problem.fields) != 1 or len(problem.equations) != 1 or problem.parameters:
        return None
    (equation,) = problem.equations
    if not equation.is_linear:
        return None
    dim, moments = x.shape[1], 1
    points = x
    if problem.time is not None:
        begin, end = problem.time
        instants = [begin + share * (end - begin) for share in MOMENTS]
        points = np.concatenate([np.column_stack([x, np.full(len(x), t)]) for t in instants])
        moments = len(MOMENTS)
    try:
        with np.errstate(all="ignore"):
            slopes = equation.bind(points).partials({})
    except ProblemError:  # infinite somewhere
        return None
    rate, velocity = np.zeros(len(points)), np.zeros((len(points), dim))
    diffusivity = np.zeros((len(points), dim, dim))
    for term in equation.terms:
        order_in_time, op = (0, term.op) if problem.time is None else in_space(term.op)
        if order_in_time > 1 or (order_in_time and op.order) or op.order > 2:
            return None
        slope = np.broadcast_to(slopes[term], len(points))
        if not np.isfinite(slope).all():
            return None
        rate += order_in_time * slope
        _add(op, slope, velocity, diffusivity)
    velocity[:, 0] -= _around_axis(equation, points[:, 0], diffusivity)
    if problem.time is None:
        rate[:] = 1.0
    if not np.abs(rate).min(initial=np.inf) > 0:
        return None
    return Convection(
        rate.reshape(moments, -1),
        velocity.reshape(moments, len(x), dim),
        diffusivity.reshape(moments, len(x), dim, dim),
    )


def _around_axis(
    equation: Equation, r: Float[ndarray, " n"], diffusivity: Float[ndarray, "n d d"]
) -> Float[ndarray, " n"]:
    """Return the factor of ``u_r`` in diffusion around an axis, ``-a (u_rr + u_r/r)``."""
    size = equation.symbols.revolved
    if size is None:
        return np.zeros(len(r))
    return -axisymmetry.values(r, size)[axisymmetry.OVER] * diffusivity[:, 0, 0]


def without_ghosts(problem: Problem, nodes: Nodes) -> Nodes:
    """Return nodes of which ghosts are withheld where little is spread along the normal.

    Parameters
    ----------
    problem
        What is to be solved.
    nodes
        Where, ghosts included.
    """
    found = convection(problem, nodes.x[nodes.boundary]) if nodes.has_ghosts else None
    if found is None or not (found.velocity.any() or found.diffusivity.any()):
        return nodes
    if found.is_first_order and problem.time is None:  # may be read in either direction
        return nodes
    if found.is_first_order:
        is_ruled = np.ones(nodes.n_boundary, dtype=bool)
    else:
        h = local_spacing(nodes)
        is_ruled = found.peclet(nodes.normals, h) > RULES
        is_ruled |= _beside(is_ruled, nodes, h)
        is_ruled |= found.share(nodes.normals) < ALONG
        is_ruled |= _glides(problem, nodes, h)
    is_ruled &= ~on_joints(nodes) & ~nodes.on_interface
    return _withheld(nodes, is_ruled) if is_ruled.any() else nodes


def _glides(problem: Problem, nodes: Nodes, h: Float[ndarray, " B"]) -> Bool[ndarray, " B"]:
    """Return the boundary nodes with given values along which far more is carried than spreads."""
    is_fast = np.zeros(nodes.n_boundary, dtype=bool)
    for depth in (0.0, 1.0) if problem.time is not None else ():
        # in spacings: at a wall that holds the fluid nothing moves, but next to it
        found = convection(problem, nodes.x[nodes.boundary] - depth * h[:, None] * nodes.normals)
        if found is not None:
            is_fast |= found.peclet_across(nodes.normals, h) > GLIDES
    return is_fast & _given(problem, nodes)


def _given(problem: Problem, nodes: Nodes) -> Bool[ndarray, " B"]:
    """Return the mask of the boundary nodes at which values are given, and no slopes."""
    given = {
        piece
        for condition in problem.boundary
        if not condition.is_periodic and not any(t.op.order for t in condition.equation.terms)
        for piece in condition.on
    }
    return np.array(["all" in given or piece in given for piece in nodes.pieces])[nodes.tags]


def _beside(
    chosen: Bool[ndarray, " B"], nodes: Nodes, h: Float[ndarray, " B"]
) -> Bool[ndarray, " B"]:
    """Return the boundary nodes next to chosen ones on the same side.

    At the corner of an outflow and a wall nothing moves, but a ghost there, the only one of its
    side, would be told what it is by hardly any equation.
    """
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    base, found = nodes.x[nodes.boundary], np.zeros(len(chosen), dtype=bool)
    if chosen.any():
        distance, near = KDTree(base[chosen]).query(base)
        along = np.einsum("nd,nd->n", nodes.normals[chosen][near], nodes.normals)
        found = (distance < NEXT * h) & (along > SAME_SIDE)
    return found


def _withheld(nodes: Nodes, chosen: Bool[ndarray, " B"]) -> Nodes:
    """Return nodes of which the ghosts of some boundary nodes are seen by nobody."""
    sight = nodes.sight or Sight(nodes.x)
    places = sight.places.copy()
    places[nodes.ghost][np.tile(chosen, nodes.rings)] = np.nan
    return replace(nodes, sight=replace(sight, places=places))


def _add(
    op: DiffOp,
    slope: Float[ndarray, " n"],
    velocity: Float[ndarray, "n d"],
    diffusivity: Float[ndarray, "n d d"],
) -> None:
    """Add a term to the coefficients of the first and second derivatives."""
    for alpha, c in op.terms:
        axes = [axis for axis, order in enumerate(alpha) for _ in range(order)]
        if len(axes) == 1:
            velocity[:, axes[0]] += c * slope
        elif len(axes) == 2:
            diffusivity[:, axes[0], axes[1]] -= c * slope / 2
            diffusivity[:, axes[1], axes[0]] -= c * slope / 2
