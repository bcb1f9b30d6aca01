"""The node set that a problem asks for: generated, read from a file, or given with the domain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import in_space
from pinnsolve.equations.incompressible import incompressible
from pinnsolve.errors import Fault, NodesError, ProblemError
from pinnsolve.geometry.convection import without_ghosts
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.features import refinement
from pinnsolve.geometry.fit import must_fit
from pinnsolve.geometry.generation import generate, retagged
from pinnsolve.geometry.ghosts import with_ghosts
from pinnsolve.geometry.nodes import INTERFACE, Joint, Nodes
from pinnsolve.geometry.periodic import joint
from pinnsolve.geometry.pointclouds import read
from pinnsolve.geometry.regional import generate_apart, regions_of, united
from pinnsolve.geometry.regions import region_domains
from pinnsolve.geometry.sampling import sample
from pinnsolve.geometry.shapes import build_shape
from pinnsolve.geometry.walls import sight
from pinnsolve.problem import Equation, Problem
from pinnsolve.problem.evolving import SHOWN
from pinnsolve.problem.schema.boxes import Unbounded
from pinnsolve.progress import Watch, unwatched


def node_set(
    problem: Problem,
    domain: Domain,
    watch: Watch = unwatched,
    count: int | None = None,
    parts: Sequence[Domain] = (),
) -> Nodes:
    """Return the nodes of a problem, ghosts included.

    Parameters
    ----------
    problem, domain
        What is to be solved, and where.
    watch
        Told of the progress.
    count
        Generate so many nodes, whatever the problem says; for a coarse look ahead.
    parts
        The parts of the domain in which its regions lie, if they are made already.

    Raises
    ------
    ProblemError
        If the domain cannot carry such nodes, or they have another dimension.
    FileError
        If the file of nodes cannot be read.
    """
    settings = problem.settings.nodes
    if isinstance(problem.settings.domain, Unbounded):
        return without_boundary(
            sample(domain, count or settings.count or SHOWN, settings.seed), domain
        )
    try:
        if domain.nodes is not None:
            nodes = joined(problem, retagged(domain.nodes, problem.pieces))
            return _closed(nodes, domain, problem)
        if settings.file is not None and count is None:
            nodes = read(problem.source.folder / settings.file)
            must_fit(nodes, domain)
            return _closed(joined(problem, retagged(nodes, problem.pieces)), domain, problem)
        if problem.regions:
            return _regional(
                problem, domain, parts or region_domains(problem, domain), watch, count
            )
        nodes = generate(
            domain,
            count=count or settings.count,
            spacing=None if count else settings.spacing,
            seed=settings.seed,
            refine=refinement(problem, domain, count),
            preferred=_most_dirichlet_first(problem, domain),
            pieces=problem.pieces,
            watch=watch,
        )
        return _ghosted(joined(problem, nodes), domain, problem)
    except NodesError as error:
        raise located(problem, error) from None


def _regional(
    problem: Problem, domain: Domain, parts: Sequence[Domain], watch: Watch, count: int | None
) -> Nodes:
    """Return the nodes of a problem of several regions, ghosts included."""
    settings = problem.settings.nodes
    nodes = generate_apart(
        domain,
        parts,
        count=count or settings.count,
        spacing=None if count else settings.spacing,
        seed=settings.seed,
        refine=refinement(problem, domain, count, parts),
        preferred=_most_dirichlet_first(problem, domain),
        pieces=problem.pieces,
        watch=watch,
    )
    closed = [
        _ghosted(own, part, region.problem)
        for own, part, region in zip(nodes, parts, problem.regions, strict=True)
    ]
    return united(parts, [region.name for region in problem.regions], closed)


def without_boundary(x: Float[ndarray, "n d"], domain: Domain) -> Nodes:
    """Return points of a domain without a boundary as nodes."""
    none = np.zeros((0, domain.dim))
    wide = float(np.prod(domain.upper - domain.lower)) ** (1 / domain.dim)
    spacing = wide / len(x) ** (1 / domain.dim)
    return Nodes(x, len(x), none, np.zeros(0, dtype=int), (), spacing)


def stored_nodes(problem: Problem, arrays: Mapping[str, Any], pieces: Sequence[str]) -> Nodes:
    """Return the nodes of an earlier run.

    Parameters
    ----------
    problem
        What was solved.
    arrays, pieces
        The arrays and numbers of the nodes, among them the region of each if there are several;
        and the names of the boundary pieces.
    """
    held = {name: value for name, value in arrays.items() if name != "region"}
    regions = None
    if "region" in arrays:
        parts = region_domains(problem, build_domain(problem))
        rim = slice(arrays["n_interior"], arrays["n_interior"] + len(arrays["normals"]))
        names = [region.name for region in problem.regions]
        spacing, of = float(arrays["spacing"]), np.asarray(arrays["region"])
        is_shared = np.zeros(len(of), dtype=bool)
        is_shared[rim] = np.array([piece == INTERFACE for piece in pieces])[arrays["tags"]]
        regions = regions_of(parts, names, arrays["x"], rim, of, spacing, is_shared)
    return joined(problem, Nodes(**held, pieces=tuple(pieces), regions=regions))


def joined(problem: Problem, nodes: Nodes) -> Nodes:
    """Return the nodes of a domain whose sides are joined where the problem is periodic.

    Raises
    ------
    ProblemError
        If two sides are no translates of one another along one coordinate, or joined twice.
    """
    joints: dict[int, Joint] = {}
    for key, (first, second) in {c.key: c.on for c in problem.boundary if c.is_periodic}.items():
        try:
            found = joint(nodes, (first, second))
            if found.axis in joints:
                raise NodesError("the domain is periodic in that coordinate already.")
        except NodesError as error:
            remedy = "periodic = true joins two flat sides, of which one is the other moved along "
            remedy += "a coordinate, as left and right of a box."
            raise problem.source.error(Fault((*key, "on"), str(error), remedy)) from None
        joints[found.axis] = found
    return replace(nodes, joints=tuple(joints.values()))


def rings(problem: Problem) -> int:
    """Return the number of ghosts that each boundary node needs.

    One for each two orders of the equations, for so many conditions hold there; but no more than
    the order of the derivatives in these conditions: where value and slope are given, one ghost
    does better than two. Of periodic sides all derivatives agree.
    """
    equations = _highest_order(problem, problem.equations)
    conditions = _highest_order(problem, [condition.equation for condition in problem.boundary])
    if any(condition.is_periodic for condition in problem.boundary):
        conditions = equations
    return max(1, min((equations + 1) // 2, conditions))


def _highest_order(problem: Problem, equations: Sequence[Equation]) -> int:
    """Return the order of the highest derivative in space."""
    ops = [term.op for equation in equations for term in equation.terms]
    in_place = (op if problem.time is None else in_space(op)[1] for op in ops)
    return max((op.order for op in in_place), default=0)


def located(problem: Problem, error: NodesError) -> ProblemError:
    """Return an error of the nodes as one of the key that asks for them."""
    settings = problem.settings.nodes
    given = [k for k in ("file", "count", "spacing") if getattr(settings, k) is not None]
    key = error.key or (("nodes", given[0]) if given else ("domain", "file"))
    what, _, remedy = str(error).partition(". ")
    return problem.source.error(Fault(key, f"{what.rstrip('.')}.", remedy))


def _closed(nodes: Nodes, domain: Domain, problem: Problem) -> Nodes:
    """Return nodes from a file with ghosts, its own if it has as many rings as are needed."""
    if nodes.rings != rings(problem):
        return _ghosted(nodes, domain, problem)
    found = sight(nodes, domain, spares_corners=_spares_corners(problem, nodes))
    return without_ghosts(problem, replace(nodes, sight=found))


def _ghosted(nodes: Nodes, domain: Domain, problem: Problem) -> Nodes:
    """Return nodes with the ghosts that a problem needs."""
    spares = _spares_corners(problem, nodes)
    found = with_ghosts(nodes, domain, rings(problem), spares_corners=spares)
    return without_ghosts(problem, found)


def _spares_corners(problem: Problem, nodes: Nodes) -> bool:
    """Return whether boundary nodes can do without ghosts.

    The conditions give all their values, or all but the pressure of a flow, which goes on smoothly.
    """
    joined_sides = {side for joint in nodes.joints for side in joint.sides}
    given = [c.on for c in problem.boundary if not c.is_periodic]
    counts = {
        sum("all" in on or piece in on for on in given)
        for piece in nodes.pieces
        if piece not in joined_sides and piece != INTERFACE
    }
    if _highest_order(problem, problem.equations) != 2:
        return False
    if incompressible(problem.equations) is not None:
        return min(counts, default=0) >= len(problem.fields) - 1
    return counts <= {len(problem.fields)}


def _most_dirichlet_first(problem: Problem, domain: Domain) -> list[str]:
    """Return the pieces in the order in which they own shared corners.

    A value given at a corner says more than a slope, whose direction jumps there; and where the
    domain is periodic there is no corner but for the others.
    """
    known = [*(name for name, _ in problem.pieces), *domain.pieces, INTERFACE]
    rank = Counter[str]({INTERFACE: 0.5})  # which comes before slopes
    for condition in problem.boundary:
        if condition.is_periodic:
            rank.subtract(condition.on)
        elif condition.equation.is_algebraic:
            rank.update(known[:-1] if "all" in condition.on else condition.on)
    return sorted(known, key=lambda piece: -rank[piece])


def build_domain(problem: Problem) -> Domain:
    """Return the domain that a problem file describes.

    Raises
    ------
    ProblemError
        If a shape crosses itself or nothing is left of it; located in the file.
    FileError
        If a file of points cannot be read.
    """
    try:
        return build_shape(problem.settings.domain, ("domain",))
    except ProblemError as error:
        raise problem.source.error(*error.faults) from None
