"""Long steps of many stages, against exact solutions and against short steps."""

import numpy as np
import pytest

from pinnsolve import run
from pinnsolve.errors import DivergedError, ProblemError
from pinnsolve.problem import load
from pinnsolve.rbffd.solve import DirectSolve
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

GIVEN = """
[functions]
f = "manufactured"
g = "manufactured"
[initial]
u = "manufactured"
{more}
[exact]
u = "{exact}"
[time_discrete]
step = [0, 1]
"""
VISCOUS = """
[initial]
u = "-sin(pi*x)"
[time_discrete]
step = [0, 1]
"""


def problem_of(folder, equation, exact, stages, more="", steps=1, **parts):
    given = GIVEN.format(exact=exact, more=more) + f"stages = {stages}\nsteps = {steps}"
    problem = pose(folder, equation, more=given, **{"domain": INTERVAL, "count": 60, **parts})
    return problem.replace({"nodes.time_levels": 5, "solver.method": "rbf-fd"})


def process_of(problem):
    setup = Setup(problem)
    return DirectSolve(problem, setup.discretisation(), setup.placement), setup.nodes


def solved(problem):
    process, nodes = process_of(problem)
    while not process.step().done:
        pass
    return process.answer().values[:, nodes.rows], nodes


def errors(problem):
    """Return the relative errors at the levels after the first."""
    values, nodes = solved(problem)
    exact = exact_at(problem, nodes)
    away, size = (np.linalg.norm(v[1:], axis=(1, 2)) for v in (values - exact, exact))
    return away / size


@pytest.mark.parametrize("condition", ["u = g", "dn(u) + u = g", "u_t + dn(u) = g"])
def test_polynomials_in_space_and_time_are_reproduced(condition, tmp_path):
    # degree 4 in space and the number of stages in time are exact up to rounding
    problem = problem_of(
        tmp_path,
        "u_t = laplace(u) - u_x + f",
        "1 + (x^4 - x*y + y^2)*t^3 - 3*t",
        3,
        domain=SQUARE,
        count=200,
        on=[("all", condition)],
    )
    assert max(errors(problem)) < 1e-9


def test_second_derivatives_in_time_are_integrated_twice(tmp_path):
    problem = problem_of(
        tmp_path,
        "u_tt = laplace(u) + f",
        "x^3*t^4 + 1 - t",
        4,
        more='u_t = "manufactured"',
        on=[("all", "u = g")],
    )
    assert max(errors(problem)) < 1e-9


def test_the_error_falls_exponentially_with_the_stages(tmp_path):
    found = [
        max(
            errors(
                problem_of(
                    tmp_path, "u_t = laplace(u) + f", "1 + cos(4*t)*x", q, on=[("all", "u = g")]
                )
            )
        )
        for q in (4, 7, 10)
    ]
    # three stages more resolve cos(4 t) by two digits more at least
    assert found[0] / found[1] > 100
    assert found[1] / found[2] > 100


def test_two_steps_are_better_than_one_by_the_order(tmp_path):
    found = [
        errors(
            problem_of(
                tmp_path,
                "u_t = laplace(u) + f",
                "1 + cos(4*t)*x",
                3,
                steps=steps,
                on=[("all", "u = g")],
            )
        )[-1]
        for steps in (2, 4)
    ]
    # 2^5 at the end where nothing is stiff; 2^3 between the stages is what stiffness leaves
    assert found[0] / found[1] > 8


def test_what_the_boundary_does_not_have_at_first_is_damped(tmp_path):
    problem = pose(
        tmp_path,
        "u_t = laplace(u)",
        domain=INTERVAL,
        count=60,
        on=[("all", "u = 0")],
        more='[initial]\nu = "1"\n[time_discrete]\nstep = [0, 1]\nstages = 12',
    ).replace({"nodes.time_levels": 3, "solver.method": "rbf-fd"})
    values, nodes = solved(problem)
    x = nodes.x[nodes.rows, 0]
    low, high = x.min(), x.max()
    length = high - low
    first = np.sin(np.pi * (x - low) / length) * 4 / np.pi * np.exp(-((np.pi / length) ** 2))
    # the first of the sines is all that is left at the end; of 1 the initial values
    assert np.abs(values[-1, :, 0] - first).max() < 1e-2


