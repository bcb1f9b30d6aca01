"""Levels that the equations leave open, fixed by means and by values at points."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.conditions.condition import Condition
from pinnsolve.diffop import Term, identity
from pinnsolve.equations.residual import prescribed
from pinnsolve.errors import SingularError
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.discretisation import discretise
from pinnsolve.rbffd.levels import open_levels
from tests.posing import DISK, SQUARE, text_of
from tests.rbffd.worlds import FLOW, STOKES, disk, world

CLOSED = STOKES.replace('[[boundary]]\non = ["right"]\ncondition = "p = sin(x + 2*y)"\n', "")


def sum_of(w, field=0):
    """Return the constraint that the sum over the closed domain is that of the exact field."""
    rows = np.arange(w.nodes.rows.stop)
    values = w.exact[rows, field]
    return Condition("mean", prescribed(value(w, field), values), rows, 1.0, is_sum=True)


def at(w, x, field=0):
    """Return the condition that a field is the exact one at a point."""
    x = np.atleast_2d(x).astype(float)
    residual = prescribed(value(w, field), w.problem.exact[field](x))
    return Condition("point", residual, np.zeros(1, dtype=int), 1.0, points=x)


def value(w, field):
    return Term(field, identity(w.nodes.dim))


def with_constraints(w, *constraints):
    return replace(w, conditions=(*w.conditions, *constraints))


@pytest.mark.parametrize("fix", [sum_of, lambda w: at(w, [0.3, -0.41])])
@pytest.mark.parametrize(("order", "bound"), [(2, 5e-3), (4, 5e-5), (6, 5e-6)])
def test_the_pure_neumann_problem_is_solved_as_well_as_others(tmp_path, fix, order, bound):
    w = world(tmp_path, disk("dn(u) = g"), 800)
    found = direct.solve(with_constraints(w, fix(w)).discretise(order))
    assert found.iterations == 1
    assert w.relative_error(found.values)[0] < bound


@pytest.mark.parametrize("fix", [sum_of, lambda w: at(w, [0.3, -0.41])])
def test_a_constraint_holds_to_rounding(tmp_path, fix):
    w = world(tmp_path, disk("dn(u) = g"))
    d = with_constraints(w, fix(w)).discretise()
    assert abs(d.residual(direct.solve(d).values)[-1]) < 1e-9


def test_polynomials_are_exact(tmp_path):
    w = world(tmp_path, disk("dn(u) = g", exact="3 + x**2*y - 2*y**3 + x"))
    w = with_constraints(w, sum_of(w))
    assert w.relative_error(direct.solve(w.discretise(4)).values)[0] < 1e-10


def test_two_ways_to_fix_the_level_agree_but_for_a_constant(tmp_path):
    w = world(tmp_path, disk("dn(u) = g"))
    ways = [with_constraints(w, c).discretise() for c in (sum_of(w), at(w, [0, 0]))]
    a, b = (direct.solve(d).values[w.nodes.rows] for d in ways)
    assert np.ptp(a - b) < 1e-9


def test_incompatible_data_are_off_by_the_same_all_around(tmp_path):
    on, exact = [("all", "dn(u) = 1")], '[exact]\nu = "0*x"'
    w = world(tmp_path, text_of("laplace(u) = 0", on=on, domain=DISK, more=exact))
    w = with_constraints(w, sum_of(w))
    d = w.discretise()
    U = direct.solve(d).values
    left = d.residual(U)[-1 - w.nodes.n_boundary : -1]  # of dn(u) = 1, where dn(u) = 0 is possible
    np.testing.assert_allclose(left, -1.0, atol=1e-8)
    np.testing.assert_allclose(U[w.nodes.rows], 0.0, atol=1e-8)


def test_newtons_method_keeps_a_nonlinear_constraint(tmp_path):
    w = world(tmp_path, disk("dn(u) = g", "div((1 + u_x**2)*grad(u)) = f", exact="2 + sin(x)*y"))
    w = with_constraints(w, sum_of(w))
    found = direct.solve(w.discretise(4))
    assert found.message == "converged"
    assert w.relative_error(found.values)[0] < 1e-6


def test_the_pressure_in_a_closed_vessel_has_the_mean_asked_for(tmp_path):
    w = world(tmp_path, CLOSED, 600)
    w = with_constraints(w, sum_of(w, 2))
    u, v, p = w.relative_error(direct.solve(w.discretise(4)).values)
    assert max(u, v) < 1e-5
    assert p < 1e-3


@pytest.mark.parametrize(
    ("equations", "conditions", "levels"),
    [
        (("laplace(u) = 1",), ("dn(u) = 0",), [[1]]),
        (("laplace(u) = 1",), ("dn(u) + u = 0",), []),
        (("laplace(u) - u = 1",), ("dn(u) = 0",), []),
        (("laplace(u) = u - v", "laplace(v) = v - u"), ("dn(u) = 0", "dn(v) = 0"), [[1, 1]]),
        (("laplace(u) = 1", "laplace(v) = 1"), ("dn(u) = 0", "dn(v) = 0"), [[1, 0], [0, 1]]),
        (("div(u**2*grad(u)) = 1",), ("dn(u) = 0",), []),
    ],
)
def test_open_levels_are_read_off_the_equations(tmp_path, equations, conditions, levels):
    text = text_of(*equations, on=[("all", c) for c in conditions], domain=SQUARE)
    w = world(tmp_path, text, 150)
    found = open_levels(w.conditions, len(w.problem.fields))
    wanted = np.array(levels).reshape(len(levels), len(w.problem.fields))
    np.testing.assert_allclose(found.T @ found, projection(wanted), atol=1e-12)


def projection(rows):
    """Return the projection onto the space of some rows."""
    return np.linalg.pinv(rows) @ rows


def test_a_level_that_is_fixed_twice_is_refused(tmp_path):
    w = world(tmp_path, disk("u = g"))
    with pytest.raises(SingularError) as caught:
        direct.solve(with_constraints(w, sum_of(w)).discretise())
    assert str(caught.value) == (
        "the equations leave no level of fields open, but there is 1 constraint to fix them. Give "
        "one mean, integral or value at a point for each level, and none where the equations fix "
        "it."
    )


def test_constraints_on_other_fields_are_refused(tmp_path):
    text = text_of(
        "laplace(u) = 1",
        "laplace(v) = 1",
        on=[("all", "dn(u) = 1"), ("all", "v = 0")],
        more='[exact]\nu = "x"\nv = "y"',
    )
    w = world(tmp_path, text, 150)
    with pytest.raises(SingularError, match="the constraints do not fix the levels"):
        direct.solve(with_constraints(w, sum_of(w, 1)).discretise())


def test_derivatives_at_points_are_those_of_the_interpolant(tmp_path):
    w = world(tmp_path, disk("dn(u) = g", exact=FLOW["u"]), 800)
    x = np.array([[0.2, 0.1], [1.0, 0.0], [0.0, 0.0]])
    op = w.conditions[0].residual.terms[0].op
    residual = prescribed(Term(0, op), np.zeros(3))
    here = Condition("points", residual, np.zeros(3, dtype=int), 1.0, points=x)
    d = discretise([here], w.nodes, 1, 4)
    np.testing.assert_allclose(d.residual(w.exact), -8 * w.problem.exact[0](x), atol=2e-3)


def test_the_level_of_another_field_of_a_flow_leaves_continuity_alone(tmp_path):
    text = CLOSED.replace('"v", "p"]', '"v", "p", "T"]')
    text = text.replace('"u_x + v_y = 0"]', '"u_x + v_y = 0", "laplace(T) = 0"]')
    text = text.replace("\n[solver]", '[[boundary]]\non = "all"\ncondition = "dn(T) = 0"\n[solver]')
    w = world(tmp_path, text + '\nT = "0*x"\n')
    d = with_constraints(w, sum_of(w, 2), sum_of(w, 3)).discretise()
    names = np.concatenate([np.full(c.size, c.closes) for c in d.conditions if not c.is_constraint])
    stands = {level.field: names[level.rows] for level in direct.Equations.of(d).levels}
    assert stands[2].all()
    assert not stands[3].any()
    assert len(stands[3]) == w.nodes.n_boundary  # where its flux is given
