"""Solutions made by hand: the exact solution on generated nodes, with a known error added."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pinnsolve.conditions.points import points_of
from pinnsolve.geometry import Domain, build_domain
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem, load
from pinnsolve.solution.accuracy import Accuracy, Errors
from pinnsolve.solution.course import Course, Outcome, PhaseResult, Record
from pinnsolve.solution.provenance import Provenance
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.solution import Sample, Solution
from pinnsolve.solution.verdict import Verdict

SHAPES = {
    "interval": 'shape = "interval"\nbounds = [0, 1]',
    "two intervals": """shape = "union"
of = [{ shape = "interval", name = "a", bounds = [0, 1] },
      { shape = "interval", name = "b", bounds = [2, 4] }]""",
    "disk": 'shape = "disk"\nradius = 1.0',
    "L": 'shape = "polygon"\nvertices = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]]',
    "star": 'shape = "star"\nradius = 1.0\namplitude = 0.3\npoints = 5',
    "annulus": 'shape = "annulus"\ninner = 0.4\nouter = 1.0',
    "plate": """shape = "difference"
of = [{ shape = "rectangle", lower = [-1, -1], upper = [1, 1] },
      { shape = "disk", name = "hole", center = [0.2, 0.1], radius = 0.3 }]""",
    "notch": """shape = "difference"
of = [{ shape = "rectangle", lower = [-1, -1], upper = [1, 1] },
      { shape = "rectangle", name = "notch", lower = [-0.1, 0.0], upper = [0.1, 1.5] }]""",
    "box": 'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 1, 2]',
    "ball": 'shape = "ball"\nradius = 1.0',
    "bracket": """shape = "difference"
of = [{ shape = "box", lower = [0, 0, 0], upper = [2, 2, 1] },
      { shape = "box", name = "notch", lower = [1, 1, -1], upper = [3, 3, 2] }]""",
}
ERROR, BASELINE_ERROR = 1e-5, 1e-6  # relative
RESOLVED = Verdict("resolved", "the measured relative error is 2e-05.", error=2e-5)

PROBLEM = """
title = "{title}"
description = "Made up <b>for tests</b> & nothing else."
references = ["A. Author (2024), <i>On tests</i>"]

[domain]
{domain}

[nodes]
count = {count}

[unknowns]
fields = ["u", "v"]

[constants]
nu = 0.5

[functions]
f = "manufactured"
k = "1 + x**2"

[pde]
equations = ["nu*div(k*grad(u)) + v = f", "laplace(v) = 0"]

[[boundary]]
on = "all"
condition = "u = 0"

[[boundary]]
on = "all"
condition = "dn(v) + v = 0"
{exact}
"""
EXACT = """
[exact]
u = "2 + sin(x)"
v = "1 - x/2"
"""
IN_TIME = """
title = "A test in time"

[domain]
{domain}
time = [1, 3]

[nodes]
count = {count}
time_levels = {levels}

[unknowns]
fields = ["u", "v"]

[functions]
f = "x"

[pde]
equations = ["u_t = laplace(u) + f", "v_t = laplace(v)"]

[[boundary]]
on = "all"
condition = "u = 0"

[[boundary]]
on = "all"
condition = "v = 0"

