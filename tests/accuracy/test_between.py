"""What the nodes do not resolve is seen, and told by name, place and spacing."""

from itertools import pairwise

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.accuracy import estimate
from pinnsolve.accuracy.cells import along, around, rim
from pinnsolve.accuracy.corners import jumps
from pinnsolve.accuracy.estimate import weighed
from pinnsolve.errors import DivergedError
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose

DISK = 'shape = "disk"\nradius = 1.0'
EXACT = '[functions]\nf = "manufactured"\ng = "manufactured"\n[exact]\nu = "{}"'


def solved(folder, equation, condition="u = g", method="rbf-fd", **parts):
    """Return the true and the estimated error, and the warnings."""
    problem = pose(folder, equation, on=[("all", condition)], **parts)
    solution = solve(problem, method=method)
    found, known = solution.accuracy.estimate, solution.accuracy.errors
    true = known.relative_l2_nodes["u"] if known else None
    return true, found.total["u"], solution.outcome.warnings


@pytest.mark.parametrize("domain", [INTERVAL, SQUARE, DISK])
def test_points_lie_around_their_nodes_in_pairs(tmp_path, domain):
    setup = Setup(pose(tmp_path, "laplace(u) = 1", on=[("all", "u = 0")], domain=domain, count=200))
    nodes = setup.nodes
    cells = around(setup.domain, nodes, 4)
    x = nodes.x[cells.owner]
    assert (setup.domain.distance(cells.points) < 0).all()
    assert np.abs(cells.points - x).max() < 1.1 * nodes.spacing
    assert (cells.counts[nodes.interior] >= 2).all()  # of four those outside are left out
    # in pairs, the odd part of a function has no mean; a linear one is that at its node
    is_whole = cells.counts == 4
    linear = cells.points @ np.arange(1.0, nodes.dim + 1) + 2
    at_nodes = nodes.x[nodes.rows] @ np.arange(1.0, nodes.dim + 1) + 2
    np.testing.assert_allclose(cells.means(linear)[is_whole], at_nodes[is_whole], rtol=1e-12)


def test_points_along_the_boundary_belong_to_the_condition_that_holds_there(tmp_path):
    on = [("left top", "u = 0"), ("right bottom", "dn(u) = 0")]
    problem = pose(tmp_path, "laplace(u) = 1", on=on, domain=SQUARE, count=200)
    setup = Setup(problem)
    cells = along(rim(problem, setup.domain, setup.nodes, 4), setup.nodes, problem.boundary[0])
    lower, upper = setup.domain.bounds
    on_left, on_top = cells.points[:, 0] == lower[0], cells.points[:, 1] == upper[1]
    assert (on_left | on_top).all()
    assert on_left.sum() > 20
    assert on_top.sum() > 20
    np.testing.assert_allclose(np.linalg.norm(cells.normals, axis=1), 1.0)


@pytest.mark.parametrize("width", [0.003, 0.02, 0.1, 0.3])
def test_a_source_of_any_width_is_seen(tmp_path, width):
    r2 = "((x - 0.3)^2 + (y - 0.2)^2)"
    exact = f"1 - log({width}^2 + {r2})/(4*pi)"
    more = f'[functions]\nf = "{width}^2/(pi*({width}^2 + {r2})^2)"\n[exact]\nu = "{exact}"\n'
    true, total, warnings = solved(
        tmp_path, "-laplace(u) = f", f"u = {exact}", domain=DISK, count=600, more=more
    )
    assert true / 3 < total < 10 * true  # just above resolution it is too careful
    named = [w for w in warnings if "resolve what is given in" in w]
    assert bool(named) == (width <= 0.1)


def test_a_source_narrower_than_the_spacing_is_named_with_its_place(tmp_path):
    more = '[functions]\nf = "exp(-((x - 0.3)^2 + (y - 0.2)^2)/0.01^2)/(pi*0.01^2)"'
    _, total, warnings = solved(
        tmp_path, "-laplace(u) = f", "u = 0", domain=DISK, count=600, more=more
    )
    assert total > 0.3
    (warning,) = warnings
    start, _, rest = warning.partition("most near (")
    assert start.startswith('pde: the nodes do not resolve what is given in "-laplace(u) = f": ')
    place, _, rest = rest.partition(").")
    assert np.allclose([float(c) for c in place.split(", ")], [0.3, 0.2], atol=0.005)
    spacing = float(rest.removeprefix(" A spacing of about ").removesuffix(" there would do."))
    assert 0.003 < spacing < 0.01  # half of the width over which it falls


def test_a_source_that_oscillates_as_the_nodes_lie_is_seen(tmp_path):
    k = 2 * np.pi * 49  # one turn from node to node: 50 of them
    more = f'[functions]\nf = "1e4*cos({k}*x)"\n[exact]\nu = "{1e4 / k**2}*cos({k}*x)"'
    true, total, warnings = solved(
        tmp_path, "-u_xx = f", f"u = {1e4 / k**2}", domain=INTERVAL, count=50, more=more
    )
    assert true > 0.5
    assert total > 0.5
    assert "between them it differs by" in warnings[0]


def test_the_error_of_a_source_that_jumps_is_seen(tmp_path):
    h, r2 = "heaviside(0.3 - (x^2 + y^2))", "(x^2 + y^2)"
    exact = f"1 + ({r2} - 0.3)/4*{h} + 0.15*log(max({r2}, 1e-9)/0.3)/2*(1 - {h})"
    more = f'[functions]\nf = "{h}"\ng = "{exact}"\n[exact]\nu = "{exact}"'
    true, total, _ = solved(tmp_path, "laplace(u) = f", domain=DISK, count=600, more=more)
    assert true / 3 < total < 3 * true


