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
        the file has no exact solution.
    network
        The same of the network with exact derivatives, or by the file's own method; without exact
        solution its distance from the direct one.
    overrides
        Keys of the file and their values.
    warnings
        What `check` has to say of the problem as it is shipped.
    """

    direct: float = 1e-3
    network: float = 1e-3
    overrides: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


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
    "annulus_conduction": Reduced(9.3e-6, 1.1e-5, nodes(700)),
    "ball_poisson": Reduced(2.4e-6, 7.3e-8, nodes(500)),
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
    "disk_heat": Reduced(9.9e-4, 7.8e-5, nodes(80) | {"nodes.time_levels": 12}),
    "disk_poisson": Reduced(7.4e-6, 1.4e-9, nodes(500)),
    "disk_poisson_nonlinear": Reduced(5.4e-6, 9.3e-8, nodes(500)),
    "interval_layer": Reduced(6.6e-9, 9.2e-11),
    "kovasznay": Reduced(1.0e-4, 2.5e-8, nodes(600, hidden=[50, 200])),
    "lshape_mixed": Reduced(1.1e-7, 2.8e-12, nodes(500)),
    "plate_clamped": Reduced(6.9e-6, 1.9e-9, nodes(500)),
    "plate_simply_supported": Reduced(1.9e-6, 3.4e-9, nodes(500)),
    "plate_with_hole": Reduced(6.5e-3, 3.8e-3, nodes(600, hidden=[100, 400])),
    "self_similar_burgers_1": Reduced(overrides=nodes(300)),
    "self_similar_burgers_2": Reduced(overrides=nodes(300)),
    "self_similar_burgers_3": Reduced(overrides=nodes(300)),
    "self_similar_burgers_4": Reduced(overrides=nodes(300)),
    "slab_radiation": Reduced(1.2e-8, 5.5e-8, nodes(500)),
    "star_poisson": Reduced(1.6e-7, 4.1e-11, {"network.hidden": [60, 400]}),  # a point cloud
}
