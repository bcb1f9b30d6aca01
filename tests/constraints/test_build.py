"""Conditions that are built into the network, from the file to the solution."""

import numpy as np
import pytest
import torch

from pinnsolve import load, solve
from pinnsolve.accuracy.residuals import residuals
from pinnsolve.checks.preflight import check, preflight
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.constraints.build import ansatz, posed, without_corners
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.pointclouds import write
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.network_fields import NetworkFields
from pinnsolve.output.report.report import html
from pinnsolve.output.vtk.grid import grid
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from pinnsolve.solution.norms import overall_l2
from tests import posing
from tests.lanes import studied
from tests.posing import DISK, SQUARE, manufactured
from tests.posing import INTERVAL as LINE

pytestmark = pytest.mark.usefixtures("no_pictures")

HOLE = """shape = "difference"
of = [{ shape = "rectangle", lower = [-1, -1], upper = [1, 1] },
      { shape = "disk", radius = 0.3, name = "hole" }]"""
BURGERS = """[initial]
u = "manufactured"
"""


def pose(folder, domain, exact, *on, equation="laplace(u) = f", more="", **parts):
    """Return a problem; `on` gives pieces, separated by spaces, and the value that holds there.

    A condition that ends in ``soft`` is not built in.
    """
    stated = [(pieces, f"{condition} hard".removesuffix(" soft hard")) for pieces, condition in on]
    more = f"{manufactured('f', u=exact)}[output]\ntest_points = 500\n{more}"
    parts = {"method": "pinn", "order": 4, **parts}
    return posing.pose(folder, equation, on=stated, domain=domain, more=more, **parts)


CASES = {
    "square": (SQUARE, "x*y + sin(pi*x)*sin(2*pi*y)*exp(x)", ("all", "u = x*y")),
    "disk": (DISK, "exp(x)*(1 - x^2 - y^2) + x", ("all", "u = x")),
    "two values": (
        'shape = "annulus"\ninner = 0.4\nouter = 1',
        "1 + log(sqrt(x^2 + y^2))/log(0.4)",
        ("inner", "u = 2"),
        ("outer", "u = 1"),
    ),
    "some sides": (
        SQUARE,
        "sin(pi*y)*exp(x)",
        ("left right", "dn(u) = n_x*sin(pi*y)*exp(x) soft"),
        ("bottom top", "u = 0"),
    ),
    "hole": (
        HOLE,
        "(x^2 + y^2 - 0.09)*cos(x*y)",
        ("left right bottom top", "u = (x^2 + y^2 - 0.09)*cos(x*y) soft"),
        ("hole.surface", "u = 0"),
    ),
}


@pytest.fixture(params=CASES)
def problem(request, tmp_path):
    return posed_case(request.param, tmp_path)


def posed_case(name, folder):
    domain, exact, *on = CASES[name]
    return pose(folder, domain, exact, *on)


def random_solution(problem):
    """Return the setup of a problem, a network with random weights, and the ansatz."""
    setup = Setup(problem)
    net = network(setup)
    net.randomise_head(0)
    return setup, net, setup.ansatz()


def fields(net, made, x):
    with torch.no_grad():
        return made(net(torch.as_tensor(x)).numpy(), x)


def test_the_condition_holds_for_random_weights(problem):
    setup, net, made = random_solution(problem)
    u = fields(net, made, setup.nodes.x)
    bound = setup.conditions[1:]
    for stated, condition in zip(problem.boundary, bound, strict=True):
        if stated.is_hard:
            (term,) = condition.residual.terms
            off = condition.residual({term: u[condition.rows, 0]})
            assert np.abs(off).max() < 1e-13  # rounding of the node's place, times the slope


