"""Whether nodes resolve the layers of steady convection with little diffusion.

Layers at an outflow are as thick as ``eps/|v|``, so that nodes resolve them only where the cell
Péclet number ``|v| h/eps`` is two at most. In time, what is carried need not have layers.
"""

import numpy as np

from pinnsolve.geometry.convection import convection
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.outward import local_spacing
from pinnsolve.problem import Problem

RESOLVED = 2.0  # cell Péclet number up to which layers are


def doubts(problem: Problem, nodes: Nodes) -> list[str]:
    """Return a warning with the largest cell Péclet number on the boundary, where layers are.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    """
    base = nodes.x[nodes.boundary]
    found = convection(problem, base) if problem.time is None else None
    if found is None or found.is_first_order or not len(base):
        return []
    h = local_spacing(nodes)
    pe = np.where(np.isfinite(found.peclet(nodes.normals, h)), found.peclet(nodes.normals, h), 0.0)
    at = int(np.argmax(pe))
    if pe[at] <= RESOLVED:
        return []
    pairs = zip(problem.coordinates, base[at], strict=True)
    where = ", ".join(f"{name} = {value:.4g}" for name, value in pairs)
    return [
        f"the cell Péclet number is {pe[at]:.3g} at {where}: convection carries more from node to "
        "node than diffusion spreads, and a layer there is thinner than the nodes resolve. A "
        f"spacing of {RESOLVED * h[at] / pe[at]:.2g} there would do (nodes.refine, nodes.count)."
    ]
