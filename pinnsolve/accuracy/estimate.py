"""How far a solution is from the truth, where nobody knows the truth.

The error equation (`error_equation`) turns what a solution leaves of its equations into an error.
With the residual that the method made small it is the *optimisation error*, the distance from the
solution of the equations as the method had them. For the *total error* there are several
witnesses, for each is blind where another one sees:

at the nodes
    The residual of the nodal values by derivatives of a higher order. It sees what the order
    brings, and nothing that happens between the nodes.
between the nodes
    The mean residual around each node (`between`): of nodal values by derivatives of that order
    there, of a network that was trained on exact ones by its own. Where both agree the first is the
    better one, elsewhere the second is believed; but not by operators of flows and transport, which
    do not damp that roughness: there, if no datum is to blame, the geometric mean of both is taken.
    The pressure equation of a flow is believed at the nodes alone: it damps the divergence there,
    ``4 nu d / h^2``, of which what oscillates between neighbours is large and makes no error, and
    what is given stands in the equations of momentum too.
    A network with exact derivatives was trained at the nodes: only what it leaves between them
    counts. One that was trained on nodal values is held against their interpolant too.
layers
    Values on the boundary that nodes inside do not lead up to (`continued`).
    Where rows near corners count less (`beside_direct`) it is the direct solution's that counts.
corners
    Values on the boundary that contradict one another (`corners`).
point sources
    What spreading them changes (`spread`); where they are spread nothing is estimated.
another set of nodes
    For nonlinear equations (`second_set`), which may have several solutions.

``benchmarks/estimate.py`` compares estimates with true errors. They are never bounds. Operators of
order four amplify what oscillates along the boundary, so that below about 1e-10, where that is
rounding, the estimate for ``pinn`` is too large.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.between import Between, between
from pinnsolve.accuracy.cells import around
from pinnsolve.accuracy.continued import layers
from pinnsolve.accuracy.corners import jumps
from pinnsolve.accuracy.error_equation import HigherOrder, error_equation, raised
from pinnsolve.accuracy.misfits import Misfit
from pinnsolve.accuracy.relative import relative
from pinnsolve.accuracy.residuals import residuals
from pinnsolve.accuracy.second_set import on_other_nodes
from pinnsolve.accuracy.smoothing import smoothed
from pinnsolve.accuracy.spread import beside_sources
from pinnsolve.equations.pressure import is_derived
from pinnsolve.errors import NodesError, PinnsolveError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.periodic import seen, unrolled
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.levels import LevelledFactors
from pinnsolve.solution import norms
from pinnsolve.solution.accuracy import Estimate
from pinnsolve.solution.fields import Fields

AGREE = 2.5  # how many times larger the error between the nodes may be, and still say the same
DISAGREE = 10.0  # the same where the operator answers to what oscillates, as that of a flow
TO_BLAME = 1 / 3  # of the error between the nodes: share from which on the data make it
WORTH_TELLING = 1e-3  # relative error that the data make, from which on they are named
BESIDE = 2  # points beside each node, where a network is held against its values at the nodes
NOTEWORTHY = 0.03  # relative error that a layer makes, from which on it counts
APART = 0.05  # relative distance from which on two solutions are not the same one
FARTHER = 3.0  # times the estimate
UNCHECKED = (
    "whether the equations have another solution was not looked at: on another set of nodes none "
    "was found"
)


@dataclass(frozen=True)
class Finding:
    """What one witness has seen.

    Attributes
    ----------
    sizes
        Relative error by field, as far as it knows one.
    warnings
        What it says of it.
    remedy
        What would bring the error down.
    """

    sizes: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    remedy: str = ""


def estimate(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    U: Float[ndarray, "N c"],
    fields: Fields | None = None,
    *,
    trained_exactly: bool = False,
    stated: Problem | None = None,
    factors: LevelledFactors | None = None,
    watch: Watch = unwatched,
) -> Estimate:
    """Estimate the error of a steady solution; what cannot be estimated is None, with the reason.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    system
        Its discretisation.
    U
        The solution at all nodes, ghosts included.
    fields
        The fields of a network, whose derivatives are exact; None for a direct solution.
    trained_exactly
        Whether it was trained on exact residuals at the nodes, where they are small.
    stated
        The problem before it was posed on these nodes, to be posed on others; by default the same.
    factors
        Those of the system's matrix at the solution, if the work has left them.
    watch
        Told of the progress.
    """
    rows, message, findings = system.nodes.rows, "", list[Finding]()
    u, optimisation, total = U[rows], None, None
    sizes: dict[str, float | None] = dict.fromkeys(problem.fields)
    try:
        if not np.isfinite(U).all():
            raise NodesError("the solution is not finite.")
        with np.errstate(all="ignore"):
            error, at_nodes = error_equation(system, U, factors), _at_nodes(system, U, fields)
            if not trained_exactly:
                optimisation = error(Equations.of(system).residual(U.T.ravel()))[rows]
            higher = HigherOrder(system, U, error, raised(system.order, system.nodes.dim))
            is_rough = higher.is_factorised
            if trained_exactly:
                left = np.concatenate(at_nodes)
                optimisation = higher.error(smoothed(left, system) if is_rough else left)[rows]
            smooth = interpolant(system, U)
            values = fields if fields is not None and trained_exactly else smooth
            seen = between(problem, domain, system, values.jet, at_nodes)
            if not trained_exactly:
                seen = _without_damping(problem, system, seen, higher.residual)
            mean = smoothed(seen.mean, system) if is_rough and trained_exactly else seen.mean
            total, of_data = (higher.error(r)[rows] for r in (mean, seen.data))
            if not trained_exactly:
                at = higher.error(higher.residual)[rows]
                total = weighed(at, total, of_data, is_rough=is_rough)
            total, sizes = beside_sources(problem, domain, system, U, higher.error, total)
            findings.append(_data(problem, u, of_data, seen.misfits))
            findings.append(_layers(problem, domain, system, U, fields))
            if fields is not None and not trained_exactly:
                findings.append(off_nodes(problem, domain, system, smooth, fields))
            findings.append(_corners(problem, domain, system, u))
            findings.append(_other_nodes(stated or problem, domain, system, u, sizes, watch))
    except (PinnsolveError, MemoryError) as fault:
        message = str(fault) or "there is too little memory."
    largest = {
        name: None if size is None else max(size, *(f.sizes.get(name, 0.0) for f in findings))
        for name, size in sizes.items()
    }
    return Estimate(
        relative(problem, u, optimisation),
        largest,
        optimisation,
        total,
        message,
        tuple(warning for finding in findings for warning in finding.warnings),
        next((finding.remedy for finding in reversed(findings) if finding.remedy), ""),
    )


def weighed(
    at_nodes: Float[ndarray, "n c"],
    over_cells: Float[ndarray, "n c"],
    of_data: Float[ndarray, "n c"],
    *,
    is_rough: bool,
) -> Float[ndarray, "n c"]:
    """Return the error of nodal values, from those that are seen at and between the nodes.

    Parameters
    ----------
    at_nodes
        By the residual of higher order at the nodes.
    over_cells
        By the mean residual between them.
    of_data
        The part of this that the data make.
    is_rough
        Whether the operator answers to what oscillates between the nodes as if it were smooth.
    """
    n, b, d = (np.linalg.norm(e, axis=0) for e in (at_nodes, over_cells, of_data))
    is_damped = (d <= TO_BLAME * b) & is_rough
    size = np.where(is_damped, np.sqrt(n * b), b)
    is_seen = b > np.where(is_damped, DISAGREE, AGREE) * n
    return np.where(is_seen, over_cells * (size / np.where(b > 0, b, 1.0)), at_nodes)


def interpolant(system: Discretisation, U: Float[ndarray, "N c"]) -> Fields:
    """Return nodal values as fields, which go on where the domain is periodic."""
    x, owner = unrolled(system.nodes)
    order = raised(system.order, system.nodes.dim)
    return NodalFields(x, U[owner], order, sight=seen(system.nodes, x, owner))


def _at_nodes(
    system: Discretisation, U: Float[ndarray, "N c"], fields: Fields | None
) -> Sequence[Float[ndarray, " _"]]:
    """Return the residuals at the nodes by condition: a network's own, or of its values."""
    if fields is not None:
        return residuals(fields, system.conditions, system.nodes, system.n_fields)
    stops = np.cumsum([condition.size for condition in system.conditions])
    return np.split(system.residual(U), stops[:-1])