def test_a_shock_is_crossed_in_one_step(tmp_path):
    """As by short steps, which are another method, whose tolerance is the distance."""
    domain = 'shape = "interval"\nbounds = [-1, 1]'
    one = pose(
        tmp_path,
        "u_t + u*u_x = 0.05*u_xx",
        domain=domain,
        count=60,
        on=[("all", "u = 0")],
        more=VISCOUS + "stages = 24",
    ).replace({"nodes.time_levels": 6, "solver.method": "rbf-fd"})
    many = one.replace({"domain.time": [0, 1]})
    text = many.source.text.replace(VISCOUS.partition("[time_discrete]")[2], "")
    path = tmp_path / "short.toml"
    path.write_text(text.replace("[time_discrete]", "").replace("stages = 24", ""))
    short = load(path, {**many.source.overrides})
    np.testing.assert_allclose(solved(one)[0], solved(short)[0], atol=2e-6)


def test_what_is_left_within_a_step_goes_on_to_the_same_bits(tmp_path):
    problem = problem_of(
        tmp_path, "u_t = u*u_xx + f", "2 + x*sin(t)", 6, steps=2, on=[("all", "u = g")]
    )
    whole, _ = process_of(problem)
    half, _ = process_of(problem)
    half.step()
    rest, _ = process_of(problem)
    rest.restore(half.state())
    for process in (whole, rest):
        while not process.step().done:
            pass
    np.testing.assert_array_equal(whole.answer().values, rest.answer().values)


def test_what_blows_up_within_a_step_says_what_to_do(tmp_path):
    problem = pose(
        tmp_path,
        "u_t = u_xx + 40*u^3",
        domain=INTERVAL,
        count=40,
        on=[("all", "u = 1")],
        more='[initial]\nu = "1"\n[time_discrete]\nstep = [0, 1]\nstages = 5',
    ).replace({"solver.method": "rbf-fd"})
    process, _ = process_of(problem)
    with pytest.raises(DivergedError) as fault:
        all(not process.step().done for _ in range(100))
    assert str(fault.value) == (
        "Newton's method failed in the step from t = 0 to 1. Raise time_discrete.steps, so that "
        "each is shorter, or give more stages."
    )


def test_a_network_takes_no_steps(tmp_path):
    with pytest.raises(ProblemError) as refused:
        problem_of(tmp_path, "u_t = laplace(u) + f", "1 + t*x", 3, on=[("all", "u = g")]).replace(
            {"solver.method": "pinn"}
        )
    assert 'method "pinn" takes no steps in time.' in str(refused.value)
    assert 'Set method = "rbf-fd" in [solver]; or write [domain] time in place of this' in str(
        refused.value
    )


def test_two_beginnings_of_time_are_refused(tmp_path):
    with pytest.raises(ProblemError) as refused:
        problem_of(tmp_path, "u_t = laplace(u) + f", "1 + t*x", 3, on=[("all", "u = g")]).replace(
            {"domain.time": [0, 2]}
        )
    assert "time begins and ends otherwise than the steps of [time_discrete]." in str(refused.value)


def test_what_is_wrong_with_the_steps_makes_no_further_faults(tmp_path):
    """Without its step an equation would seem to hold an unknown coordinate."""
    with pytest.raises(ProblemError) as refused:
        problem_of(tmp_path, "u_t = laplace(u) + f", "1 + t*x", 0, on=[("all", "u = g")])
    assert [fault.message for fault in refused.value.faults] == [
        "[time_discrete] stages must be at least 1, but is 0."
    ]


def test_an_error_in_time_is_remedied_by_more_stages(tmp_path):
    problem = pose(
        tmp_path,
        "u_t = 0.1*u_xx",
        domain=INTERVAL,
        count=15,
        on=[("all", "u = 0")],
        more='[initial]\nu = "sin(pi*x)"\n[time_discrete]\nstep = [0, 1]\nstages = 1',
    ).replace({"solver.method": "rbf-fd"})
    assert "time_discrete.stages" in run.solve(problem).verdict.remedy
