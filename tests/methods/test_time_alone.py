"""Problems in time alone: systems of ordinary differential equations, without any space."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pinnsolve import check, load_solution, solve
from pinnsolve.checks.operator import LARGE, doubts
from pinnsolve.errors import ProblemError
from pinnsolve.rbffd.solve import DirectSolve
from pinnsolve.rbffd.solve import solve as classical
from pinnsolve.run import write
from pinnsolve.setup import Setup
from tests.posing import written

PREY = """\
[domain]
time = [0, 1]
[nodes]
time_levels = 21
[unknowns]
fields = ["x", "y"]
[pde]
equations = ["x_t = 1.5*x - x*y", "y_t = x*y - 3*y"]
[initial]
x = "10"
y = "5"
[solver]
method = "rbf-fd"
"""


def test_predators_and_prey_agree_with_an_integrator(tmp_path):
    problem = written(tmp_path, PREY)
    report = check(problem)
    assert report.warnings == ()
    assert "  domain       time alone" in report.lines
    solution = solve(problem)
    t = np.linspace(0, 1, 21)

    def slopes(_, z):
        return [1.5 * z[0] - z[0] * z[1], z[0] * z[1] - 3 * z[1]]

    truth = solve_ivp(slopes, (0, 1), [10, 5], "DOP853", t, rtol=1e-11, atol=1e-11).y.T
    error = np.linalg.norm(solution(t) - truth) / np.linalg.norm(truth)
    assert error < 1e-5
    # the estimate is no bound, but tells the size
    assert max(solution.accuracy.estimate.total.values()) > error / 10
    assert solution.verdict.word == "resolved"
    write(solution, tmp_path / "run", overwrite=True)
    assert (tmp_path / "run" / "solution.vtu").exists()  # a line along time
    assert not (tmp_path / "run" / "solution.pvd").exists()
    again = load_solution(tmp_path / "run")
    assert np.array_equal(again(t), solution(t))


def robertson(folder, end, levels):
    """Return Robertson's reaction, whose second substance is soon in balance, and its truth."""
    text = PREY.replace("[0, 1]", f"[0, {end}]").replace("levels = 21", f"levels = {levels}")
    text = text.replace('"x", "y"', '"x", "y", "z"').replace(
        '"10"\ny = "5"', '"1"\ny = "0"\nz = "0"'
    )
    left, right = "-0.04*x + 1e4*y*z", "0.04*x - 1e4*y*z - 3e7*y^2"
    equations = f'"x_t = {left}", "y_t = {right}", "z_t = 3e7*y^2"'
    text = text.replace('"x_t = 1.5*x - x*y", "y_t = x*y - 3*y"', equations)

    def slopes(_, u):
        back, on = 1e4 * u[1] * u[2], 3e7 * u[1] ** 2
        return [back - 0.04 * u[0], 0.04 * u[0] - back - on, on]

    truth = solve_ivp(slopes, (0, end), [1, 0, 0], "Radau", rtol=1e-10, atol=1e-16).y[:, -1]
    return written(folder, text), truth


def test_what_is_stiff_for_a_while_takes_short_steps_then(tmp_path):
    problem, truth = robertson(tmp_path, 1e5, 2)
    setup = Setup(problem)
    system = setup.discretisation()
    found = classical(problem, system, setup.placement)
    # steps are refined until 1e-6 is left
    np.testing.assert_allclose(found.fields.values[-1, 0], truth, rtol=1e-5)
    assert found.error_in_time < 1e-6
    # matrices of steps of many lives of the fast substance are ill conditioned, and do no harm
    assert found.condition > LARGE
    assert doubts(system, found.condition) == []


def test_steps_of_any_length_go_on_to_the_same_bits(tmp_path):
    problem, _ = robertson(tmp_path, 10.0, 4)
    setup = Setup(problem)
    whole, half, rest = (
        DirectSolve(problem, setup.discretisation(), setup.placement) for _ in range(3)
    )
    while not whole.step().done:
        pass
    while half.step().fraction != 1 / 3 or not int(half.state()["bisects"]):
        pass
    rest.restore(half.state())
    while not rest.step().done:
        pass
    np.testing.assert_array_equal(whole.answer().values, rest.answer().values)


@pytest.mark.study
def test_a_relaxation_oscillation_is_told_with_its_error(tmp_path):
    """Van der Pol's: slow for many seconds, then from one branch to another in a moment."""
    text = PREY.replace("[0, 1]", "[0, 40]").replace("levels = 21", "levels = 7")
    equations = '"x_t = y", "y_t = 30*(1 - x^2)*y - x"'
    text = text.replace('"x_t = 1.5*x - x*y", "y_t = x*y - 3*y"', equations)
    text = text.replace('"10"\ny = "5"', '"2"\ny = "0"')
    solution = solve(written(tmp_path, text))

    def slopes(_, u):
        return [u[1], 30 * (1 - u[0] ** 2) * u[1] - u[0]]

    t = np.linspace(0, 40, 7)
    truth = solve_ivp(slopes, (0, 40), [2, 0], "Radau", t, rtol=1e-10, atol=1e-12).y.T
    error = np.linalg.norm(solution(t) - truth, axis=0) / np.linalg.norm(truth, axis=0)
    assert error.max() < 1e-5
    assert max(solution.accuracy.estimate.total.values()) > error.max() / 10


def test_an_algebraic_equation_stands_among_them(tmp_path):
    """A pendulum in the plane by its angle, and its height by an equation without derivatives."""
    text = PREY.replace('"x_t = 1.5*x - x*y", "y_t = x*y - 3*y"', '"x_tt = -x", "y = x^2 + 1"')
    text = text.replace('x = "10"\ny = "5"', 'x = "1"\nx_t = "0"\n[exact]\nx = "cos(t)"')
    text = text.replace('"cos(t)"', '"cos(t)"\ny = "cos(t)^2 + 1"')
    solution = solve(written(tmp_path, text))
    assert max(solution.accuracy.errors.relative_l2.values()) < 1e-4


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            '[[boundary]]\non = "left"\ncondition = "x = 1"\n',
            "a problem in time alone has no space, and no boundary.",
        ),
        ("", "a problem in time alone has no nodes in space."),
    ],
)
def test_what_is_said_of_space_is_refused(tmp_path, more, message):
    text = PREY + more if more else PREY.replace("time_levels = 21", "count = 21")
    with pytest.raises(ProblemError) as refused:
        written(tmp_path, text)
    (fault,) = refused.value.faults
    assert fault.message == message
    assert fault.place.rpartition(":")[2].isdigit()