def _without_damping(
    problem: Problem, system: Discretisation, seen: Between, residual: Float[ndarray, " R"]
) -> Between:
    """Return the residual between the nodes, that of a pressure equation at them."""
    of_pressure = [is_derived(equation) for equation in problem.equations]
    of_pressure += [False] * (len(system.conditions) - len(of_pressure))
    is_own = np.repeat(of_pressure, [condition.size for condition in system.conditions])
    mean = np.where(is_own, residual[: len(is_own)], seen.mean)
    return replace(seen, mean=mean, data=np.where(is_own, 0.0, seen.data))


def _data(
    problem: Problem,
    u: Float[ndarray, "n c"],
    of_data: Float[ndarray, "n c"],
    misfits: Sequence[Misfit],
) -> Finding:
    """Return the data that the nodes do not resolve, if that matters."""
    sizes = [size for size in relative(problem, u, of_data).values() if size is not None]
    told = [misfit for misfit in misfits if misfit.is_worth_telling]
    if not told or max(sizes) < WORTH_TELLING:
        return Finding()
    finest = min(told, key=lambda misfit: misfit.spacing)
    return Finding({}, tuple(map(str, told)), finest.remedy)


def off_nodes(
    problem: Problem, domain: Domain, system: Discretisation, smooth: Fields, fields: Fields
) -> Finding:
    """Return the distance of a network from its own values at the nodes, between these."""
    points = around(domain, system.nodes, BESIDE).points
    there, known = fields(points), smooth(points)
    return Finding({k: v or 0.0 for k, v in relative(problem, there, there - known).items()})


