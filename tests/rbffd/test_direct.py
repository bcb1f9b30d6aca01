from weakref import ref

import numpy as np
import pytest

from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.progress import Progress
from pinnsolve.rbffd import direct, levels
from tests.posing import DISK, text_of
from tests.rbffd.worlds import PLATE, STOKES, disk, world


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["u = g", "dn(u) + u = g", "dn(u) + 0.5*u_x + 2*u = g"])
def test_poisson_is_solved_to_the_accuracy_of_published_solutions(tmp_path, condition):
    w = world(tmp_path, disk(condition), 1663)
    # Sharma & Shankar (2022) report 9.6e-4, 4.3e-5, 5.6e-6 and 2.9e-7 on as many nodes
    for order, published in ((2, 9.6e-4), (3, 4.3e-5), (4, 5.6e-6), (5, 2.9e-7)):
        found = direct.solve(w.discretise(order))
        assert found.converged
        assert found.iterations == 1
        assert w.relative_error(found.values) < published


@pytest.mark.slow
@pytest.mark.parametrize("order", [2, 4])
def test_errors_fall_with_the_order(tmp_path, order):
    counts = (400, 800, 1600, 3200)
    errors = []
    for count in counts:
        w = world(tmp_path, disk("dn(u) + u = g", exact="1 + sin(2*pi*x)*cos(pi*y)"), count)
        errors.append(w.relative_error(direct.solve(w.discretise(order)).values)[0])
    assert -2 * np.polyfit(np.log(counts), np.log(errors), 1)[0] > order - 0.3


@pytest.mark.parametrize(
    "equation",
    ["laplace(u) - exp(u) = f", "laplace(u) + u*u_x - u**3 = f", "div(u**2*grad(u)) = f"],
)
def test_newtons_method_solves_nonlinear_equations(tmp_path, equation):
    w = world(tmp_path, disk("u = g", equation, exact="2 + sin(x)*cos(y)"))
    seen: list[Progress] = []
    found = direct.solve(w.discretise(), np.ones((len(w.nodes.x), 1)), watch=seen.append)
    assert found.converged
    assert found.message == "converged"
    assert found.iterations < 12
    assert [p.iteration for p in seen] == list(range(1, found.iterations + 1))
    assert w.relative_error(found.values) < 1e-6


def test_a_good_start_saves_newton_steps(tmp_path):
    w = world(tmp_path, disk("u = g", "laplace(u) - exp(u) = f"))
    d = w.discretise()
    assert direct.solve(d, w.exact).iterations < direct.solve(d).iterations


def test_without_ghosts_the_equation_holds_in_the_interior_only(tmp_path):
    w = world(tmp_path, disk("dn(u) + u = g"), 1000, ghosts=False)
    assert w.relative_error(direct.solve(w.discretise()).values) < 3e-3


def test_stokes_pressure_is_closed_where_it_has_no_condition(tmp_path):
    w = world(tmp_path, STOKES, 1000)
    u, v, p = w.relative_error(direct.solve(w.discretise(4)).values)
    assert max(u, v) < 1e-5
    assert p < 1e-3


def test_an_equation_of_order_four_takes_two_conditions(tmp_path):
    w = world(tmp_path, PLATE, 900)
    found = direct.solve(w.discretise(4))
    assert w.relative_error(found.values) < 1e-5


def test_more_equations_than_unknowns_are_solved_by_least_squares(tmp_path):
    w = world(tmp_path, PLATE, 900, ghosts=False)
    d = w.discretise(4)
    assert d.jacobian(w.exact).shape[0] == d.n_nodes + w.nodes.n_boundary
    assert w.relative_error(direct.solve(d).values) < 1e-4


def test_a_pure_neumann_problem_is_singular(tmp_path):
    w = world(tmp_path, disk("dn(u) = g"))
    with pytest.raises(SingularError) as caught:
        direct.solve(w.discretise())
    message = str(caught.value)
    assert message.startswith(
        f"the discrete problem has no unique solution: its matrix of {len(w.nodes.x)} unknowns is "
        "singular to working precision (condition "
    )
    assert message.endswith(
        "Check that boundary conditions fix every field, constants included, or change "
        "nodes.count or solver.order."
    )


def test_a_start_that_is_not_finite_is_an_error(tmp_path):
    w = world(tmp_path, disk("u = g", "laplace(u) + 1/(u*(u - 1)) = f"))
    with pytest.raises(DivergedError, match="finite for fields that are zero"):
        direct.solve(w.discretise())


def test_an_equation_without_solution_is_reported_not_raised(tmp_path):
    # Bratu's equation on the disk has no solution beyond lambda = 2
    w = world(tmp_path, text_of("laplace(u) + 5*exp(u) = 0", on=[("all", "u = 0")], domain=DISK))
    found = direct.solve(w.discretise())
    assert not found.converged
    assert found.message in ("no step reduces the residual", "no convergence in 50 steps")
    assert np.isfinite(found.values).all()


def test_newtons_method_holds_one_factorisation_at_a_time(tmp_path, monkeypatch):
    conditions, factorise = [], levels.factorise

    def watched(*arguments):
        assert all(former() is None for former in conditions)
        factors = factorise(*arguments)
        conditions.append(ref(factors))
        return factors

    monkeypatch.setattr(levels, "factorise", watched)
    w = world(tmp_path, disk("u = g", "laplace(u) - exp(u) = f"))
    assert direct.solve(w.discretise()).iterations == len(conditions) > 2
