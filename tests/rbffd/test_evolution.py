"""Problems stepped through time, against exact solutions."""

import numpy as np
import pytest

from pinnsolve.conditions.initial import initial_values
from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.rbffd import evolution, trajectory
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

IN_TIME = "\ntime = [0, 1]"
HOLED = """\
shape = "difference"
of = [
  { shape = "rectangle", name = "plate", lower = [0, 0], upper = [1, 1] },
  { shape = "disk", name = "hole", center = [0.5, 0.5], radius = 0.06 },
]"""
GIVEN = """
[functions]
f = "manufactured"
g = "manufactured"
[initial]
u = "manufactured"
{more}
[exact]
u = "{exact}"
"""


def integrate(problem, tolerance=1e-9):
    setup = Setup(problem)
    nodes = setup.nodes
    return trajectory.integrate(
        setup.discretisation(),
        setup.placement.at,
        initial_values(problem, nodes),
        problem.times,
        tolerance=tolerance,
    ), nodes


def error(problem, **options):
    result, nodes = integrate(problem, **options)
    exact = exact_at(problem, nodes)
    u = result.values[:, nodes.rows]
    return np.linalg.norm(u - exact) / np.linalg.norm(exact)


def problem_of(folder, equation, exact, more="", levels=4, **parts):
    parts = {"domain": INTERVAL, "count": 60, **parts}
    parts["domain"] += IN_TIME
    posed = pose(folder, equation, more=GIVEN.format(exact=exact, more=more), **parts)
    return posed.replace({"nodes.time_levels": levels})


@pytest.mark.parametrize(
    "condition", ["u = g", "dn(u) + u = g", "u_t + dn(u) = g"], ids=["value", "robin", "dynamic"]
)
def test_polynomials_in_space_and_time_are_reproduced(condition, tmp_path):
    # degree 4 in space and the number of stages in time are exact up to rounding
    problem = problem_of(
        tmp_path,
        "u_t = laplace(u) - u_x + f",
        "1 + (x^4 - x*y + y^2)*t^2 - 3*t",
        domain=SQUARE,
        count=200,
        on=[("all", condition)],
    )
    assert error(problem) < 1e-10


@pytest.mark.slow
def test_polynomials_are_reproduced_where_coefficients_change_in_time(tmp_path):
    problem = problem_of(
        tmp_path,
        "(2 + t)*u_t = (1 + t^2)*laplace(u) + x*t*u + f",
        "x^3*t^2 + 1",
        on=[("all", "dn(u) + (1 + t)*u = g")],
    )
    assert error(problem) < 1e-8  # Newton's matrices are those of one instant: its tolerance


@pytest.mark.slow
def test_a_nonlinear_equation(tmp_path):
    problem = problem_of(
        tmp_path,
        "u_t + u*u_x = 0.1*u_xx + f",
        "sin(pi*x)*exp(-t) + x",
        on=[("all", "u = g")],
        order=4,
    )
    assert error(problem) < 1e-6


@pytest.mark.slow
def test_an_equation_of_second_order_in_time(tmp_path):
    problem = problem_of(
        tmp_path,
        "u_tt = laplace(u) + f",
        "sin(pi*x)*cos(pi*t)",
        more='u_t = "0"',
        on=[("all", "u = g")],
        order=4,
    )
    assert error(problem) < 1e-6


@pytest.mark.slow
def test_a_field_without_derivative_in_time_needs_no_initial_value(tmp_path):
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
    problem = pose(
        tmp_path,
        "u_t = laplace(u) + v + f",
        "laplace(v) - v = u*t + g",
        domain=INTERVAL + IN_TIME,
        count=60,
        order=4,
        on=[("all", "dn(u) = 0"), ("all", "v = 0")],
        more=given,
    ).replace({"nodes.time_levels": 4})
    assert error(problem) < 1e-6


def test_the_order_in_time_is_that_of_the_method(tmp_path):
    # a polynomial of degree four in space is exact, so that all error comes from time
    problem = problem_of(
        tmp_path, "u_t = laplace(u) + f", "1 + x^2*sin(6*t)", on=[("all", "dn(u) + u = g")]
    )
    # a tolerance that any change satisfies: two steps a level
    errors = [
        error(problem.replace({"nodes.time_levels": levels}), tolerance=1.0) for levels in (5, 9)
    ]
    assert np.log2(errors[0] / errors[1]) > 3 - 0.3


