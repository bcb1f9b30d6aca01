"""Whether mistakes in [exact] are found, and rounding is not taken for one."""

import numpy as np
import pytest

from pinnsolve.checks.exact_solution import doubts
from pinnsolve.setup import Setup
from tests.posing import SQUARE, pose


@pytest.fixture
def found(tmp_path):
    """Return the doubts about a problem's exact solution."""

    def found(equation, condition, exact, **parts):
        more = f'[exact]\nu = "{exact}"\n{parts.pop("more", "")}'
        problem = pose(tmp_path, equation, on=[("all", condition)], more=more, **parts)
        return doubts(problem, Setup(problem).discretisation())

    return found


def test_a_right_solution_raises_no_doubt(found):
    assert found("laplace(u) = exp(u)*0 + 1", "dn(u) + u = x*n_x + x**2/2", "x**2/2") == []


@pytest.mark.parametrize("size", [1e-12, 1.0, 2e11])
def test_rounding_is_no_mistake_whatever_the_unit(found, size):
    exact = f"{size}*sin(3*x)*exp(3*y)"
    assert found("7*u_xx + 7*u_yy = u - u", f"u = {exact}", exact) == []


def test_rounding_is_no_mistake_where_all_terms_vanish(found):
    wave = "sin(pi*x)*sin(pi*y)"
    assert found("laplace(u) = u - u - 2*pi**2*" + wave, "u = 0", wave) == []
    (doubt,) = found("laplace(u) = u - u - 2*pi**2*" + wave, "u = 1e-6", wave)
    assert doubt.startswith(
        '[exact] does not satisfy "u = 1e-6": it leaves 1e-06, 1 of the largest'
    )


def test_nonlinear_equations_are_measured_too(found):
    assert found("div(u*grad(u)) = 1 + y*0", "u = x", "x") == []
    (doubt,) = found("div(u*grad(u)) = 1.01", "u = x", "x")
    assert doubt == (
        '[exact] does not satisfy "div(u*grad(u)) = 1.01": it leaves 0.01, 0.005 of the largest '
        "term. Errors will not fall much below that."
    )


def test_equations_and_conditions_are_examined_alike(found):
    first, second = found("laplace(u) = 1.001", "dn(u) = x*n_x + 1e-4", "x**2/2")
    assert first == (
        '[exact] does not satisfy "laplace(u) = 1.001": it leaves 0.001, 0.001 of the largest '
        "term. Errors will not fall much below that."
    )
    assert second.startswith('[exact] does not satisfy "dn(u) = x*n_x + 1e-4": it leaves 0.0001, ')


def test_a_solution_with_a_kink_solves_no_equation_without_one(found):
    (doubt,) = found("laplace(u) = 0", "u = abs(x - 0.5)", "abs(x - 0.5)")
    assert doubt == (
        '[exact] cannot be held against "laplace(u) = 0": the exact solution or a derivative of it '
        "jumps at x = 0.5, and the derivative of the jump would be lost."
    )
    smooth = "abs(x - 0.5)*(x - 0.5)/2"
    assert found("laplace(u) = sign(x - 0.5)", f"u = {smooth}", smooth) == []


def test_an_infinite_solution_is_told(found):
    assert found("laplace(u) = 0", "u = y", "y + log(x)") == [
        "[exact] is not finite at x = 0, y = 1, so no error can be measured there."
    ]


def test_without_an_exact_solution_there_is_nothing_to_doubt(tmp_path):
    problem = pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")])
    assert doubts(problem, Setup(problem).discretisation()) == []


def test_values_without_a_formula_cannot_be_examined(found, tmp_path):
    x, y = np.meshgrid(np.linspace(-0.1, 1.1, 13), np.linspace(-0.1, 1.1, 13))
    table = np.column_stack([x.ravel(), y.ravel(), x.ravel()])
    np.savetxt(tmp_path / "w.csv", table, delimiter=",", header="x,y,w", comments="")
    more = '[functions]\nw = { file = "w.csv", column = "w" }'
    assert found("laplace(u) = 1", "u = 2*x", "w", more=more, domain=SQUARE) == []


HEAT = "u_t = laplace(u) + f"


def doubts_in_time(folder, initial="sin(pi*x)", exact="sin(pi*x)*exp(-t)", source="pi**2 - 1"):
    more = f"""
[functions]
f = "({source})*sin(pi*x)*exp(-t)"
[initial]
u = "{initial}"
[exact]
u = "{exact}"
"""
    domain = SQUARE + "\ntime = [0, 2]"
    on = [("left right", "u = 0"), ("bottom top", "dn(u) = 0")]
    problem = pose(folder, HEAT, on=on, more=more, domain=domain)
    return doubts(problem, Setup(problem).discretisation())


def test_a_right_solution_in_time_raises_no_doubt(tmp_path):
    assert doubts_in_time(tmp_path) == []


def test_mistakes_in_time_are_found_once(tmp_path):
    (doubt,) = doubts_in_time(tmp_path, source="pi**2 - 2")
    assert doubt.startswith('[exact] does not satisfy "u_t = laplace(u) + f": it leaves 1, 0.1 of')


def test_another_initial_value_is_found(tmp_path):
    (doubt,) = doubts_in_time(tmp_path, initial="1.01*sin(pi*x)")
    assert doubt == (
        "[exact] differs from the initial value of u by up to 0.01. "
        "Errors will not fall much below that."
    )
