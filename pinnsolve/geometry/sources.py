"""How wide point sources are spread: a few spacings of the nodes around them.

Where ``h`` is the spacing and ``D`` the size of the domain, the width is

    w = 6 h sqrt(D / (50 h)),  5 h at the least:

two errors are to fall together, that of a spread source, ``O(w^4)``, and that of derivatives of
order four of what changes over ``w``, ``O((h/w)^4)`` at the nodes, of which the mean counts far
away. Near the boundary ``w`` is the distance from it, three spacings at the least.
"""

from math import gamma, pi, sqrt

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.errors import Fault
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.problem.sources import PointSource

SPACINGS, LEAST, NARROWEST = 6.0, 5.0, 3.0  # the width in spacings: usual, least, at a boundary
AT = 50.0  # spacings across the domain, with which it is the usual one
NEAR = {1: 4, 2: 12, 3: 30}  # nodes around a place that tell their spacing
INSTANTS = 401  # at which a moving source is looked at
ON_WALL = 1e-9  # of the domain's size


def widths(problem: Problem, domain: Domain, nodes: Nodes) -> dict[str, float]:
    """Return the widths of the point sources of a problem by name, in the unit of length.

    Parameters
    ----------
    problem, domain
        What is solved, and where.
    nodes
        Where it is solved.

    Raises
    ------
    ProblemError
        If a source lies outside of the domain, or too near its boundary for the nodes there.
    """
    found, faults = dict[str, float](), list[Fault]()
    for source in problem.sources:
        width = _width(problem, domain, nodes, source)
        if isinstance(width, Fault):
            faults.append(width)
        else:
            found[source.name] = width
    if faults:
        raise problem.source.error(*faults)
    return found


def _width(problem: Problem, domain: Domain, nodes: Nodes, source: PointSource) -> float | Fault:
    """Return the width of a source, or what is wrong with its place."""
    times, x = _path(problem, source)
    if not np.isfinite(x).all():
        return Fault(source.key, f"the place {source.where} of a point source is not finite.")
    inside = -domain.distance(x)
    beyond = inside <= ON_WALL * domain.size
    worst = int(np.argmax(beyond) if beyond.any() else np.argmin(inside))
    when = f" at t = {times[worst]:.4g}" if source.is_moving else ""
    place = f"({', '.join(f'{c:.4g}' for c in x[worst])}){when}"
    if beyond.any():
        is_outside = inside[worst] < -ON_WALL * domain.size
        message = f"the point source lies {'outside of' if is_outside else 'on the boundary of'} "
        remedy = "Move it inside"
        remedy += ", or let time end before it leaves." if source.is_moving else "."
        if not is_outside:
            remedy += " What enters through the boundary is a condition there, as dn(u) = …"
        return Fault(source.key, f"{message}the domain: {place}.", remedy)
    h = float(spacing_at(nodes, x).max())
    wanted = max(LEAST * h, SPACINGS * sqrt(h * domain.size / AT))
    if inside[worst] < NARROWEST * h:
        message = f"the point source at {place} is {inside[worst]:.3g} away from the boundary, and "
        message += f"the nodes around it {h:.3g} from each other: it would be spread beyond it."
        finer = f"at most {inside[worst] / NARROWEST:.2g}"
        return Fault(source.key, message, f"Take a spacing of {finer} there, as by nodes.refine.")
    return min(wanted, float(inside[worst]))


def clearance(problem: Problem, domain: Domain, source: PointSource) -> float:
    """Return the least distance of a source from the boundary, negative if it leaves the domain."""
    return float(-domain.distance(_path(problem, source)[1]).max())


def _path(
    problem: Problem, source: PointSource
) -> tuple[Float[ndarray, " K"], Float[ndarray, "K d"]]:
    """Return instants, and where a source is then; of one that rests one of them."""
    times = np.linspace(*problem.time, INSTANTS) if problem.time else np.zeros(1)
    times = times if source.is_moving else times[:1]
    return times, source.places(times)


def spacing_at(nodes: Nodes, x: Float[ndarray, "K d"]) -> Float[ndarray, " K"]:
    """Return the distance of neighbouring nodes around places, from how many are how near."""
    from scipy.spatial import KDTree  # 0.1 s that `pinnsolve --help` need not pay

    k = min(NEAR[nodes.dim], nodes.rows.stop)
    far = KDTree(nodes.x[nodes.rows]).query(x, k)[0][:, -1]
    ball = pi ** (nodes.dim / 2) / gamma(nodes.dim / 2 + 1)
    return far * (ball / k) ** (1 / nodes.dim)