def test_the_residual_for_the_network_is_that_of_the_field(problem):
    """Of the equation posed for the network's output, and of the field put into the equation."""
    setup, net, made = random_solution(problem)
    inner, nodes = posed(problem, made), setup.nodes
    objective = pointwise_objective(net, setup)
    conditions = without_corners(nodal_conditions(inner, nodes), problem, nodes)
    weights = objective.weights
    ours = objective.value().numpy() / weights
    stated = zip(nodal_conditions(problem, nodes), [None, *problem.boundary], strict=True)
    kept = [c for c, b in stated if b is None or not b.is_hard]
    rows = [np.isin(c.rows, h.rows) for c, h in zip(kept, conditions, strict=True)]
    direct = residuals(NetworkFields(net, made), kept, nodes, 1)
    direct = np.concatenate([r[row] for r, row in zip(direct, rows, strict=True)])
    np.testing.assert_allclose(ours, direct, rtol=1e-9, atol=1e-9 * np.abs(direct).max())


@pytest.mark.slow
@pytest.mark.parametrize("name", studied(CASES, {"disk", "some sides"}))
def test_the_solution_is_as_good_as_with_soft_conditions(tmp_path, name):
    built_in = solve(posed_case(name, tmp_path))
    path = tmp_path / "soft.toml"
    path.write_text((tmp_path / "problem.toml").read_text().replace("hard = true\n", ""))
    soft = solve(load(path))
    assert built_in.outcome.status == "finished"
    # the two find different solutions of one least-squares problem: by chance one is better
    error = built_in.accuracy.errors.relative_l2["u"]
    assert error < 3 * soft.accuracy.errors.relative_l2["u"]
    total = built_in.accuracy.estimate.total["u"]
    assert total < 10 * error < 100 * total


@pytest.mark.slow
@pytest.mark.parametrize("name", studied(["square", "disk"], {"disk"}))
def test_on_a_whole_boundary_it_gains_digits(tmp_path, name):
    domain, gain = {"square": (SQUARE, 10), "disk": (DISK, 5)}[name]
    _, exact, on = CASES[name]
    problem = pose(tmp_path, domain, exact, on)
    soft = pose(tmp_path, domain, exact, (on[0], f"{on[1]} soft"))
    errors = [solve(p).accuracy.errors.relative_l2["u"] for p in (problem, soft)]
    assert errors[0] < errors[1] / gain


@pytest.mark.study
@pytest.mark.slow
def test_burgers_equation_between_hard_sides(tmp_path):
    problem = pose(
        tmp_path,
        LINE + "\ntime = [0, 0.5]",
        "t*x + exp(-t)*sin(pi*x)",
        ("all", "u = t*x"),
        count=40,
        equation="u_t + u*u_x = 0.1*u_xx + f",
        more=BURGERS,
    )
    solution = solve(problem)
    assert solution.accuracy.errors.relative_l2["u"] < 1e-9
    ends = np.array([[0.0, 0.123], [1.0, 0.321], [1.0, 0.5]])
    np.testing.assert_allclose(solution(ends)[:, 0], [0, 0.321, 0.5], atol=1e-14)
    # the values of the history and of the levels are the fields', not the network's
    exact = exact_at(problem, solution.sample.nodes)
    error = overall_l2(solution.sample.values, exact)
    assert solution.course.phases[-1].relative_l2 == pytest.approx(error, rel=1e-6)


@pytest.mark.slow
def test_waves_have_two_initial_values(tmp_path):
    problem = pose(
        tmp_path,
        LINE + "\ntime = [0, 0.5]",
        "(1 + t)*x + cos(pi*t)*sin(pi*x)",
        ("all", "u = (1 + t)*x"),
        count=24,
        equation="u_tt = u_xx + f",
        more='[initial]\nu = "x + sin(pi*x)"\nu_t = "x"',
    )
    assert solve(problem).accuracy.errors.relative_l2["u"] < 1e-9


@pytest.mark.slow
def test_the_clamped_plate_with_its_value_built_in(tmp_path):
    problem = pose(
        tmp_path,
        DISK,
        "(1 - x^2 - y^2)^2*exp(x)",
        ("all", "u = 0"),
        ("all", "dn(u) = 0 soft"),
        equation="biharmonic(u) = f",
    )
    assert solve(problem).accuracy.errors.relative_l2["u"] < 1e-6


