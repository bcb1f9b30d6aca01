"""Shipped flows held to figures from the literature, or on finer nodes (`benchmarks/flow.py`)."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.flow import CASES, integral, solved
from pinnsolve import solve
from pinnsolve.cli import shipped
from pinnsolve.problem import load


def solution_of(name, **overrides):
    """Return the solution of a case with other overrides, and the case."""
    case = CASES[name]
    few = {"output.test_points": 100, **case.overrides, **overrides}
    return solved(replace(case, overrides=few)), case


def figures(name, **overrides):
    """Return the figures of a case relative to those of the literature."""
    solution, case = solution_of(name, **overrides)
    found = case.figures(solution)
    assert set(found) == set(case.literature)
    return {figure: found[figure] / known for figure, known in case.literature.items()}


def test_integrals_of_polynomials_are_exact():
    assert integral(lambda y: 10 * y**9, 0.0, 2.0) == pytest.approx(2.0**10, rel=1e-14)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_case_states_a_problem(case):
    assert load(shipped.folder() / f"{case.problem}.toml", dict(case.overrides)).equations


@pytest.mark.slow
@pytest.mark.study
def test_drag_lift_and_pressure_of_the_cylinder():
    found = figures("cylinder_flow")
    assert found["drag"] == pytest.approx(1, abs=1e-3)
    assert found["lift"] == pytest.approx(1, abs=0.05)
    assert found["pressure difference"] == pytest.approx(1, abs=1e-4)


@pytest.mark.slow
@pytest.mark.study
def test_heat_enters_the_room_as_the_literature_says_and_leaves_it_again():
    solution, case = solution_of("heated_room", **{"nodes.count": 700})
    entering = case.figures(solution)["Nusselt number"]
    # the literature has three digits after the point, and is a grid's
    assert entering == pytest.approx(case.literature["Nusselt number"], rel=3e-3)

    def flux(y):
        return -solution.derivative("T_x", np.c_[0 * y + 1, y], extrapolate=True)

    assert integral(flux, 0.0, 1.0) == pytest.approx(entering, rel=2e-3)


@pytest.mark.slow
@pytest.mark.study
def test_a_sphere_in_creeping_flow_is_dragged_as_stokes_says():
    solution, case = solution_of("stokes_sphere", **{"nodes.spacing": 0.36})
    drag = case.figures(solution)["drag"]
    assert drag == pytest.approx(case.literature["drag"], rel=0.02)
    errors = solution.accuracy.errors.relative_l2_nodes
    # on 500 nodes u is 4 %, v and w, which are small, are 6 and 9 % wrong
    assert errors["u"] < 0.05
    assert max(errors["v"], errors["w"]) < 0.15


@pytest.mark.slow
def test_the_stream_behind_the_step_reattaches_where_on_finer_nodes():
    found = figures("backward_step", **{"nodes.spacing": 0.16})
    assert found["reattachment"] == pytest.approx(1, abs=0.01)


@pytest.mark.study
@pytest.mark.slow
def test_the_velocities_in_the_cavity_are_those_on_finer_nodes():
    for found in figures("lid_driven_cavity", **{"nodes.count": 800}).values():
        assert found == pytest.approx(1, abs=5e-3)  # 1e-3 on the nodes that are shipped


@pytest.mark.slow
def test_a_pulsating_pressure_drives_womersleys_flow_and_pushes_the_walls_apart():
    few = {"nodes.count": 80, "nodes.time_levels": 3, "solver.order": 2, "output.test_points": 100}
    half = {"domain.time": [0, 0.5]}
    solution = solve(load(shipped.folder() / "pulsating_channel.toml", few | half))
    errors = solution.accuracy.errors.relative_l2_nodes
    assert errors["u"] < 1e-2  # 5.8e-3 when it was written, on spacing 0.26
    assert errors["p"] < 3e-3
    push = solution.flow.forces["top"].force[:, 1]
    # the integral of p = K (L - x) cos(omega t), K = 1, L = 2; the wall itself is at rest
    assert push == pytest.approx(2 * np.cos(2 * np.pi * solution.flow.times), abs=1e-2)
