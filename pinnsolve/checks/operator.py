"""Whether the discrete operator determines its solution: its condition on the nodes as they are.

On nodes of spacing ``h`` an operator of order ``m`` on a domain of size ``L`` has a condition of
about ``(L/h)^m``. Far beyond that it is nearly singular, as at a resonance, and multiplies the
errors of the discretisation as it does those of rounding, of which alone ``LARGE`` speaks.

The direct solution, with which every network is compared, factorises the operator and estimates
its condition in any case, for a twentieth of that time. So a solve learns it for nothing, and
`check` takes the same steps, unless they would take it long: then it examines fewer nodes.
"""

from dataclasses import dataclass

import numpy as np

from pinnsolve.conditions.initial import initial_values
from pinnsolve.conditions.nodal import nodal_conditions, placed
from pinnsolve.errors import Fault, NodesError, ProblemError, SingularError
from pinnsolve.geometry.from_problem import located, node_set
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.rbffd import direct, trajectory
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.quadrature import weights_for
from pinnsolve.rbffd.solve import assemble
from pinnsolve.setup import Setup
from pinnsolve.solution.reference import Reference

QUICK = {1: 50_000, 2: 40_000, 3: 8_000}  # unknowns, by dimension, factorised in a few seconds
FEW = {1: 400, 2: 2000, 3: 1200}  # unknowns examined in place of more
NEWTON = 10  # factorisations that a nonlinear problem is expected to take
LARGE = 1e11  # condition that leaves few digits
UNUSUAL = 1e6  # times the condition that is usual on such nodes


@dataclass(frozen=True)
class Examined:
    """What `check` knows of a discrete operator.

    Attributes
    ----------
    system
        The discrete problem: on all nodes, or on fewer where they are many.
    condition
        Estimated condition number; None if it is not known.
    reference
        The direct solution; None if it was not sought.
    """

    system: Discretisation
    condition: float | None
    reference: Reference | None = None

    @property
    def nodes(self) -> int:
        """Number of nodes examined, ghosts not counted."""
        return self.system.nodes.rows.stop


def examined(setup: Setup, *, has_memory: bool = True) -> Examined:
    """Return the condition of the discrete operator, and a direct solution that shows it.

    Parameters
    ----------
    setup
        Of the problem.
    has_memory
        Whether all nodes fit into memory.

    Raises
    ------
    ProblemError
        If a linear problem has no unique solution, or the nodes cannot carry the discretisation.
    """
    problem, system = setup.problem, _examinable(setup, has_memory)
    if problem.eigenvalue is not None:  # near which the operator is singular
        return Examined(system, None)
    is_whole = len(system.nodes.x) == len(setup.nodes.x)
    method = problem.settings.solver.method
    name = problem.reference if ABILITIES[method].has_network else method
    is_light = system.is_linear or _is_small(setup, NEWTON)
    if name and is_whole and problem.times is None and is_light:
        reference = setup.reference(name)
        return Examined(system, None if reference is None else reference.condition, reference)
    try:
        with np.errstate(all="ignore"):
            return Examined(system, _condition(problem, system))
    except SingularError as error:
        if not system.is_linear:  # zero need not be near a solution
            return Examined(system, None)
        if "operators" not in ABILITIES[problem.settings.solver.method].needs:
            return Examined(system, None, Reference("", None, message=str(error)))
        raise problem.source.error(Fault(("pde", "equations"), str(error))) from None
    except NodesError as error:
        raise located(problem, error) from None


def doubts(system: Discretisation, condition: float | None) -> list[str]:
    """Return a sentence on an operator that is nearly singular.

    Parameters
    ----------
    system
        The discrete problem.
    condition
        Estimated condition number of its operator; None if it is not known.
    """
    if condition is None or condition < min(LARGE, UNUSUAL * _usual(system)):
        return []
    # steps of stiff nonlinear equations are long beside what is fast: their matrices tell of that
    if system.time_order and not system.is_linear:
        return []
    digits = max(0, int(-np.log10(condition * np.finfo(float).eps)))
    return [
        f"the discrete operator is nearly singular (condition about {condition:.0e}): about "
        f"{digits} digits of its solution can be right, and fewer where the nodes err. A slightly "
        "different problem may have no solution, or many. Move the coefficients away from a "
        "resonance, or add a condition that tells its solutions apart."
    ]


def failure(reference: Reference | None) -> list[str]:
    """Return a sentence on a direct solution that was sought and not found."""
    if reference is None or reference.values is not None:
        return []
    why = reference.message.split(". ")[0].rstrip(".")  # without the remedies
    return [
        f"no direct solution was found on the same nodes ({why}). The "
        "problem may have none, or one that the nodes do not resolve; what else is found need not "
        "be near one. Take more nodes, or smaller coefficients to begin with."
    ]


def _examinable(setup: Setup, has_memory: bool) -> Discretisation:
    """Return the discrete problem, on fewer nodes where all would take long."""
    problem, domain, nodes = setup.problem, setup.domain, setup.nodes
    is_generated = problem.settings.nodes.file is None and domain.nodes is None
    if is_generated and not (has_memory and _is_small(setup)):
        few = FEW.get(nodes.dim, FEW[3]) // len(problem.fields)
        try:
            coarse = node_set(problem, domain, count=few)
            return assemble(
                problem,
                coarse,
                nodal_conditions(problem, coarse, quadrature=weights_for(problem, coarse, domain)),
            )
        except ProblemError:  # too few for a small piece of the boundary, or for the stencils
            pass
    return setup.discretisation()


def _is_small(setup: Setup, times: int = 1) -> bool:
    """Return whether the operator can be factorised so many times in a few seconds."""
    unknowns = len(setup.nodes.x) * len(setup.problem.fields)
    return times * unknowns <= QUICK.get(setup.nodes.dim, QUICK[3])


def _condition(problem: Problem, system: Discretisation) -> float | None:
    """Return the condition where all fields are zero, or of a first step in time."""
    if system.n_nodes * system.n_fields > QUICK.get(system.nodes.dim, QUICK[3]):
        return None
    if problem.times is None:
        return direct.condition(system)
    initial, nodes = initial_values(problem, system.nodes), system.nodes
    bind = placed(problem, nodes, quadrature=weights_for(problem, nodes)).at
    return trajectory.condition(system, bind, initial, problem.times)


def _usual(system: Discretisation) -> float:
    """Return the condition that is usual for an operator of such an order on such nodes."""
    from scipy.spatial import cKDTree  # 0.1 s that `pinnsolve --help` need not pay

    x = system.nodes.x[system.nodes.rows]
    apart = cKDTree(x).query(x, 2)[0][:, 1]
    nearest = apart[apart > 0].min()  # on interfaces there are two nodes in one place
    order = max(term.op.order for c in system.conditions for term in c.residual.terms)
    return float((np.max(np.ptp(x, axis=0)) / nearest) ** order)
