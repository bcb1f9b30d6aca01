import numpy as np
import pytest

from pinnsolve.conditions.extra import extra_conditions
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.from_problem import node_set
from tests.posing import pose

INTERVAL = 'shape = "interval"\nbounds = [-1, 2]'
SQUARE = 'shape = "rectangle"\nlower = [-1, -1]\nupper = [1, 1]'


def extras(tmp_path, keys, domain=INTERVAL, equation="laplace(u) = 1", initial=""):
    """Return the points, the conditions and the nodes of a problem with a further residual."""
    more = f'[[pde.extra]]\nequation = "residual = 0"\n{keys}\n{initial}'
    problem = pose(
        tmp_path,
        equation,
        on=[("all", "u = 0")],
        domain=domain,
        count=60,
        method="pinn",
        more=more,
    )
    shape = build_domain(problem)
    nodes = node_set(problem, shape)
    return *extra_conditions(problem, shape, nodes, len(nodes.x)), nodes


def test_by_default_it_holds_at_the_nodes_of_the_region(tmp_path):
    points, (condition,), nodes = extras(tmp_path, 'where = "x < 0.5"')
    x = nodes.x[nodes.rows]
    assert np.array_equal(points, x[x[:, 0] < 0.5])
    assert np.array_equal(condition.rows, len(nodes.x) + np.arange(len(points)))


def test_without_a_region_it_holds_everywhere(tmp_path):
    points, _, nodes = extras(tmp_path, "weight = 2")
    assert np.array_equal(points, nodes.x[nodes.rows])


def test_as_many_points_as_asked_for_lie_in_a_small_region(tmp_path):
    points, (condition,), _ = extras(tmp_path, 'where = "abs(x - 1) < 1e-3"\npoints = 50')
    assert points.shape == (50, 1)
    assert np.all(np.abs(points - 1) < 1e-3)
    assert condition.size == 50
    assert len(np.unique(points)) == 50


def test_a_coordinate_that_is_given_is_set(tmp_path):
    points, (condition,), _ = extras(tmp_path, 'where = "x == 1/2"')
    assert points.tolist() == [[0.5]]
    assert condition.weight == 1.0
    points, _, _ = extras(tmp_path, 'where = "x == -1"')  # on the boundary
    assert points.tolist() == [[-1.0]]
    points, _, _ = extras(tmp_path, 'where = "y == 0.25 and x > 0"\npoints = 20', SQUARE)
    assert np.all(points[:, 1] == 0.25)
    assert np.all((points[:, 0] > 0) & (points[:, 0] < 1))
    assert len(points) == 20


def test_in_time_it_holds_in_regions_of_space_and_time(tmp_path):
    domain = INTERVAL + "\ntime = [0, 4]"
    initial = '[initial]\nu = "1"'
    heat = "u_t = u_xx"
    points, _, _ = extras(tmp_path, 'where = "t > 3"\npoints = 9', domain, heat, initial)
    assert points.shape == (9, 2)
    assert np.all(points[:, 1] > 3)
    points, _, _ = extras(tmp_path, 'where = "t == 4 and x == 0"', domain, heat, initial)
    assert points.tolist() == [[0.0, 4.0]]


@pytest.mark.parametrize("where", ["x > 5", "x == 5", "x > 1 and x < 1"])
def test_a_region_without_points_is_refused(tmp_path, where):
    with pytest.raises(ProblemError) as caught:
        extras(tmp_path, f'where = "{where}"')
    assert "no point of the domain lies where this holds." in str(caught.value)
    assert "problem.toml:19:" in str(caught.value)


def test_a_coefficient_that_is_not_finite_is_shown_in_the_file(tmp_path):
    keys = 'where = "x == 0"\n[[pde.extra]]\nequation = "u/x = 1"\nwhere = "x == 0"'
    with pytest.raises(ProblemError) as caught:
        extras(tmp_path, keys)
    assert 'a coefficient or source of "u/x = 1" is not finite at x = 0.' in str(caught.value)