@pytest.mark.parametrize("frequency", [10, 30, 70])
def test_steps_that_are_not_fine_enough_tell_the_error_that_they_leave(tmp_path, frequency):
    exact = f"x^2*sin({frequency}*t)"  # exact in space: all error comes from time
    problem = problem_of(tmp_path, "u_t = laplace(u) + f", exact, on=[("all", "u = g")], levels=2)
    result, nodes = integrate(problem, tolerance=1e-16)
    truth = exact_at(problem, nodes)
    true = np.linalg.norm(result.values[:, nodes.rows] - truth) / np.linalg.norm(truth)
    rounding = 1e-13  # 64 steps, each solved to about 1e-14
    assert true / 2 - rounding < result.error < 3 * true + rounding
    assert result.message == (
        f"solved in 64 steps, which leave an error of about {result.error:.1e}"
    )


@pytest.mark.parametrize(("ratio", "steps"), [(3.0, 1), (5.0, 2)])
def test_small_changes_that_fall_less_than_of_order_two_are_rounding(tmp_path, ratio, steps):
    problem = problem_of(tmp_path, "u_t = laplace(u) + f", "x*t", on=[("all", "u = g")], levels=2)
    setup = Setup(problem)
    start = initial_values(problem, setup.nodes)
    process = evolution.Evolution(
        setup.discretisation(), setup.placement.at, start, problem.times, tolerance=1e-12
    )
    process.step()
    process.restore({**process.state(), "change": 1e-8, "change_before": ratio * 1e-8})
    assert process.step().at == steps


def test_equations_that_do_not_say_how_fields_go_on_are_refused(tmp_path):
    given = """
[initial]
u = "x"
"""
    problem = pose(
        tmp_path,
        "u_t = laplace(u) + v_x",
        "v_x - v_x*1.0 + u - x = 0",
        domain=INTERVAL + IN_TIME,
        count=60,
        on=[("all", "u = x"), ("left", "v = 0")],
        more=given,
    )
    with pytest.raises(SingularError, match="no unique solution"):
        integrate(problem)


def test_a_matrix_of_a_step_is_better_conditioned_than_the_steady_one(tmp_path):
    problem = problem_of(
        tmp_path, "u_t = laplace(u) + f", "x*t", on=[("all", "dn(u) + u = g")], count=200
    )
    setup = Setup(problem)
    system, bind = setup.discretisation(), setup.placement.at
    initial = initial_values(problem, system.nodes)
    steps = (np.array([0.0, step]) for step in (1e-4, 1.0))
    small, large = (trajectory.condition(system, bind, initial, times) for times in steps)
    assert 1 < small < large


def test_a_solution_that_grows_beyond_all_bounds_is_lost_at_a_time(tmp_path):
    # u = 1/(1/3 - t) while it lasts
    more = '[initial]\nu = "3"'
    ends = [("left right", "dn(u) = 0")]
    domain = INTERVAL + IN_TIME
    problem = pose(tmp_path, "u_t = u_xx + u^2", on=ends, domain=domain, count=20, more=more)
    with pytest.raises(
        DivergedError, match=r"^the solution was lost between t = 0\.32 and t ="
    ) as e:
        integrate(problem.replace({"nodes.time_levels": 26}))
    assert str(e.value).endswith("where the solution blows up, end before that.")


def test_heat_around_a_small_hole_never_grows(tmp_path):
    # with ghosts in the hole at uneven distances heat grew at 1.6/h^2; longer steps damp that
    problem = pose(
        tmp_path,
        "u_t = laplace(u)",
        on=[("all", "dn(u) + 5*u = 0")],
        domain=HOLED + "\ntime = [0, 0.1]",
        count=420,
        order=4,
        more='[initial]\nu = "1"',
    )
    found, nodes = integrate(problem.replace({"nodes.time_levels": 11}), tolerance=1e-3)
    # heat leaves through all of the boundary, so that the maximum is the first value
    assert np.abs(found.values[:, nodes.rows]).max() < 1.05
