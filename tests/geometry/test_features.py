"""`refine = "auto"`: what a domain and its boundary values ask of the spacing."""

import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain, csg, planar
from pinnsolve.geometry.features import ACROSS, AT_JUMPS, ROUND, STRETCHED, features, refinement
from pinnsolve.geometry.from_problem import node_set
from tests.geometry.domains import UNIT_SQUARE, named
from tests.posing import DISK, text_of, written

AUTO = {"nodes.refine": "auto"}
PIERCED = """\
shape = "difference"
of = [{ shape = "disk", name = "outer", radius = 1 },
      { shape = "disk", name = "hole", radius = 0.01 }]"""


def posed(folder, *values, domain, overrides=AUTO, count=1500):
    text = text_of("laplace(u) = 0", on=values, domain=domain, count=count)
    return written(folder, text, overrides)


def test_a_circle_asks_for_equally_many_nodes_whatever_its_radius():
    for radius in (0.01, 1.0):
        _, size = features(planar.disk((0, 0), radius))
        np.testing.assert_allclose(size, 2 * np.pi * radius / ROUND, rtol=1e-3)


def test_a_square_asks_for_no_more_than_its_sides():
    np.testing.assert_allclose(features(UNIT_SQUARE)[1], 0.25, rtol=0.15)


def test_a_narrow_part_asks_for_a_part_of_its_width():
    _, size = features(planar.rectangle((0, 0), (1, 0.02)))
    # widths are tried in steps of a fifth
    assert size.min() == pytest.approx(0.02 / ACROSS, rel=0.25)


def test_walls_close_to_each_other_outside_ask_too():
    rooms = csg.union(
        named(planar.rectangle((0, 0), (1, 1)), "a"),
        named(planar.rectangle((1.01, 0), (2, 1)), "b"),
    )
    x, size = features(rooms)
    at_gap = np.abs(x[:, 0] - 1.005) < 0.006
    assert size[at_gap].max() < 0.03
    assert size[np.abs(x[:, 0] - 0.5) < 0.3].min() > 0.2


def test_a_smooth_domain_with_enough_nodes_stays_uniform(tmp_path):
    problem = posed(tmp_path, ("all", "u = x"), domain=DISK)
    assert refinement(problem, build_domain(problem)) is None


def test_nodes_gather_where_boundary_values_jump(tmp_path):
    values = [("left right bottom", "u = 0"), ("top", "u = 1")]
    square = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
    problem = posed(tmp_path, *values, domain=square)
    factor = refinement(problem, build_domain(problem))
    corners = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.5, 0.5]])
    np.testing.assert_allclose(factor(corners), [AT_JUMPS, AT_JUMPS, 1, 1])
    continuous = posed(tmp_path, ("all", "u = y"), domain=square)
    assert refinement(continuous, build_domain(continuous)) is None


def test_nodes_gather_where_boundary_values_come_to_differ_in_time(tmp_path):
    values = [("left right bottom", "u = 0"), ("top", "u = sin(pi*t/2)")]
    square = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]\ntime = [0, 2]'
    start, levels = '[initial]\nu = "0"', "200\ntime_levels = 5"
    text = text_of("u_t = laplace(u)", on=values, domain=square, count=levels, more=start)
    problem = written(tmp_path, text, AUTO)
    factor = refinement(problem, build_domain(problem))
    np.testing.assert_allclose(factor(np.array([[0.0, 1.0], [0.0, 0.0]])), [AT_JUMPS, 1])


def test_a_small_hole_is_refused_with_the_remedy_that_helps(tmp_path):
    problem = posed(tmp_path, ("all", "u = 0"), domain=PIERCED, overrides={})
    with pytest.raises(ProblemError) as caught:
        node_set(problem, build_domain(problem))
    message = str(caught.value)
    assert 'boundary piece "hole.surface" is 0.0628 around, 1.3 spacings: it needs' in message
    assert 'or set nodes.refine = "auto".' in message


@pytest.mark.parametrize("count", [600, 1500, 20_000])
def test_few_nodes_leave_the_rest_at_most_twice_the_uniform_spacing(tmp_path, count):
    holes = ", ".join(
        f'{{ shape = "disk", name = "h{i}", radius = 0.01, center = [{0.2 * i - 0.5}, 0.1] }}'
        for i in range(6)
    )
    domain = f'shape = "difference"\nof = [{{ shape = "disk", radius = 1 }}, {holes}]'
    problem = posed(tmp_path, ("all", "u = 0"), domain=domain, count=count)
    domain = build_domain(problem)
    factor = refinement(problem, domain)
    x = np.random.default_rng(1).uniform(-1, 1, (20_000, 2))
    # by other points than those that it was chosen by: half a percent apart
    stretch = np.sqrt(np.mean(factor(x[domain.distance(x) < 0]) ** -2.0))
    assert 1 < stretch < 1.02 * STRETCHED
    # a spacing that is given is kept: features add nodes
    by_spacing = written(tmp_path, problem.to_toml(), {"nodes.spacing": 0.05})
    assert refinement(by_spacing, domain)(domain.curves[1].point(np.zeros(1))).min() < 0.03


@pytest.mark.slow
def test_a_small_hole_gets_its_nodes(tmp_path):
    problem = posed(tmp_path, ("all", "u = 0"), domain=PIERCED)
    nodes = node_set(problem, build_domain(problem))
    assert abs(len(nodes.x[nodes.rows]) - 1500) <= 30
    on_hole = np.hypot(*nodes.x[nodes.boundary].T) < 0.02
    assert on_hole.sum() > ROUND / 3  # not all that it asks for: most are needed elsewhere
