import numpy as np
import pytest

from pinnsolve.rbffd.matching import match
from tests.rbffd.worlds import PLATE, STOKES, disk, world

CORNERS = [[0, 0], [0, 0], [1, 1], [1, 1]]  # each coordinate sorted


@pytest.mark.parametrize("text", [disk("u = g"), disk("dn(u) + u = g"), PLATE])
@pytest.mark.parametrize("ghosts", [True, False])
def test_square_problems_determine_every_unknown_once(tmp_path, text, ghosts):
    if text == PLATE and not ghosts:
        pytest.skip("not square")
    d = world(tmp_path, text, 300, ghosts=ghosts).discretise(2)
    found = match(d)
    np.testing.assert_array_equal(np.sort(found.determined), np.arange(d.n_nodes))
    assert not any(len(places) for places in found.free)


def test_a_dirichlet_condition_determines_the_node_and_the_equation_its_ghost(tmp_path):
    w = world(tmp_path, disk("u = g"), 300)
    equation, condition = np.split(match(w.discretise(2)).determined, [w.nodes.rows.stop])
    boundary = np.arange(len(w.nodes.x))[w.nodes.boundary]
    np.testing.assert_array_equal(condition, boundary)
    np.testing.assert_array_equal(equation[w.nodes.boundary], boundary + w.nodes.n_boundary)


def test_what_is_left_free_completes_what_is_determined(tmp_path):
    d = world(tmp_path, STOKES, 300).discretise(2).without_constraints()
    found = match(d)
    ghosts = [f * d.n_nodes + ghosts for f, ghosts in enumerate(found.free)]
    everything = np.sort(np.concatenate([found.determined, *ghosts]))
    np.testing.assert_array_equal(everything, np.arange(3 * d.n_nodes))


def test_continuity_determines_the_ghost_of_the_velocity_along_the_normal(tmp_path):
    w = world(tmp_path, STOKES, 300)
    d = w.discretise(2).without_constraints()
    *_, continuity = d.conditions
    ghosts = match(d).determined[-continuity.size :]
    normals = np.abs(w.nodes.normals[continuity.rows - w.nodes.n_interior])
    np.testing.assert_array_equal(ghosts // d.n_nodes, np.argmax(normals, axis=1))
    np.testing.assert_array_equal(ghosts % d.n_nodes, continuity.rows + w.nodes.n_boundary)


def test_only_the_pressure_is_continued_and_only_at_the_corners_of_a_smooth_flow(tmp_path):
    w = world(tmp_path, STOKES, 300)
    u, v, p = match(w.discretise(2).without_constraints()).free
    assert len(u) == len(v) == 0
    np.testing.assert_allclose(np.sort(w.nodes.x[p - w.nodes.n_boundary], axis=0), CORNERS)


def test_a_field_without_any_condition_at_an_outflow_is_free_there(tmp_path):
    text = disk("u = g", "u_x + 2*u_y = f").replace('"all"', '"inflow"')
    text += """
        [[domain.pieces]]
        name = "inflow"
        where = "x + 2*y < 0"
    """
    w = world(tmp_path, text, 300)
    (free,) = match(w.discretise(2)).free
    assert (w.nodes.x[free] @ [1, 2] > -1e-12).all()  # where it ends but for rounding