def _layers(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    U: Float[ndarray, "N c"],
    fields: Fields | None,
) -> Finding:
    """Return the error that layers make between the boundary and the nodes inside."""
    layer = layers(problem, domain, system.nodes, U, fields)
    if max(layer.sizes.values(), default=0.0) < NOTEWORTHY:
        return Finding()
    return Finding(layer.sizes, (str(layer),), layer.remedy)


def _corners(
    problem: Problem, domain: Domain, system: Discretisation, u: Float[ndarray, "n c"]
) -> Finding:
    """Return the error that contradictory values on the boundary make at the least."""
    found = jumps(problem, domain, system.nodes)
    squares = np.zeros(len(problem.fields))
    for jump in found:
        squares[jump.field] += jump.size**2
    sizes = np.sqrt(squares) / np.array([norms.size(values) for values in u.T])
    remedy = "Let the values agree where the pieces meet, or refine there." if found else ""
    return Finding(dict(zip(problem.fields, sizes.tolist(), strict=True)), (), remedy)


def _other_nodes(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    u: Float[ndarray, "n c"],
    sizes: Mapping[str, float | None],
    watch: Watch,
) -> Finding:
    """Return the distance from the solution on other nodes, if the equations are not linear.

    Where the error is a third already, as where Newton's method failed, it has nothing to add.
    """
    is_wrong = max(size or 0.0 for size in sizes.values()) > 1 / FARTHER
    if system.is_linear or is_wrong:
        return Finding()
    x, u = system.nodes.x[system.nodes.alone], u[system.nodes.alone]
    try:
        other = on_other_nodes(problem, domain, x, watch)
    except (PinnsolveError, MemoryError) as fault:
        reason = (str(fault) or "too little memory").partition("\n")[0].rstrip(".")
        return Finding({}, (f"{UNCHECKED} ({reason}).",))
    apart = relative(problem, u, None if other is None else u - other)
    far = {
        name: distance
        for name, distance in apart.items()
        if distance is not None and distance > max(APART, FARTHER * (sizes[name] or 0.0))
    }
    if not far:
        return Finding()
    name = max(far, key=lambda name: far[name])
    warning = (
        f"on another set of nodes {name} comes out {100 * far[name]:.2g} % different: the "
        "equations may have several solutions, or these nodes do not tell which."
    )
    return Finding(far, (warning,), "Solve on more nodes, until the solution stays the same.")
