import numpy as np
import pytest

from pinnsolve.geometry import build_domain
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.references.exact import exact_values
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose


def solved(problem):
    setup = Setup(problem)
    return solve_directly(problem, setup.discretisation(), setup.placement), setup.nodes


def test_a_steady_solution_is_known_between_the_nodes(tmp_path):
    more = '[exact]\nu = "x^2 + y^2"'
    problem = pose(tmp_path, "laplace(u) = 4", on=[("all", "u = x^2 + y^2")], more=more)
    solution, nodes = solved(problem)
    assert solution.fields.values.shape == (len(nodes.x), 1)
    x = sample(build_domain(problem), 100)
    np.testing.assert_allclose(solution.fields(x), exact_values(problem, x), atol=1e-11)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_a_solution_in_time_is_as_accurate_between_nodes_and_levels(tmp_path, order):
    more = """
[functions]
f = "manufactured"
[initial]
u = "manufactured"
[exact]
u = "1 + sin(2*x + t)*exp(-t)"
"""
    problem = pose(
        tmp_path,
        "u_t = u_xx + f",
        domain=INTERVAL + "\ntime = [0, 1]",
        on=[("all", "u = 1 + sin(2*x + t)*exp(-t)")],
        count=40,
        order=order,
        more=more,
    ).replace({"nodes.time_levels": 11})
    solution, nodes = solved(problem)
    assert solution.converged
    assert solution.fields.values.shape == (11, len(nodes.x), 1)
    domain = build_domain(problem)
    points = sample_in_time(domain, problem.time, 500)
    between = np.abs(solution.fields(points) - exact_values(problem, points)).max()
    last = np.column_stack([nodes.x, np.ones(len(nodes.x))])[nodes.rows]
    at_nodes = np.abs(solution.fields.values[-1, nodes.rows] - exact_values(problem, last)).max()
    # interpolation may add its share, of the same order in spacing and time step
    assert between < 10 * at_nodes + 0.1 ** (order + 2)


@pytest.mark.slow
def test_time_levels_do_not_decide_the_accuracy(tmp_path):
    """Steps are halved until they no longer matter, however far apart the levels are."""
    more = """
[functions]
f = "manufactured"
[initial]
u = "0"
[exact]
u = "x*(1 - x)*sin(20*t)"
"""
    problem = pose(
        tmp_path,
        "u_t = u_xx + f",
        domain=INTERVAL + "\ntime = [0, 1]",
        on=[("all", "u = 0")],
        count=40,
        order=4,
        more=more,
    )
    for levels in (2, 40):
        solution, nodes = solved(problem.replace({"nodes.time_levels": levels}))
        last = np.column_stack([nodes.x, np.ones(len(nodes.x))])
        np.testing.assert_allclose(
            solution.fields.values[-1], exact_values(problem, last), atol=1e-6
        )


def test_fields_of_a_square_keep_their_symmetry(tmp_path):
    """Heat that begins symmetric stays so, up to the unevenness of the nodes."""
    problem = pose(
        tmp_path,
        "u_t = laplace(u)",
        domain=SQUARE + "\ntime = [0, 0.1]",
        on=[("all", "u = 0")],
        order=4,
        more='[initial]\nu = "sin(pi*x)*sin(pi*y)"',
    )
    solution, _ = solved(problem)
    x = np.array([[0.3, 0.6, 0.1], [0.7, 0.6, 0.1], [0.3, 0.4, 0.1], [0.6, 0.3, 0.1]])
    u = solution.fields(x)[:, 0]
    np.testing.assert_allclose(u, u[0], rtol=1e-4)
    wave = np.sin(0.3 * np.pi) * np.sin(0.6 * np.pi)
    np.testing.assert_allclose(u[0], wave * np.exp(-0.2 * np.pi**2), rtol=1e-4)
