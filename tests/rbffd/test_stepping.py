"""Direct solutions that are left after a step and taken up again: N steps and N more are 2N."""

from math import isfinite, isnan

import numpy as np
import pytest

from pinnsolve import load
from pinnsolve.cli import shipped
from pinnsolve.errors import Stopped
from pinnsolve.process import Budget
from pinnsolve.progress import unwatched
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.solve import DirectSolve
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.setup import Setup
from pinnsolve.training.loop import drive
from tests.posing import INTERVAL, SQUARE, pose
from tests.training.taking_up import bits, from_file

IN_TIME = "\ntime = [0, 1]"
EXACT = '[functions]\nf = "manufactured"\ng = "manufactured"\n[exact]\nu = "{}"\n'
BEGINS = EXACT + '[initial]\nu = "manufactured"\n'


def steady(equation, exact):
    return lambda folder: pose(
        folder, equation, domain=SQUARE, count=80, on=[("all", "u = g")], more=EXACT.format(exact)
    )


def in_time(*equations, exact, on=(("all", "u = g"),), more=""):
    def make(folder):
        domain, more_of_it = INTERVAL + IN_TIME, BEGINS.format(exact) + more
        problem = pose(folder, *equations, domain=domain, count=30, on=on, more=more_of_it)
        return problem.replace({"nodes.time_levels": 4})

    return make


def disk_heat(_):
    path = shipped.folder() / "disk_heat.toml"
    return load(path, {"nodes.count": 120, "nodes.time_levels": 4, "solver.method": "rbf-fd"})


def algebraic_field(folder):
    """Return a problem one of whose fields has no derivative in time."""
    given = """
[functions]
f = "manufactured"
g = "manufactured"
[initial]
u = "manufactured"
[exact]
u = "cos(pi*x)*exp(-t)"
v = "x*(1 - x)*(1 + t)"
"""
    return pose(
        folder,
        "u_t = laplace(u) + v + f",
        "laplace(v) - v = u*t + g",
        domain=INTERVAL + IN_TIME,
        count=30,
        on=[("all", "dn(u) = 0"), ("all", "v = 0")],
        more=given,
    ).replace({"nodes.time_levels": 4})


CASES = {
    "linear": steady("laplace(u) = f", "sin(x)*y"),
    "nonlinear": steady("laplace(u) - exp(u) = f", "2 + sin(3*x)*y"),
    "from a second start": steady("laplace(u) - 1/u = f", "2 + sin(3*x)*y"),  # zero is none
    "disk_heat": disk_heat,
    "coefficients in time": in_time("(2 + t)*u_t = (1 + t)*u_xx + f", exact="1 + x*sin(3*t)"),
    "nonlinear in time": in_time("u_t + u*u_x = 0.1*u_xx + f", exact="sin(pi*x)*exp(-t) + x"),
    "second order in time": in_time(
        "u_tt = u_xx + f", exact="sin(pi*x)*cos(pi*t)", more='u_t = "0"'
    ),
    "algebraic field": algebraic_field,
}


def solving(setup, watch=unwatched):
    return DirectSolve(setup.problem, setup.discretisation(), setup.placement, watch)


@pytest.mark.parametrize("case", CASES)
def test_every_step_is_the_same_from_what_was_kept_before_it(tmp_path, case):
    """By induction the whole is the same wherever it is cut."""
    setup = Setup(CASES[case](tmp_path))
    steps, process = [], solving(setup)
    while not steps or not steps[-1].done:
        before = from_file(process.state())
        steps.append(process.step())
        again = solving(setup)
        again.restore(before)
        assert again.step() == steps[-1]
        assert again.answer().values.tobytes() == process.answer().values.tobytes()
        assert bits(again.state()) == bits(process.state())
    assert all(isfinite(step.loss) for step in steps)
    assert (len(steps) == 1) == (case == "linear")
    assert process.step() == steps[-1]  # what is done stays done


@pytest.mark.parametrize("case", ["nonlinear", "disk_heat", "nonlinear in time"])
def test_steps_lead_where_the_whole_does(tmp_path, case):
    setup = Setup(CASES[case](tmp_path))
    process = solving(setup)
    while not (step := process.step()).done:
        pass
    found = solve_directly(setup.problem, setup.discretisation(), setup.placement)
    assert found.converged
    assert process.answer().values.tobytes() == found.fields.values.tobytes()
    assert (step.done, step.at) == (found.message, found.iterations)


def without_solution(folder):
    """Return Newton's method for Bratu's equation on the square, beyond its last solution."""
    problem = pose(folder, "laplace(u) + 8*exp(u) = 0", count=80, on=[("all", "u = 0")])
    system = Setup(problem).discretisation()
    return lambda: direct.Newton(system)


def test_work_without_success_ends_where_its_last_step_has_led(tmp_path):
    make, steps, before = without_solution(tmp_path), [], None
    process = make()
    while not steps or not steps[-1].done:
        before = process.answer()
        steps.append(process.step())
    assert isnan(steps[-1].loss)
    assert "no " in steps[-1].done
    assert all(isfinite(step.loss) for step in steps[:-1])
    np.testing.assert_array_equal(process.answer(), before)
    outcome, course = drive(make(), Budget(), unwatched)
    assert (outcome.status, outcome.message) == ("diverged", steps[-1].done)
    assert course.iterations == steps[-2].at


@pytest.mark.parametrize("case", ["nonlinear", "disk_heat"])
def test_what_is_stopped_can_be_taken_up(tmp_path, case):
    setup = Setup(CASES[case](tmp_path))
    whole = solving(setup)
    finished, course = drive(whole, Budget(), unwatched)
    kept, seen = [], []

    def watch(progress):
        seen.append(progress)
        if len(seen) == 3:
            raise Stopped("enough.")

    process = solving(setup)
    outcome, _ = drive(process, Budget(), watch, keep=kept.append)
    assert outcome.status == "stopped"
    assert np.isfinite(process.answer().values).all()
    again = solving(setup)
    outcome, resumed = drive(again, Budget(), unwatched, state=from_file(kept[-1]))
    assert outcome == finished
    assert again.answer().values.tobytes() == whole.answer().values.tobytes()
    assert resumed.iterations == course.iterations
    assert list(resumed.seconds) == ["solution"]


def test_an_evolution_that_is_left_early_has_values_at_all_levels(tmp_path):
    """Those of the last level reached stand for the later ones."""
    setup = Setup(CASES["second order in time"](tmp_path))
    process = solving(setup)
    begin = process.answer().values
    assert (begin == begin[0]).all()
    process.step()
    process.step()
    values = process.answer().values
    assert (values[0] == begin[0]).all()
    assert (values[2] == values[3]).all()
    assert not (values[1] == values[2]).all()
