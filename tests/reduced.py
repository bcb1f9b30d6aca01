"""Every shipped problem on few nodes: what to change in its file, and the errors found then.

A problem without a line is solved as it is shipped, and held to the errors that any should reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reduced:
    """A shipped problem reduced to a second's work.

    Attributes
    ----------
    direct
        Error of the direct solution: relative, L2, over all fields on the nodes; estimated where
        the file has no exact solution; None of flows, which `test_flow_problems` holds to the
        literature.
    network
        The same of the network with exact derivatives, or by the file's own method; without exact
        solution its distance from the direct one; None where it is not tried, for a network takes
        minutes.
    overrides
        Keys of the file and their values.
    warnings
        What `check` has to say of the problem as it is shipped.
    checked
        Keys that spare `check` the work of data from a reference that takes long.
    """

    direct: float | None = 1e-3
    network: float | None = 1e-3
    overrides: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    checked: Mapping[str, Any] = field(default_factory=dict)


def outflow(condition: str, piece: str) -> str:
    """Return what `check` says of a pressure that stands alone on a piece."""
    told = f'"{condition}" is all that holds on {piece}: it is taken for outflow, where viscous '
    return told + "stress and excess pressure balance, nu*dn(velocity) = (pressure - given)*n."


MELTS = (
    "the conductivity jumps where u = 0: its integral over u is solved for, which is smooth there, "
    "and u is found from it."
)


def nodes(count: int, **network: Any) -> dict[str, Any]:
    """Return the keys that change the number of nodes, and those of the network."""
    return {"nodes.count": count} | {f"network.{key}": value for key, value in network.items()}


# one of a kind, which the fast lane checks and solves directly
QUICK = {
    "annulus_conduction",
    "burgers",
    "disk_heat",
    "disk_poisson_nonlinear",
    "interval_layer",
    "kovasznay",
    "lshape_mixed",
    "plate_clamped",
    "plate_with_hole",
    "self_similar_burgers_3",
    "star_poisson",
}
REDUCED = {
    "advection_2d": Reduced(None, None),  # `test_neural_ivp` has evolutions of weights
    "advection_2d_exp": Reduced(None, None),  # and `test_densities` densities
    "allen_cahn": Reduced(None, None),  # `test_evolving_problems` has it, with a reference
    # begins with data: see tests/rbffd/test_snapshots.py
    "allen_cahn_discrete": Reduced(
        None, None, checked={"reference.initial.u": "cos(pi*x)^2", "nodes.count": 64}
    ),
    "annulus_conduction": Reduced(6.6e-5, 7.6e-5, nodes(700)),
    "ball_poisson": Reduced(2.4e-6, 7.3e-8, nodes(500)),
    "backward_step": Reduced(None, None, warnings=(outflow("p = 0", "right"),)),
    "burgers": Reduced(
        8.9e-4,
        9.5e-3,
        # a shock twenty times as wide
        {
            **nodes(30, hidden=[8, 8]),
            "nodes.time_levels": 20,
            "constants.nu": "0.2/pi",
            "training.0.iterations": 40,
        },
    ),
    "burgers_discrete": Reduced(None, None),
    "burgers_1d": Reduced(None, None),
    "burgers_discrete_inverse": Reduced(None, None),
    "burgers_half": Reduced(None, None),
    "cavity_stream_function": Reduced(None, None),  # whose reference takes ten seconds
    "circle_inclusion": Reduced(8.4e-4, None, nodes(600)),
    "composite_wall": Reduced(None, None),
    "cylinder_flow": Reduced(None, None, warnings=(outflow("p = 0", "channel.right"),)),
    "disk_heat": Reduced(3.1e-3, 2.5e-4, nodes(80) | {"nodes.time_levels": 12}),
    "disk_neumann": Reduced(3.1e-5, 4.8e-6, nodes(500)),
    "disk_poisson": Reduced(1.7e-5, 3.2e-9, nodes(500)),
    "disk_poisson_nonlinear": Reduced(1.2e-5, 2.1e-7, nodes(500)),
    "drum": Reduced(2.1e-4, None, nodes(500)),
    "fokker_planck_20d": Reduced(None, None),
    "fokker_planck_8d": Reduced(None, None),
    "heat_2d": Reduced(None, None),
    "heated_room": Reduced(None, None),
    "helmholtz": Reduced(1.9e-3, 1.5e-6, nodes(700)),
    "interval_layer": Reduced(1.4e-8, 2.0e-10),
    "kovasznay": Reduced(1.2e-4, 3.4e-8, nodes(600, hidden=[50, 200])),
    "advection_diffusion_parametric": Reduced(None, None),
    "darcy_operator": Reduced(None, None),
    "kdv_discrete_inverse": Reduced(None, None),  # whose search is in tests/methods
    "kirchhoff_love_operator": Reduced(None, None),  # a family: tests/methods/test_operator.py
    "lid_driven_cavity": Reduced(None, None),
    "lshape_mixed": Reduced(1.3e-7, 3.2e-12, nodes(500)),
    "moving_laser": Reduced(None, None),  # tests/test_point_sources.py
    "plate_clamped": Reduced(8.9e-6, 2.5e-9, nodes(500)),
    "plate_simply_supported": Reduced(2.7e-6, 4.6e-9, nodes(500)),
    "plate_with_hole": Reduced(1.3e-2, 6.2e-3, nodes(600, hidden=[100, 400])),
    "melting": Reduced(3.4e-8, 3.1e-11, nodes(600), warnings=(MELTS,)),
    # fewer nodes do not fit around its holes; `test_evolution` has one hole
    "plate_with_many_holes": Reduced(None, None),
    "pollutant": Reduced(None, None),
    "predator_prey": Reduced(1e-6, None, {"domain.time": [0.0, 2.0], "nodes.time_levels": 11}),
    "pulsating_channel": Reduced(None, None, warnings=(outflow("p = p0", "left, right"),)),
    "reaction_diffusion_operator": Reduced(None, None),
    "stokes_operator": Reduced(None, None),
    "burgers_operator": Reduced(None, None),  # tests/methods/test_reduced.py
    "rotating_pulse": Reduced(None, None),
    # found from data, see tests/methods/test_data.py
    "burgers_inverse": Reduced(direct=None, network=None),
    "coffee": Reduced(direct=None, network=None),
    "diffusivity_inverse": Reduced(direct=None, network=None),
    "hidden_fluid_3d": Reduced(
        None, None, checked={"nodes.count": 300, "data.0.count": 500, "data.1.count": 300}
    ),
    "navier_stokes_inverse": Reduced(direct=None, network=None),
    "rod_diffusivity": Reduced(direct=None, network=None),
    "self_similar_burgers_1": Reduced(overrides=nodes(300)),
    "self_similar_burgers_2": Reduced(overrides=nodes(300)),
    "self_similar_burgers_3": Reduced(overrides=nodes(300)),
    "self_similar_burgers_4": Reduced(overrides=nodes(300)),
    "schrodinger": Reduced(None, None),
    "slab_radiation": Reduced(5.2e-8, 2.3e-7, nodes(500)),
    "star_poisson": Reduced(3.3e-7, 9.0e-11, {"network.hidden": [80, 500]}),  # a point cloud
    "stokes_sphere": Reduced(None, None),
    "vlasov_6d": Reduced(None, None),
    "wave_2d": Reduced(None, None),
    "wave_3d": Reduced(None, None),
    "wave_packet_fit": Reduced(None, None),
    "two_materials": Reduced(5.5e-7, None, nodes(600)),
    "wave": Reduced(None, 7.7e-3, nodes(24) | {"nodes.time_levels": 20}),
}
