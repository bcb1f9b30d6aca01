"""Whether a domain is of a size that nodes can resolve, and the nodes are those of a domain."""

import math

from pinnsolve.errors import Fault
from pinnsolve.problem.schema.boxes import Unbounded
from pinnsolve.problem.schema.nodes import MAX_NODES, Nodes
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.schema.shapes import PointSet

SHORTEST, LONGEST = 1e-50, 1e50  # lengths whose fourth powers are still numbers
ACROSS = 4  # nodes at least across the shortest side of a domain
RESOLVED = 1e-6  # smallest size of a domain relative to its distance from the origin


def node_faults(domain: Shape, nodes: Nodes) -> list[Fault]:
    """Return the faults of the nodes asked for in a domain."""
    if isinstance(domain, PointSet):  # what it measures is known once it is read
        given = [key for key in ("count", "spacing", "file") if getattr(nodes, key) is not None]
        message = 'a domain of shape "points" brings its own nodes.'
        return [Fault(("nodes", key), message, "Remove it.") for key in given]
    faults = _extent_faults(domain)
    if faults:
        return faults
    if nodes.count is None and nodes.spacing is None and nodes.file is None:
        message = "[nodes] says neither how many nodes there are nor how far apart."
        return [Fault(("nodes",), message, "Add count = …, spacing = … or file = … to [nodes].")]
    if nodes.spacing is None:
        return []
    key = ("nodes", "spacing")
    sides = [high - low for low, high in zip(*domain.box, strict=True)]
    if nodes.spacing > max(sides):
        message = f"the spacing {nodes.spacing:g} is larger than the domain, {max(sides):g}."
        return [Fault(key, message, "Lower it to a small part of that.")]
    count = math.prod(side / nodes.spacing for side in sides)  # of the box around the domain
    if count > 4 * MAX_NODES:
        message = f"the spacing {nodes.spacing:g} would make about {count:.2g} nodes."
        return [Fault(key, message, f"Raise it: at most {MAX_NODES:,} nodes are possible.")]
    return []


def _extent_faults(domain: Shape) -> list[Fault]:
    """Return a fault for a domain that double precision cannot resolve."""
    remedy = "Choose other units, or another origin."
    for axis, (low, high) in enumerate(zip(*domain.box, strict=True)):
        side, far = high - low, max(abs(low), abs(high))
        if not SHORTEST < abs(side) < LONGEST:
            message = f"the domain is {side:.3g} long along axis {axis + 1}, "
            message += f"but lengths must lie between {SHORTEST:g} and {LONGEST:g}."
            return [Fault(("domain",), message, remedy)]
        if abs(side) < RESOLVED * far:
            message = f"the domain is {side:.3g} long along axis {axis + 1}, but {far:.3g} from "
            message += "the origin: too far for its points to be told apart."
            return [Fault(("domain",), message, remedy)]
    if isinstance(domain, Unbounded):  # whose nodes are points that show the field
        return []
    sides = [abs(high - low) for low, high in zip(*domain.box, strict=True)]
    count = math.prod(ACROSS * side / min(sides) for side in sides)
    if count > MAX_NODES:
        message = f"the domain is {max(sides):.3g} long, but only {min(sides):.3g} wide: "
        message += f"nodes as close as that needs would be {count:.2g}."
        return [Fault(("domain",), message, "Rescale a coordinate.")]
    return []