@pytest.mark.parametrize("radius", [0.05, 0.2])
def test_the_error_around_a_small_hole_is_seen(tmp_path, radius):
    domain = f"""shape = "difference"
of = [{{ shape = "rectangle", lower = [-1, -1], upper = [1, 1] }},
      {{ shape = "disk", name = "hole", center = [0.1, 0.2], radius = {radius} }}]"""
    exact = "1 + log((x - 0.1)^2 + (y - 0.2)^2)/10"
    true, total, _ = solved(
        tmp_path, "laplace(u) = f", domain=domain, count=800, more=EXACT.format(exact)
    )
    assert true / 3 < total < 3 * true


@pytest.mark.parametrize("jump", [0.01, 1.0])
def test_values_that_disagree_at_a_corner_make_an_error(tmp_path, jump):
    exact = f"2 + x + {jump}*atan2(y + 1, x + 1)"
    true, total, _ = solved(
        tmp_path,
        "laplace(u) = 0",
        domain='shape = "rectangle"\nlower = [-1, -1]\nupper = [1, 1]',
        count=400,
        more=f'[functions]\ng = "manufactured"\n[exact]\nu = "{exact}"',
    )
    assert true / 3 < total < 3 * true


def test_a_smooth_problem_has_nothing_to_warn_of(tmp_path):
    exact = "1 + sin(2*x)*cos(y)"
    true, total, warnings = solved(
        tmp_path, "div((1 + x^2)*grad(u)) = f", domain=DISK, count=500, more=EXACT.format(exact)
    )
    assert warnings == ()
    assert true / 1.5 < total < 1.5 * true


def test_a_shock_that_stands_elsewhere_on_other_nodes_is_told(tmp_path):
    problem = pose(
        tmp_path,
        "u*u_x = 0.005*u_xx",
        on=[("left", "u = 1"), ("right", "u = -1")],
        domain=INTERVAL,
        count=100,
    )
    solution = solve(problem, method="rbf-fd")
    assert solution.verdict.word == "not resolved"
    assert "on another set of nodes u comes out " in solution.outcome.warnings[-1]


def test_another_set_of_nodes_without_a_solution_is_told(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise DivergedError("Newton's method: no step reduces the residual")

    monkeypatch.setattr(estimate, "on_other_nodes", fails)
    exact = "1 + sin(2*x)"
    more = EXACT.format(exact)
    _, total, warnings = solved(tmp_path, "u_xx = u^3 + f", domain=INTERVAL, count=60, more=more)
    assert total < 1e-4  # that of the other witnesses stands
    assert warnings == (
        "whether the equations have another solution was not looked at: on another set of nodes "
        "none was found (Newton's method: no step reduces the residual).",
    )


def test_what_is_wrong_already_is_not_solved_on_other_nodes(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(estimate, "on_other_nodes", lambda *_, **__: asked.append(1))
    more = EXACT.format("1 + sin(200*x)")
    _, total, _ = solved(tmp_path, "u_xx = u^3 + f", domain=INTERVAL, count=60, more=more)
    assert total > 1 / 3
    assert not asked


def test_the_witness_at_the_nodes_is_believed_until_the_other_one_says_far_more():
    e = np.array([[3.0], [4.0]])
    none = np.zeros_like(e)
    np.testing.assert_array_equal(weighed(e, 2 * e[::-1], none, is_rough=False), e)
    np.testing.assert_array_equal(weighed(e, 9 * e[::-1], none, is_rough=False), 9 * e[::-1])
    # an operator that does not damp what oscillates exaggerates, unless data are to blame
    np.testing.assert_array_equal(weighed(e, 9 * e, none, is_rough=True), e)
    np.testing.assert_allclose(weighed(e, 100 * e[::-1], none, is_rough=True), 10 * e[::-1])
    np.testing.assert_array_equal(weighed(e, 9 * e, 9 * e, is_rough=True), 9 * e)


def test_jumps_at_corners_are_found_with_their_size(tmp_path):
    sides = {"left": 0, "top": 1, "right": 3, "bottom": 0}
    problem = pose(
        tmp_path,
        "laplace(u) = 0",
        on=[(side, f"u = {value}") for side, value in sides.items()],
        domain=SQUARE,
        count=200,
    )
    setup = Setup(problem)
    sizes = [jump.size for jump in jumps(problem, setup.domain, setup.nodes)]
    assert sizes == [3.0, 2.0, 1.0]
    assert all(a >= b for a, b in pairwise(sizes))


def test_a_piece_that_goes_around_a_corner_is_no_error(tmp_path):
    """By less than a spacing: the points around the corner node lie to one side of it."""
    on = [("inlet", "u = g"), ("left bottom top right", "u = g")]
    more = EXACT.format("1 + sin(3*x)*cos(2*y + x)")
    domain = SQUARE + '\npieces = [{ name = "inlet", where = "x < 0.01 and y > 0.5" }]'
    count = '400\nrefine = "min(1, 0.3 + 1.2*sqrt(x**2 + (y - 0.5)**2))"'
    problem = pose(
        tmp_path, "laplace(u) = f", on=on, domain=domain, count=count, order=4, more=more
    )
    accuracy = solve(problem, method="rbf-fd").accuracy
    true = accuracy.errors.relative_l2_nodes["u"]
    assert 1 / 3 < accuracy.estimate.total["u"] / true < 3
