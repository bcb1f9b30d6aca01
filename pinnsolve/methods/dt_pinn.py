"""DT-PINN: one network for the whole domain, trained on the residual of RBF-FD derivatives.

In space no derivative of the network is ever taken; in time its derivatives are exact. Source:
Sharma & Shankar (2022), Accelerated training of physics-informed neural networks using meshless
discretizations, arXiv:2205.09332.
"""

from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING

from pinnsolve.conditions.corners import ease
from pinnsolve.conditions.initial import initial_conditions
from pinnsolve.conditions.points import in_order, regions_in_order
from pinnsolve.conditions.weights import row_weights
from pinnsolve.geometry.features import local_spacing
from pinnsolve.methods import memory, trained
from pinnsolve.methods.method import Method
from pinnsolve.methods.net_flux import net_fluxes
from pinnsolve.networks.sizes import grows
from pinnsolve.rbffd.further import joined
from pinnsolve.setup import Setup

if TYPE_CHECKING:
    from pinnsolve.networks.several import AnyNetwork
    from pinnsolve.objectives.nodal import NodalObjective


def nodal_objective(net: "AnyNetwork", setup: Setup) -> "NodalObjective":
    """Build the objective on all nodes, at all time levels if there are any.

    What the network has built in is not asked of it.
    """
    from pinnsolve.networks.build import REVERSE, as_points
    from pinnsolve.objectives.nodal import NodalObjective

    problem = setup.problem
    nodes, times = setup.nodes, problem.times
    system = setup.discretisation()
    posed = setup.placement.problem
    is_asked = [True] * len(posed.equations) + [not c.is_built_in for c in posed.boundary]
    is_asked += [True] * len(setup.placement.constraints)
    system = replace(
        system,
        conditions=tuple(compress(system.conditions, is_asked)),
        matrices=tuple(compress(system.matrices, is_asked)),
    )
    system = joined(system, net_fluxes(problem, nodes))
    if times is not None:
        system = system.extended(initial_conditions(problem, nodes))
    sizes = trained.sizes(setup, problem, system.conditions)
    spacing, is_fine = local_spacing(problem, setup.domain, nodes.x), grows(problem)
    is_wave = is_fine and setup.oscillation.is_all
    numbers = setup.oscillation.numbers if is_wave else None
    eased = ease(problem, setup.conditions, nodes, nodes.x) if is_fine else None
    return NodalObjective(
        net,
        as_points(net, in_order(problem, nodes.x)),
        system,
        row_weights(
            problem, system.conditions, nodes, sizes, spacing, eased, numbers, is_fine=is_fine
        ),
        sizes,
        n_levels=None if times is None else len(times),
        reverse=REVERSE[problem.settings.solver.precision],
        regions=regions_in_order(problem, nodes),
    )


METHOD = Method(
    start=lambda setup: trained.start(setup, nodal_objective),
    sample=trained.sample,
    estimate=trained.estimated,
    read=trained.read,
    memory=memory.of_training,
    condition=trained.condition,
    device=trained.device,
)
