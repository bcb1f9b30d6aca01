"""Central differences: exact on polynomials, of their order, with an error; what they refuse."""

import numpy as np
import pytest

from pinnsolve.diffop import Term, partial
from pinnsolve.errors import ProblemError
from pinnsolve.references import finite_differences
from pinnsolve.references.differences import solved
from pinnsolve.references.exact import FormulaFields
from pinnsolve.references.grids import Axis, GridFields
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

STATED = '[reference]\nsolver = "finite-differences"\n'


def posed(tmp_path, equations, initial, exact, domain=INTERVAL, end=0.5, on=(), more=""):
    """Return a problem in time with a formula for its solution."""
    more = f"[initial]\n{initial}\n[exact]\n{exact}\n{STATED}{more}"
    domain = f"{domain}\ntime = [0, {end}]"
    return pose(tmp_path, *equations, domain=domain, on=on, count=60, more=more)


@pytest.mark.parametrize("accuracy", [2, 4, 6])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_differences_are_exact_on_polynomials(order, accuracy):
    """Of the degree that their order stands for, which beside walls is four at most."""
    axis, degree = Axis(-1.0, 0.2, 11, False), order + min(accuracy, 4) - 1
    x = axis.points
    expected = np.prod(np.arange(degree, degree - order, -1)) * x ** (degree - order)
    np.testing.assert_allclose(axis.matrix(order, accuracy) @ x**degree, expected, atol=1e-9)


def test_differences_of_joined_ends_are_of_their_order():
    errors = []
    for count in (16, 32):
        axis = Axis(0.0, 2 * np.pi / count, count, True)
        errors.append(np.abs(axis.matrix(2, 4) @ np.sin(axis.points) + np.sin(axis.points)).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.1)


def test_between_points_and_instants_fields_are_polynomials():
    axes = Axis(0.0, 0.25, 7, False), Axis(1.0, 0.5, 6, False)
    x, y = np.meshgrid(axes[0].points, axes[1].points, indexing="ij")
    times = np.array([0.0, 0.5, 2.0])
    table = np.array([[(x**3 - y**2) * t**3, (x**3 - y**2) * 3 * t**2] for t in times])
    fields = GridFields(axes, times, (table,), 5)
    at = np.random.default_rng(0).uniform([0, 1, 0], [1.5, 3.5, 2], (50, 3))
    p, q, t = at.T
    np.testing.assert_allclose(fields(at)[:, 0], (p**3 - q**2) * t**3, atol=1e-11)
    term = Term(0, partial((1, 0, 2)))
    np.testing.assert_allclose(fields.jet(at, {term})[term], 18 * p**2 * t, atol=1e-9)


def test_a_wave_between_walls_is_solved_to_the_order_and_its_error_is_told(tmp_path):
    initial, exact = 'u = "sin(pi*x)"\nu_t = "0"', 'u = "sin(pi*x)*cos(pi*t)"'
    problem = posed(tmp_path, ["u_tt = u_xx"], initial, exact, on=[("all", "u = 0")], end=1)
    plan, truth = finite_differences.plan(problem), FormulaFields(problem.exact)
    x = np.random.default_rng(0).uniform([0, 0], [1, 1], (200, 2))
    errors = [
        np.abs(solved(plan, 1 / cells, 4, lambda _: None).fields(x) - truth(x)).max()
        for cells in (20, 40)
    ]
    assert np.log2(errors[0] / errors[1]) > 3.5
    found = finite_differences.reference(Setup(problem))
    error = np.linalg.norm(found.fields(x) - truth(x)) / np.linalg.norm(truth(x))
    assert error < 1e-6
    assert error / 2 < found.error < 10 * error
    assert found.title.startswith("differences of order 4, ")


def test_walls_that_move_and_factors_that_vary(tmp_path):
    """A nonlinear equation whose factors hold time and position, and whose walls do too."""
    equations = ["u_t = u*u_xx*exp(-x)/4 + exp(x) - exp(x)*(1 + t)^2/4"]
    exact = "exp(x)*(1 + t)"
    walls = [("all", f"u = {exact}")]
    problem = posed(tmp_path, equations, 'u = "exp(x)"', f'u = "{exact}"', on=walls)
    found = solved(finite_differences.plan(problem), 1 / 12, 4, lambda _: None)
    x = np.random.default_rng(0).uniform([0, 0], [1, 0.5], (200, 2))
    truth = FormulaFields(problem.exact)(x)
    assert np.abs(found.fields(x) - truth).max() < 1e-5


def test_mixed_derivatives_and_joined_sides_of_two_fields(tmp_path):
    """What is carried along a diagonal, beside a field that follows it."""
    exact = "sin(2*pi*(x - t) + 2*pi*(y - t))"
    problem = posed(
        tmp_path,
        ["u_t + u_x + u_y = 0", "v_t - u_t = d(u, x, y)/(4*pi^2) + u"],
        f'u = "{exact.replace("- t", "")}"\nv = "{exact.replace("- t", "")}"',
        f'u = "{exact}"\nv = "{exact}"',
        domain=SQUARE,
        end=0.25,
        on=[("left right", "periodic"), ("bottom top", "periodic")],
        more="spacing = 0.05\norder = 6\n",
    )
    found = finite_differences.reference(Setup(problem))
    x = np.random.default_rng(0).uniform([0, 0, 0], [1, 1, 0.25], (200, 3))
    error = np.abs(found.fields(x) - FormulaFields(problem.exact)(x)).max()
    assert error < 1e-3
    assert "20 x 20 points" in found.title


REFUSED = {
    "u_tt = u_xx": ((("left", "u = 0"),), 'finite-differences needs values of "u" on right, or'),
    "u_t = u_xx": ((("all", "dn(u) = 0"),), "finite-differences takes values on the boundary only"),
    "u_xx = 0": ((("all", "u = 0"),), "finite-differences does not take the problem: no time"),
}


@pytest.mark.parametrize("equation", REFUSED)
def test_what_differences_do_not_solve_is_refused(tmp_path, equation):
    on, message = REFUSED[equation]
    in_time = {"u_tt = u_xx": 'u = "0"\nu_t = "0"', "u_t = u_xx": 'u = "0"'}.get(equation)
    domain = f"{INTERVAL}\ntime = [0, 1]" if in_time else INTERVAL
    more = (f"[initial]\n{in_time}\n" if in_time else "") + STATED
    with pytest.raises(ProblemError) as caught:
        finite_differences.plan(pose(tmp_path, equation, domain=domain, on=on, count=60, more=more))
    assert caught.value.faults[0].message.startswith(message)


def test_a_spacing_is_of_differences_only(tmp_path):
    more = '[reference]\nsolver = "rbf-fd"\nspacing = 0.1\n'
    with pytest.raises(ProblemError, match='spacing is of solver = "finite-differences" only'):
        pose(tmp_path, "u_xx = 0", domain=INTERVAL, on=[("all", "u = 0")], count=60, more=more)