def test_all_backends_find_the_same(tmp_path):
    domain, exact, on = CASES["disk"]
    problem = pose(tmp_path, domain, exact, on, count=120, more="[network]\nhidden = [12]")
    by_taylor, by_autograd, by_shift = (
        random_objective(problem.replace({"solver.derivatives": name}))
        for name in ("taylor", "autograd", "zcs")
    )
    torch.testing.assert_close(by_taylor.value(), by_autograd.value(), rtol=1e-10, atol=1e-12)
    (_, J), (_, K) = by_taylor.linearise(), by_autograd.linearise()
    v = torch.randn(J.shape[1])
    torch.testing.assert_close(J.times(v), K.times(v), rtol=1e-9, atol=1e-10)
    for found, known in zip(by_shift.gradient(), by_taylor.gradient(), strict=True):
        torch.testing.assert_close(found, known, rtol=1e-9, atol=1e-9)


def random_objective(problem):
    setup, net, _ = random_solution(problem)
    return pointwise_objective(net, setup)


def test_single_precision_keeps_the_condition_to_double(tmp_path):
    domain, exact, on = CASES["disk"]
    problem = pose(tmp_path, domain, exact, on).replace({"solver.precision": "float32"})
    solution = solve(problem)
    edge = solution.sample.nodes.x[solution.sample.nodes.boundary]
    np.testing.assert_allclose(solution(edge)[:, 0], edge[:, 0], atol=1e-12)


def test_a_symmetry_is_kept(tmp_path):
    line = 'shape = "interval"\nbounds = [-1, 1]'
    odd = '[network]\nsymmetry = { u = "odd" }'
    problem = pose(tmp_path, line, "sin(pi*x) + x", ("all", "u = x"), count=40, more=odd)
    solution = solve(problem)
    x = np.linspace(0, 1, 11)[:, None]
    np.testing.assert_allclose(solution(-x), -solution(x), atol=1e-14)
    assert solution.accuracy.errors.relative_l2["u"] < 1e-6


def test_a_named_part_that_is_a_whole_side_will_do(tmp_path):
    named = SQUARE + '\npieces = [{ name = "inflow", where = "x == 0" }]'
    exact = "x*sin(y + x)"
    rest = ("right bottom top", f"u = {exact} soft")
    solution = solve(pose(tmp_path, named, exact, ("inflow", "u = 0"), rest))
    assert solution(np.array([[0.0, 0.37]]))[0, 0] == 0


@pytest.mark.slow
def test_the_report_says_what_is_built_in(tmp_path):
    domain, exact, on = CASES["disk"]
    solution = solve(pose(tmp_path, domain, exact, on))
    shape = build_domain(solution.problem)
    assert "built into the network" in html(solution, grid(solution, shape), shape)


def test_corners_that_no_network_changes_leave_no_residual(tmp_path):
    """The equation asks for a curvature at the corners that the conditions exclude."""
    problem = pose(tmp_path, SQUARE, "0", ("all", "u = 0"), equation="laplace(u) = 1 + f")
    nodes = Setup(problem).nodes
    conditions = nodal_conditions(problem, nodes)
    kept = without_corners(conditions, problem, nodes)
    left_out = np.setdiff1d(conditions[0].rows, kept[0].rows)
    x = nodes.x[left_out]
    assert sorted(map(tuple, np.round(x, 12))) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert kept[1:] == conditions[1:]


def test_a_direct_solution_imposes_it_as_any_other(tmp_path):
    domain, exact, on = CASES["square"]
    problem = pose(tmp_path, domain, exact, on, method="rbf-fd")
    soft = pose(tmp_path, domain, exact, (on[0], f"{on[1]} soft"), method="rbf-fd")
    assert np.array_equal(solve(problem).sample.values, solve(soft).sample.values)


