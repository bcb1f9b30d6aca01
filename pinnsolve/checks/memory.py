"""How much memory a solve takes at its peak, before any work is done, and whether it is there."""

from collections.abc import Mapping, Sequence

from pinnsolve.conditions.condition import Condition
from pinnsolve.errors import Fault
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.machine import GIB, memory
from pinnsolve.methods import METHODS
from pinnsolve.problem import Problem

MIB = 2**20


def forecast(
    problem: Problem,
    nodes: Nodes,
    conditions: Sequence[Condition],
    trained: Sequence[Condition] | None = None,
) -> dict[str, float]:
    """Return the memory in use at the peak of each stage, in bytes, libraries included.

    Parameters
    ----------
    problem, nodes
        What is to be solved, and where.
    conditions
        Its equations and conditions, bound to the nodes.
    trained
        Those of the network, if they are others, as where some are built into it; with data these
        are the last.
    """
    method = METHODS[problem.settings.solver.method]
    return method.memory(problem, nodes, conditions, trained or conditions)


def shortage(problem: Problem, nodes: Nodes, stages: Mapping[str, float]) -> Fault | None:
    """Return the fault of a forecast that exceeds the memory there is; None if it does not."""
    stage = max(stages, key=lambda name: stages[name])
    free = free_memory()
    if free is None or stages[stage] <= free:
        return None
    if stage.startswith("training"):
        remedy = "Take fewer nodes or a smaller network.hidden"
        direct = stages.get("direct solution")  # none with data
        remedy += "." if direct is None else f"; rbf-fd needs {human(direct)}."
    elif stage == "evaluation":
        remedy = "Lower network.hidden."
    elif stage == "direct solution":
        remedy = "Take fewer nodes, or lower solver.order."
    else:
        remedy = "Close other programs, or use a machine with more."
    settings = problem.settings.nodes
    given = [key for key in ("count", "spacing", "file") if getattr(settings, key) is not None]
    return Fault(
        ("nodes", *given),
        f"{problem.settings.solver.method} on {nodes.rows.stop} nodes needs about "
        f"{human(stages[stage])} of memory ({stage}), but {human(free)} are free.",
        remedy,
    )


def free_memory() -> int | None:
    """Return the bytes that this process may still take; None where that is not known."""
    known = memory()
    free = known["total"] if known["free"] is None else known["free"]
    return None if free is None else int(free * GIB)


def human(size: float) -> str:
    """Return a number of bytes as a person writes it.

    >>> human(3 * 2**29)
    '1.5 GiB'
    """
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{round(size / MIB, -1):.0f} MiB"
