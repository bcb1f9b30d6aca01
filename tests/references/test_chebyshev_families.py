"""Many problems at once by Chebyshev polynomials: each the solution that it has alone."""

import numpy as np
import pytest

from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.problem.families import functions_of
from pinnsolve.progress import unwatched
from pinnsolve.references.families import truths
from tests.posing import written

HEAT = """\
[domain]
shape = "interval"
bounds = [0.0, 1.0]
time = [0.0, 0.5]
[nodes]
count = 20
time_levels = 5
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t = u_xx/10 {term}"]
[[boundary]]
on = "all"
condition = "u = {value}"
[initial]
u = "f"
[operator]
input = "f"
held_out = 3
[operator.family]
kind = "coefficients"
basis = "sin(r*pi*x)"
indices = {{ r = [1, 3] }}
count = 20
{more}
[solver]
method = "operator"
"""
EXACT = '[exact]\nu = "exp(-(r*pi)**2*t/10)*sin(r*pi*x)"\n'
SOLVED = '[reference]\nsolver = "chebyshev"\n'
FLAT = """\
[domain]
shape = "rectangle"
lower = [0.0, 0.0]
upper = [1.0, 1.0]
[nodes]
count = 60
[unknowns]
fields = ["u"]
[pde]
equations = ["div(exp(g)*grad(u)) = -1"]
[[boundary]]
on = "all"
condition = "u = x*(1 - x)"
[operator]
input = "g"
held_out = 3
[operator.family]
kind = "coefficients"
basis = "r*x/2"
indices = { r = [1, 1] }
count = 20
[reference]
solver = "chebyshev"
[solver]
method = "operator"
"""


ALL = range(3)  # of the functions held out


def found(problem):
    functions = functions_of(problem.family, held_out=True)
    return truths(problem, build_domain(problem), functions, unwatched)


def test_a_linear_family_in_time_is_its_exact_solution(tmp_path):
    x = np.random.default_rng(0).random((50, 2)) * [1, 0.5]
    exact = found(written(tmp_path, HEAT.format(term="", value="0", more=EXACT))).at(ALL, x)
    own = found(written(tmp_path, HEAT.format(term="", value="0", more=SOLVED)))
    assert abs(own.at(ALL, x) - exact).max() < 10 * own.error * abs(exact).max() + 1e-9
    assert own.error < 1e-6
    assert np.array_equal(own.at([2, 0], x), own.at(ALL, x)[[2, 0]])
    assert "Chebyshev" in own.described


def test_a_nonlinear_family_leaves_nothing_of_its_equation(tmp_path):
    own = found(written(tmp_path, HEAT.format(term="- u**2", value="f", more=SOLVED)))
    x, h = np.array([[0.4, 0.3]]), 1e-3
    u = [own.at(ALL, x + h * np.array(step))[:, 0, 0] for step in ((0, 0), (1, 0), (-1, 0))]
    ahead, before = (own.at(ALL, x + np.array([0, s * h]))[:, 0, 0] for s in (1, -1))
    left = (ahead - before) / (2 * h) - (u[1] - 2 * u[0] + u[2]) / (10 * h**2) + u[0] ** 2
    assert abs(left).max() < 1e-4 * abs(u[0]).max()


def test_a_coefficient_that_varies_much_is_solved_for_function_by_function(tmp_path):
    problem = written(tmp_path, FLAT)
    own, x = found(problem), np.random.default_rng(1).random((20, 2)) * 0.8 + 0.1
    g = problem.family.inputs[0].held_out
    h = 1e-3

    def flux(axis, side):
        step = side * h / 2 * (np.arange(2) == axis)
        slope = (own.at(ALL, x + 2 * step) - own.at(ALL, x))[..., 0] / (side * h)
        return np.exp(g.values(x + step)) * slope

    divergence = sum((flux(axis, 1) - flux(axis, -1)) / h for axis in (0, 1))
    assert abs(divergence + 1).max() < 1e-2


def test_a_solver_of_one_problem_is_refused(tmp_path):
    more = SOLVED.replace("chebyshev", "cole-hopf")
    problem = written(tmp_path, HEAT.format(term="", value="0", more=more))
    with pytest.raises(ProblemError) as caught:
        check(problem)
    assert 'solver "cole-hopf" finds the solution of one problem, and not those of a family.' in (
        str(caught.value)
    )
