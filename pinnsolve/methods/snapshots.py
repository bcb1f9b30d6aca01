"""The first snapshot of long steps in time: the fit to it, for report and figures."""

from collections.abc import Iterator

from pinnsolve.conditions.data import axes
from pinnsolve.problem.snapshots import first_snapshot
from pinnsolve.process import Process
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import Fit, Found


def found(setup: Setup, _: Process[Fields], __: Fields) -> Found:
    """Return the fit to the first snapshot, if there is one."""
    return Found(data=tuple(first_fits(setup)))


def first_fits(setup: Setup) -> Iterator[Fit]:
    """Yield the fit of a smoothing spline to each quantity of the first snapshot."""
    problem = setup.asked
    firsts = first_snapshot(problem)
    for own in setup.observed if firsts else ():
        if own.stated not in firsts:
            continue
        spline = setup.splines[own.stated.text]
        # of repeated rows, and of other sets, each has its share
        freedom = spline.freedom * len(own.values) / len(spline.centres)
        fitted = spline(own.x[:, : setup.nodes.dim])
        names = axes(problem)
        yield Fit(own.name, names, own.x, own.values, fitted, own.sigma, spline.noise, freedom)
