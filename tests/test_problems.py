"""The problems in `problems/`, solved by every method and held against their exact solutions."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from pinnsolve import check, load, run, solve
from pinnsolve.problem import Problem
from pinnsolve.solution import Solution

PROBLEMS = Path(__file__).parent.parent / "problems"
NAMES = sorted(path.stem for path in PROBLEMS.glob("*.toml"))
TEST_POINTS = {"output.test_points": 5000}


class Bounds(NamedTuple):
    """What is promised of a problem's relative errors on the nodes, the worst field's.

    Attributes
    ----------
    direct
        Of the direct solution at the file's own node count: three times what was measured when
        the figure was written, because other nodes of the same number move it by a factor of two.
    pinn
        Of the PINN on `pinn_count` nodes: ten times what was measured, because what random
        features leave of a smooth solution varies more.
    pinn_count
        Fewer nodes than in the file where exact derivatives at all of them take long.
    """

    direct: float
    pinn: float
    pinn_count: int | None = None


BOUNDS = {
    "annulus_conduction": Bounds(6e-7, 2e-7),
    "ball_poisson": Bounds(1e-6, 4e-8, 1000),
    "disk_poisson": Bounds(1.8e-6, 6e-11),
    "disk_poisson_nonlinear": Bounds(1.4e-6, 1e-7, 800),
    "interval_layer": Bounds(1.7e-7, 1e-9),
    "lshape_mixed": Bounds(2.2e-8, 1e-11, 1000),
    "plate_with_hole": Bounds(2e-3, 7e-3, 1500),
    "slab_radiation": Bounds(2.5e-8, 4e-8, 800),
    "star_poisson": Bounds(1.2e-6, 3e-9, 1000),
}
OF_BASELINE = 1.5  # a network on the same equations loses no more than this


def _problem(name: str, **overrides: object) -> Problem:
    """Return a shipped problem, its errors measured at fewer points than it asks for."""
    settings = {key.replace("__", "."): value for key, value in overrides.items()}
    return load(PROBLEMS / f"{name}.toml", TEST_POINTS | settings)


@cache
def _trained(name: str) -> Solution:
    """Return the solution by DT-PINN at full size."""
    return solve(_problem(name), method="dt-pinn")


def _relative_l2(solution: Solution, values: np.ndarray | None = None) -> float:
    """Return the error of all fields together on the nodes."""
    x = solution.nodes.x[solution.nodes.rows]
    exact = np.column_stack([exact(x) for exact in solution.problem.exact])
    values = solution.values if values is None else values
    return float(np.linalg.norm(values - exact) / np.linalg.norm(exact))


def _generalises(solution: Solution, factor: float) -> None:
    """Check that errors between the nodes are as small as on them."""
    assert solution.errors.test_points == 5000
    for field, error in solution.errors.relative_l2.items():
        assert error <= factor * solution.errors.relative_l2_nodes[field]


def test_every_problem_is_tried():
    assert sorted(BOUNDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_about_a_problem_is_suspicious(name):
    # among other things, its exact solution satisfies its equations and conditions
    assert check(_problem(name)).warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_direct_solution_is_accurate(name):
    solution = solve(_problem(name), method="rbf-fd")
    assert solution.status == "finished"
    assert max(solution.errors.relative_l2_nodes.values()) < BOUNDS[name].direct
    _generalises(solution, 3)  # interpolation between the nodes has an error of the same order


@pytest.mark.parametrize("name", NAMES)
def test_dt_pinn_keeps_up_with_the_direct_solution(name):
    solution = _trained(name)
    assert solution.status == "finished"
    assert solution.baseline.relative_l2 == _relative_l2(solution, solution.baseline.values)
    assert _relative_l2(solution) < OF_BASELINE * solution.baseline.relative_l2
    _generalises(solution, 1.5)


@pytest.mark.parametrize("name", NAMES)
def test_pinn_is_accurate(name):
    bounds = BOUNDS[name]
    size = {"nodes__count": bounds.pinn_count} if bounds.pinn_count else {}
    solution = solve(_problem(name, **size), method="pinn")
    assert solution.status == "finished"
    assert max(solution.errors.relative_l2_nodes.values()) < bounds.pinn
    _generalises(solution, 1.5)


def test_the_error_of_dt_pinn_falls_with_the_spacing_like_that_of_its_baseline():
    solutions = [solve(_problem("disk_poisson", nodes__count=n)) for n in (400, 800, 1600)]
    baselines = [solution.baseline.relative_l2 for solution in solutions]
    errors = [_relative_l2(solution) for solution in solutions]
    # order 4 at half the spacing: a sixteenth, less what a few nodes more or less do to it
    assert baselines[2] < baselines[0] / 12
    assert errors[2] < errors[0] / 12
    for error, baseline in zip(errors, baselines, strict=True):
        assert error < OF_BASELINE * baseline


def test_nodes_from_a_file_are_as_many_as_it_says():
    nodes = _trained("star_poisson").nodes
    assert nodes.rows.stop == 2180
    assert nodes.has_ghosts


def test_the_problem_in_a_run_directory_repeats_the_run(tmp_path):
    first = solve(_problem("star_poisson", solver__seed=3, solver__order=3))
    run.write(first, tmp_path / "first")
    again = solve(tmp_path / "first" / "problem.toml")
    # equal but for the order of summation inside the linear algebra
    assert again.errors.relative_l2["u"] == pytest.approx(first.errors.relative_l2["u"], rel=1e-3)
    np.testing.assert_array_equal(again.nodes.x, first.nodes.x)
    metrics = json.loads((tmp_path / "first" / "metrics.json").read_text())
    assert metrics["relative_l2"] == first.errors.relative_l2
    assert metrics["baseline"]["relative_l2"] == first.baseline.relative_l2
    assert (metrics["method"], metrics["seed"]) == ("dt-pinn", 3)