[initial]
u = "2 + sin(x)"
v = "1 - x/2"
{exact}
"""
EXACT_IN_TIME = """
[exact]
u = "2 + sin(x)*exp(1 - t)"
v = "1 - t*x/2"
"""


@dataclass(frozen=True)
class Case:
    problem: Problem
    domain: Domain
    solution: Solution


def case(
    shape: str = "disk",
    count: int = 300,
    *,
    has_exact: bool = True,
    title: str = "A test",
    **changes: Any,
) -> Case:
    """Return a solution on a shape, with anything about it changed."""
    problem, domain, nodes = place(shape, count, has_exact, title)
    x = nodes.x[nodes.rows]
    truth = np.column_stack([2 + np.sin(x[:, 0]), 1 - x[:, 0] / 2])
    known = {
        "values": off(truth, ERROR),
        "status": "finished",
        "message": "",
        "history": (
            Record(0.0, "head", 0, 1e2, 1.0),
            Record(0.1, "head", 1, 1e-3, 1e-2),
            Record(0.9, "gauss-newton", 2, 1e-12, 1e-5),
        ),
        "phases": (
            PhaseResult("head", 1, 0.1, 1e2, 1e-3, 1e-2, "solved by least squares."),
            PhaseResult("gauss-newton", 1, 0.8, 1e-3, 1e-12, 1e-5, "the loss no longer falls."),
        ),
        "errors": Errors(
            {"u": 1e-5, "v": 2e-5}, {"u": 3e-5, "v": 4e-5}, {"u": 1e-5, "v": 1e-5}, 20000
        ),
        "baseline": reference(off(truth, BASELINE_ERROR), has_exact=has_exact),
        "seconds": {"nodes": 0.3, "operators": 0.2, "training": 1.0, "total": 1.7},
    }
    if not has_exact:
        known["errors"] = None
    return Case(problem, domain, made_up(problem, nodes, **(known | changes)))


@dataclass(frozen=True)
class Formula:
    """Fields that are functions in Python, with the state of some network."""

    function: Callable[[np.ndarray], np.ndarray]
    size: int = 1234

    def __call__(self, x):
        return self.function(x)

    def jet(self, _, __):
        raise AssertionError("nobody differentiates these fields")

    def state(self):
        return {"head.weight": np.arange(6.0).reshape(2, 3), "head.bias": np.zeros(2)}


def still(p):
    return np.column_stack([2 + np.sin(p[:, 0]), 1 - p[:, 0] / 2])


PARTS = {
    "accuracy": ("errors", "estimate"),
    "outcome": ("status", "message", "warnings"),
    "course": ("history", "phases", "seconds", "iterations"),
    "sample": ("values", "times"),
    "provenance": ("device",),
}


def changed(solution, **parts):
    """Return a solution with some of its smallest parts changed."""
    for name, names in PARTS.items():
        theirs = {key: parts.pop(key) for key in names if key in parts}
        if name == "accuracy" and "baseline" in parts:
            baseline = parts.pop("baseline")
            theirs["references"] = () if baseline is None else (baseline,)
        if theirs:
            solution = replace(solution, **{name: replace(getattr(solution, name), **theirs)})
    if "method" in parts:
        parts["problem"] = solution.problem.replace({"solver.method": parts.pop("method")})
    return replace(solution, **parts)


def off(truth, error):
    """Return fields, one a column, with a relative error: at each level of what varies there."""
    mean = truth.mean(axis=-2, keepdims=True)
    return mean + (1 + error) * (truth - mean)


def reference(values, *, has_exact):
    """Return a direct solution with a known error."""
    errors = {"u": BASELINE_ERROR, "v": BASELINE_ERROR} if has_exact else None
    overall = BASELINE_ERROR if has_exact else None
    return Reference("rbf-fd", None, values, None, errors, overall, 0.12)


def made_up(
    problem,
    nodes,
    values,
    status,
    message,
    history,
    phases,
    errors,
    baseline,
    seconds,
    *,
    evaluate=still,
    times=None,
    method="dt-pinn",
    warnings=(),
    estimate=None,
    found_parameters=None,
    iterations=0,
    device="cpu",
    verdict=RESOLVED,
):
    """Return a solution made of its smallest parts."""
    return Solution(
        problem.replace({"solver.method": method}),
        Formula(evaluate),
        Sample(nodes, values, times),
        Outcome(status, message, tuple(warnings)),
        Course(history, phases, seconds, iterations),
        Accuracy(errors, estimate, () if baseline is None else (baseline,)),
        Provenance(device, "float64", 1, {"pinnsolve": "0.1.0", "torch": "2.9"}),
        verdict,
        found_parameters or {},
    )


@cache
def place(shape: str, count: int, has_exact: bool, title: str) -> tuple[Problem, Domain, Nodes]:
    """Return a problem, its domain and nodes with ghosts, made once for all tests."""
    text = PROBLEM.format(
        title=title, domain=SHAPES[shape], count=count, exact=EXACT if has_exact else ""
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made_up.toml"
        path.write_text(text if has_exact else text.replace('"manufactured"', '"x"'))
        problem = load(path)
    domain = build_domain(problem)
    return problem, domain, with_ghosts(generate(domain, count=count), domain)


def case_in_time(
    shape: str = "disk",
    count: int = 300,
    *,
    levels: int = 4,
    has_exact: bool = True,
    **changes: Any,
) -> Case:
    """Return a solution in time on a shape, whose error grows with time."""
    problem, domain, nodes = place_in_time(shape, count, levels, has_exact)
    times = np.linspace(1.0, 3.0, levels)

    def evaluate(points: np.ndarray) -> np.ndarray:
        x, t = points[:, 0], points[:, -1]
        return np.column_stack([2 + np.sin(x) * np.exp(1 - t), 1 - t * x / 2])

    at_rest = case(shape, count, has_exact=has_exact).solution
    points = points_of(problem, nodes)
    truth = evaluate(points.reshape(-1, points.shape[-1])).reshape(levels, -1, 2)
    growth = times[:, None, None]
    errors = at_rest.accuracy.errors
    known = {
        "values": off(truth, ERROR * growth),
        "status": "finished",
        "message": "",
        "history": at_rest.course.history,
        "phases": at_rest.course.phases,
        "errors": errors and replace(errors, relative_l2_at_end={"u": 3e-5, "v": 3e-5}),
        "baseline": reference(off(truth, BASELINE_ERROR * growth), has_exact=has_exact),
        "seconds": at_rest.course.seconds,
        "evaluate": evaluate,
        "times": times,
    }
    return Case(problem, domain, made_up(problem, nodes, **(known | changes)))


@cache
def place_in_time(
    shape: str, count: int, levels: int, has_exact: bool
) -> tuple[Problem, Domain, Nodes]:
    """Return a problem in time, with the nodes of the problem at rest."""
    exact = EXACT_IN_TIME if has_exact else ""
    text = IN_TIME.format(domain=SHAPES[shape], count=count, levels=levels, exact=exact)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made_up.toml"
        path.write_text(text)
        problem = load(path)
    return problem, *place(shape, count, has_exact, "A test")[1:]
