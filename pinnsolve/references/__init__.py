"""References: solutions of a problem that come from no network, each made at the first request.

A reference is a function from a `Setup` to a `Reference`, or to None where it does not apply. Those
in `TRUTHS` know their own error: where no formula is known others are measured against them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pinnsolve.problem import Problem
from pinnsolve.references import (
    characteristics,
    chebyshev,
    cole_hopf,
    exact,
    finer_nodes,
    finite_differences,
    fourier,
    from_file,
    linear_drift,
    navier_stokes,
    rbf_fd,
    spectral,
)
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

Makes: TypeAlias = "Callable[[Setup], Reference | None]"
REFERENCES: dict[str, Makes] = {
    "exact": exact.reference,
    "rbf-fd": rbf_fd.reference,
}
PLANS: dict[str, Callable[[Problem], object]] = {  # refuse what a solver does not take, at no cost
    "fourier": fourier.plan,
    "cole-hopf": cole_hopf.plan,
    "navier-stokes-2d": navier_stokes.plan,
    "chebyshev": chebyshev.plan,
    "spectral": spectral.plan,
    "linear-drift": linear_drift.plan,
    "characteristics": characteristics.plan,
    "finite-differences": finite_differences.plan,
    "rbf-fd": finer_nodes.plan,
}
TRUTHS: dict[str, Makes] = {  # the solvers of [reference], and its file
    "fourier": fourier.reference,
    "cole-hopf": cole_hopf.reference,
    "navier-stokes-2d": navier_stokes.reference,
    "chebyshev": chebyshev.reference,
    "spectral": spectral.reference,
    "linear-drift": linear_drift.reference,
    "characteristics": characteristics.reference,
    "finite-differences": finite_differences.reference,
    "rbf-fd": finer_nodes.reference,
    "file": from_file.reference,
}
