"""Problems in time alone: ordinary differential equations, with algebraic ones among them.

``[domain] time = [t0, t1]`` without a shape says that nothing depends on a place. Such a file is
read as one for a short line, at every point of which the equations hold, and no boundary condition
with them, so that every method that goes through time solves it; what is shown is shown over time.
"""

import copy
from collections.abc import Mapping
from typing import Any

from pinnsolve.errors import Fault

EVERYWHERE = "everywhere"  # the name of the coordinate on which nothing depends
NODES = 21  # that share the work of one: equations without derivatives in space ask for no more


def is_time_alone(document: Mapping[str, Any]) -> bool:
    """Return whether a file states a domain of time, and nothing of space."""
    domain = document.get("domain")
    if not isinstance(domain, Mapping) or "time" not in domain:
        return False
    return not set(domain) - {"time", "coordinates"} and domain.get("coordinates", []) == []


def on_a_line(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return a file in time alone as one on a line, and the faults of what it says of space.

    Parameters
    ----------
    document
        The tables of the file.
    """
    found = copy.deepcopy(dict(document))
    line = {"shape": "interval", "bounds": [0.0, 1.0], "coordinates": [EVERYWHERE]}
    found["domain"] = {**line, "time": found["domain"]["time"]}
    nodes = found.setdefault("nodes", {})
    faults = []
    if isinstance(nodes, dict):
        for key in ("count", "spacing", "file", "refine"):
            if key in nodes:
                message = "a problem in time alone has no nodes in space."
                remedy = "Give time_levels, or give [domain] a shape."
                faults.append(Fault(("nodes", key), message, remedy))
        nodes["count"] = NODES
    for section in ("boundary", "region", "interface", "constraint"):
        if found.get(section):
            message = "a problem in time alone has no space, and no boundary."
            remedy = "Remove it, or give [domain] a shape."
            faults.append(Fault((section, 0), message, remedy))
    return found, faults