def test_it_is_shown(tmp_path):
    domain, exact, on = CASES["disk"]
    problem = pose(tmp_path, domain, exact, on)
    assert any(
        line.endswith("u = x            on all; built into the network")
        for line in check(problem).lines
    )
    direct = check(problem.replace({"solver.method": "rbf-fd"}))
    assert not any("built into" in line for line in direct.lines)


def test_a_value_that_is_the_solution_is_suspicious(tmp_path):
    problem = pose(tmp_path, DISK, "exp(x)*sin(y)", ("all", "u = exp(x)*sin(y)"))
    warning = (
        "the value that the hard condition gives u is [exact] inside too: the network has "
        "nothing left to find of u, and its error says nothing."
    )
    assert check(problem).warnings == (warning,)
    assert solve(problem).outcome.warnings == (warning,)
    assert check(problem.replace({"solver.method": "rbf-fd"})).warnings == ()


ELL = 'shape = "polygon"\nvertices = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]]'
HALF = DISK + '\npieces = [{ name = "half", where = "x > 0" }]'
TRIANGLE = 'shape = "polygon"\nvertices = [[0, 0], [1, 0], [0, 1]]'
MIRRORED = 'shape = "interval"\nbounds = [-1, 1]'
POINTS = 'shape = "points"\nfile = "{}"'
REFUSED = {  # the conditions, the key at fault, what is said
    "sides that meet": (
        (TRIANGLE, "0", ("edge1", "u = 0"), ("edge2 edge3", "u = y")),
        ("boundary", 1, "hard"),
        '"u = 0" holds on edge1, which meets edge2: one formula is needed for both. Write both '
        "values as one formula, or leave out hard at one.",
    ),
    "sides of a box that disagree": (
        (SQUARE, "0", ("left right bottom", "u = 0"), ("top", "u = 1 + x")),
        ("boundary", 1, "hard"),
        '"u = 0" holds on left, but another value on top, which meets it at x = 0, y = 1. A '
        "network is continuous: leave out hard at one of them.",
    ),
    "a corner that goes in": (
        (ELL, "0", ("all", "u = 0")),
        ("boundary", 0, "hard"),
        "the function that is zero on edge3 is zero inside of the domain too: it is not positive "
        "at {}. Leave out hard there.",
    ),
    "part of a circle": (
        (HALF, "0", ("half", "u = 0"), ("surface", "u = 0 soft")),
        ("boundary", 0, "hard"),
        "a function that is zero there is zero on surface too. Leave out hard, or give the field "
        "a value on surface too.",
    ),
    "a value that is not finite inside": (
        (DISK, "x", ("all", "u = sqrt(x^2 + y^2 - 1/4)")),
        ("boundary", 0, "condition"),
        "the value of a hard condition is needed inside, but not finite at {}. Rewrite it, "
        "or leave out hard.",
    ),
    "a symmetry that the value breaks": (
        (MIRRORED, "x", ("all", "u = exp(x)")),
        ("network", "symmetry", "u"),
        'u is not odd in x: "u = exp(x)" says 0.3679 where x = -1, and 2.718 where x = 1. Leave '
        "out the symmetry, or move the origin to its centre.",
    ),
    "sides that are joined": (
        (SQUARE, "0", ("bottom top", "u = x*y")),
        ("boundary", 0, "hard"),
        "beside the periodic sides left and right no ansatz for u is periodic: the value, or the "
        "piece where it holds, is not. Leave out hard there.",
    ),
}
ODD = '[network]\nsymmetry = { u = "odd" }'
JOINED = '[[boundary]]\non = ["left", "right"]\nperiodic = true'


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_ansatz_is_refused(name, tmp_path):
    parts, key, message = REFUSED[name]
    more = ODD if "symmetry" in key else JOINED if "joined" in name else ""
    problem = pose(tmp_path, *parts, more=more)
    with pytest.raises(ProblemError) as caught:
        preflight(Setup(problem))
    (fault,) = caught.value.faults
    assert fault.key == key
    assert fault.place
    head, _, tail = message.partition("{}")
    told = f"{fault.message} {fault.remedy}"
    assert told.startswith(head)
    assert told.endswith(tail)


