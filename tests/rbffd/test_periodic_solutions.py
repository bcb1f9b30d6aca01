"""Periodic sides: as if there were no boundary."""

import numpy as np
import pytest

from pinnsolve.checks.exact_solution import doubts
from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.errors import NodesError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.geometry.periodic import tied
from pinnsolve.problem import load
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import discretise
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose, text_of

SIDES, ENDS = ("left right", "periodic"), ("bottom top", "periodic")
WALLS = ("bottom top", "u = 0")
RING = '[exact]\nu = "exp(sin(2*pi*x))"'
STRIP = '[exact]\nu = "exp(sin(2*pi*x))*sin(pi*y)"'
TORUS = '[exact]\nu = "exp(sin(2*pi*x))*cos(2*pi*y)"'
HOLE = """\
shape = "difference"
of = [
    { shape = "rectangle", lower = [0, 0], upper = [1, 1] },
    { shape = "disk", center = [0, 0.5], radius = 0.2, name = "west" },
    { shape = "disk", center = [1, 0.5], radius = 0.2, name = "east" },
]"""
BOX = 'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 1, 1]'
SOURCE = '[functions]\nf = "manufactured"\n'
CASES = {  # equation, domain, conditions, exact solution, numbers of nodes
    "ring": (["u_xx - u = f"], INTERVAL, [SIDES], RING, (40, 80)),
    "transport on a ring": (["u_x + u = f"], INTERVAL, [SIDES], RING, (40, 80)),
    "third order": (["u_xxx + 50*u = f"], INTERVAL, [SIDES], RING, (40, 80)),
    "strip": (["laplace(u) = f"], SQUARE, [SIDES, WALLS], STRIP, (400, 1600)),
    "insulated strip": (["laplace(u) - u = f"], SQUARE, [SIDES, ("bottom top", "dn(u) = 0")],
                        TORUS, (400, 1600)),
    "torus": (["laplace(u) - u = f"], SQUARE, [SIDES, ENDS], TORUS, (400, 1600)),
    "nonlinear": (["laplace(u) - u**3 = f"], SQUARE, [("right left", "periodic"), WALLS], STRIP,
                  (400, 1600)),
    "refined": (["laplace(u) = f"], SQUARE, [SIDES, WALLS], STRIP, (400, 1600)),
    "a hole across the sides": (
        ["laplace(u) = f"], HOLE,
        [SIDES, ("bottom top", "u = 0"), ("west.surface east.surface",
                                          "u = exp(sin(2*pi*x))*sin(pi*y)")],
        STRIP, (400, 1600)),
    "clamped plate": (["biharmonic(u) = f"], SQUARE,
                      [SIDES, WALLS, ("bottom top", "dn(u) = 0")],
                      '[exact]\nu = "sin(2*pi*x)*sin(pi*y)**2"', (400, 1600)),
    "supported plate": (["biharmonic(u) = f"], SQUARE,
                        [SIDES, WALLS, ("bottom top", "laplace(u) = 0")],
                        '[exact]\nu = "sin(2*pi*x)*sin(pi*y)"', (400, 1600)),
    "three dimensions": (
        ["laplace(u) - u = f"], BOX,
        [SIDES, ("front back", "periodic"), WALLS],
        '[exact]\nu = "sin(2*pi*x)*sin(pi*y)*cos(2*pi*z)"', (700, 2800)),
}  # fmt: skip


def discretised(problem, count=None):
    """Return the nodes and the discretisation of a problem."""
    nodes = node_set(problem, build_domain(problem), count=count)
    return nodes, Setup(problem, nodes=nodes).discretisation()


def solved(problem):
    """Return the nodes and the direct solution of a problem there."""
    setup = Setup(problem)
    found = solve_directly(problem, setup.discretisation(), setup.placement)
    return setup.nodes, found.fields.values[..., setup.nodes.rows, :]


def error_of(problem):
    """Return the relative error of the direct solution."""
    nodes, values = solved(problem)
    exact = exact_at(problem, nodes)
    return np.linalg.norm(values - exact) / np.linalg.norm(exact)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_errors_fall_with_the_order(tmp_path, case):
    equations, domain, on, exact, counts = CASES[case]
    refine = '[nodes]\nrefine = "0.5 + y"' if case == "refined" else "[nodes]"
    errors = []
    for count in counts:
        text = text_of(*equations, on=on, domain=domain, count=count, order=4,
                       more=f"{SOURCE}\n{exact}")  # fmt: skip
        path = tmp_path / "problem.toml"
        path.write_text(text.replace("[nodes]", refine))
        errors.append(error_of(load(path)))
    dim = len(load(path).coordinates)
    finer = (counts[1] / counts[0]) ** (1 / dim)
    assert np.log(errors[0] / errors[1]) / np.log(finer) > 4 - 0.3


def test_a_strip_is_as_accurate_as_one_whose_ends_are_known(tmp_path):
    known = ("left right", "u = sin(pi*y)")
    parts = {"count": 900, "order": 4, "more": f"{SOURCE}\n{STRIP}"}
    errors = [
        error_of(pose(tmp_path, "laplace(u) = f", on=[ends, WALLS], **parts))
        for ends in (SIDES, known)
    ]
    assert errors[0] < 3 * errors[1]


