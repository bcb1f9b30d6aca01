"""Solve partial differential equations with neural networks, and say how far to trust the answer.

A name is imported when it is first asked for, so that ``import pinnsolve`` and
``pinnsolve --help`` answer at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinnsolve.checks.preflight import check
    from pinnsolve.errors import PinnsolveError
    from pinnsolve.problem import Problem, load
    from pinnsolve.run import load_solution, solve, write
    from pinnsolve.solution.solution import Solution

    __version__: str

__all__ = [
    "PinnsolveError",
    "Problem",
    "Solution",
    "__version__",
    "check",
    "load",
    "load_solution",
    "solve",
    "write",
]

_HOMES = {
    "PinnsolveError": "pinnsolve.errors",
    "Problem": "pinnsolve.problem",
    "Solution": "pinnsolve.solution.solution",
    "check": "pinnsolve.checks.preflight",
    "load": "pinnsolve.problem",
    "load_solution": "pinnsolve.run",
    "solve": "pinnsolve.run",
    "write": "pinnsolve.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name == "__version__":
        from importlib.metadata import version

        return version("pinnsolve")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