def test_a_network_without_exact_derivatives_is_refused(tmp_path):
    with pytest.raises(ProblemError) as caught:
        pose(tmp_path, DISK, "0", ("all", "u = 0"), method="dt-pinn")
    assert str(caught.value).splitlines()[0] == (
        f"{tmp_path / 'problem.toml'}:13: "
        'method "dt-pinn" cannot build a condition into the network. '
        'Set method = "pinn" in [solver], or leave out hard.'
    )


@pytest.mark.slow
def test_the_values_on_the_sides_of_a_box_are_all_that_counts(tmp_path):
    """Four values that agree at the corners; what their formulas say inside does not matter."""
    exact = "exp(x)*sin(y) + x*y^2"
    on = (
        ("left", "u = sin(y)"),
        ("right", "u = exp(1)*sin(y) + y^2"),
        ("bottom", "u = 0"),
        ("top", "u = exp(x)*sin(1) + x"),
    )
    problem = pose(tmp_path, SQUARE, exact, *on)
    setup, net, made = random_solution(problem)
    nodes = setup.nodes
    edge = nodes.x[nodes.boundary]
    u = fields(net, made, edge)[:, 0]
    truth = problem.exact[0](edge)
    np.testing.assert_allclose(u, truth, atol=1e-14)
    assert solve(problem).accuracy.errors.relative_l2["u"] < 1e-8
    # with the solution itself as a formula there is still something left to find
    problem = pose(tmp_path, SQUARE, exact, ("all", f"u = {exact}"))
    again = ansatz(problem, nodes)
    np.testing.assert_allclose(fields(net, again, nodes.x), fields(net, made, nodes.x), atol=1e-13)
    assert check(problem).warnings == ()


def test_in_space_edges_and_corners_are_met_too(tmp_path):
    box = 'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 2, 1]'
    exact = "cos(x + 2*y - z)"
    problem = pose(
        tmp_path,
        box,
        exact,
        ("left right front", f"u = {exact}"),
        ("bottom top", f"u = {exact} + x*(1 - x)*z*y*(2 - y)"),
        ("back", f"u = {exact} soft"),
    )
    setup, net, made = random_solution(problem)
    nodes = setup.nodes
    edge = nodes.x[nodes.boundary][nodes.tags != nodes.pieces.index("back")]
    np.testing.assert_allclose(fields(net, made, edge)[:, 0], problem.exact[0](edge), atol=1e-14)


@pytest.mark.slow
def test_walls_of_a_channel_that_goes_round(tmp_path):
    channel = 'shape = "rectangle"\nlower = [0, 0]\nupper = [2, 1]'
    exact = "sin(pi*x)*y*(1 - y) + y"
    problem = pose(tmp_path, channel, exact, ("bottom top", "u = y"), more=JOINED + "\nhard = true")
    solution = solve(problem)
    assert solution.accuracy.errors.relative_l2["u"] < 1e-5
    u = solution(np.array([[0.0, 0.3], [2.0, 0.3], [0.7, 1.0], [0.7, 0.0]]))[:, 0]
    np.testing.assert_allclose(u[1:], [u[0], 1, 0], atol=1e-13)


def test_points_without_a_shape_are_refused(tmp_path):
    domain = POINTS.format(tmp_path / "points.csv")
    square = pose(tmp_path, SQUARE, "0", ("all", "u = 0"), method="rbf-fd")
    write(tmp_path / "points.csv", Setup(square).nodes)
    problem = pose(tmp_path, domain, "0", ("all", "u = 0"), count=None)
    with pytest.raises(ProblemError, match="there is no formula for a function that is zero on"):
        check(problem)