def test_the_value_at_a_place_settles_the_level_on_a_torus(tmp_path):
    pin = SQUARE + '\npieces = [{ name = "pin", where = "x < 1e-9 and abs(y - 0.5) < 0.04" }]'
    problem = pose(tmp_path, "laplace(u) = f", on=[SIDES, ENDS, ("pin", "u = cos(2*pi*y)")],
                   domain=pin, count=900, order=4, more=f"{SOURCE}\n{TORUS}")  # fmt: skip
    assert error_of(problem) < 1e-4


def test_nothing_grows_that_flows_and_spreads_around(tmp_path):
    # eigenvalues of the operator on the nodes that are left: none in the right half plane
    problem = pose(tmp_path, "u_x + 0.5*u_y = 0.01*laplace(u)", on=[SIDES, ENDS], count=400)
    nodes, system = discretised(problem)
    is_tied = tied(nodes)
    J = Equations.of(system).jacobian(np.zeros(len(nodes.x))).toarray()
    n = (~is_tied).sum()
    A, ties = J[:n], J[n:]
    # what is left over takes no part
    np.testing.assert_array_equal(A[:, is_tied], 0)
    np.testing.assert_allclose(np.linalg.cond(ties[:, is_tied]), 1)
    assert np.linalg.eigvals(-A[:, ~is_tied]).real.max() < 1e-10


def test_the_direct_solution_is_the_same_on_both_sides_to_rounding(tmp_path):
    problem = pose(tmp_path, "laplace(u) = f", on=[SIDES, WALLS], count=400, order=4,
                   more=f"{SOURCE}\n{STRIP}")  # fmt: skip
    nodes, system = discretised(problem)
    u = direct.solve(system).values[:, 0]
    x = nodes.x[nodes.rows]
    left, right = (x[:, 0] == end for end in (0, 1))
    by_height = [np.argsort(x[side, 1]) for side in (left, right)]
    a, b = (
        u[nodes.rows][side][order] for side, order in zip((left, right), by_height, strict=True)
    )
    np.testing.assert_allclose(a, b, atol=1e-12)


EVOLVING = {
    "advection and diffusion": (
        ["u_t + u_x = 0.01*u_xx"], 'u = "1 + sin(2*pi*x)"',
        "1 + exp(-0.04*pi**2*t)*sin(2*pi*(x - t))", 2e-7),
    "transport": (["u_t + u_x = 0"], 'u = "exp(sin(2*pi*x))"', "exp(sin(2*pi*(x - t)))", 1e-4),
    "waves": (["u_tt = u_xx"], 'u = "sin(2*pi*x)"\nu_t = "0"', "cos(2*pi*t)*sin(2*pi*x)", 1e-6),
    "dispersion": (["u_t + u_x + 0.01*u_xxx = 0"], 'u = "sin(2*pi*x)"',
                   "sin(2*pi*(x - t) + 0.08*pi**3*t)", 1e-5),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", EVOLVING)
def test_what_leaves_at_one_end_comes_in_at_the_other(tmp_path, case):
    equations, initial, exact, bound = EVOLVING[case]
    more = f'[initial]\n{initial}\n[exact]\nu = "{exact}"'
    problem = pose(tmp_path, *equations, on=[SIDES], domain=f"{INTERVAL}\ntime = [0, 1]",
                   count=60, order=4, more=more)  # fmt: skip
    assert error_of(problem) < bound


@pytest.mark.slow
def test_the_mean_stays(tmp_path):
    more = '[initial]\nu = "1 + sin(2*pi*x)"'
    problem = pose(tmp_path, "u_t + u_x = 0.01*u_xx", on=[SIDES],
                   domain=f"{INTERVAL}\ntime = [0, 1]", count=80, order=4, more=more)  # fmt: skip
    nodes, values = solved(problem)
    around = nodes.x[nodes.rows, 0] < 1  # once around, evenly spaced
    means = values[:, around, 0].mean(axis=1)
    np.testing.assert_allclose(means, 1, atol=1e-9)


def test_a_period_that_a_stencil_would_go_around_is_refused(tmp_path):
    problem = pose(tmp_path, "laplace(u) - u = 1", on=[SIDES, WALLS], count=40)
    nodes = Setup(problem).nodes
    with pytest.raises(NodesError, match=r"stencils of 31 nodes are as wide as the period of the"):
        discretise(nodal_conditions(problem, nodes), nodes, 1, 3)


def test_an_exact_solution_that_is_not_periodic_casts_a_doubt(tmp_path):
    problem = pose(tmp_path, "laplace(u) = 0", on=[SIDES, ("bottom top", "u = x")],
                   count=300, more='[exact]\nu = "x"')  # fmt: skip
    _, system = discretised(problem)
    (told,) = doubts(problem, system)
    assert told.startswith('[exact] does not satisfy "u is periodic": it leaves 1, ')
