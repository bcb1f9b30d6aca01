import numpy as np
import pytest

from pinnsolve.rbffd.matching import match
from tests.rbffd.worlds import PLATE, STOKES, disk, world


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
    d = world(tmp_path, STOKES, 300).discretise(2)
    found = match(d)
    ghosts = [f * d.n_nodes + ghosts for f, ghosts in enumerate(found.free)]
    everything = np.sort(np.concatenate([found.determined, *ghosts]))
    np.testing.assert_array_equal(everything, np.arange(3 * d.n_nodes))


def test_each_condition_claims_the_field_of_its_highest_derivative(tmp_path):
    text = STOKES.replace("u = sin(2*x)*cos(2*y)", "dn(u) - n_x*p = 0", 1)
    text = text.replace("v = -cos(2*x)*sin(2*y)", "dn(v) - n_y*p = 0", 1)
    w = world(tmp_path, text, 300)
    u, v, p = match(w.discretise(2)).free
    assert len(u) == len(v) == 0
    assert len(p) == np.sum(w.nodes.tags != w.nodes.pieces.index("right"))


def test_a_field_without_any_condition_at_an_outflow_is_free_there(tmp_path):
    text = disk("u = g", "u_x + 2*u_y = f").replace('"all"', '"inflow"')
    text += """
        [[domain.pieces]]
        name = "inflow"
        where = "x + 2*y < 0"
    """
    w = world(tmp_path, text, 300)
    (free,) = match(w.discretise(2)).free
    assert set(w.nodes.x[free] @ [1, 2] >= 0) == {True}
