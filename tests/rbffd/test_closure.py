import numpy as np
import pytest
from worlds import STOKES, disk, world

from pinnsolve.rbffd.closure import closing_rows


def test_no_row_is_added_where_every_field_has_a_condition(tmp_path):
    assert closing_rows(world(tmp_path, disk("dn(u) + u = g")).discretise()) == []


def test_the_pressure_is_closed_exactly_where_it_is_free(tmp_path):
    w = world(tmp_path, STOKES, 300)
    ((columns, entries),) = closing_rows(w.discretise(2))
    nodes = w.nodes
    free = np.flatnonzero(nodes.tags != nodes.pieces.index("right"))
    np.testing.assert_array_equal(columns[:, -1] - 2 * len(nodes.x), nodes.rows.stop + free)
    assert (entries[:, -1] == 1).all()


def test_each_condition_claims_the_field_of_its_highest_derivative(tmp_path):
    text = STOKES.replace("u = sin(2*x)*cos(2*y)", "dn(u) - n_x*p = 0", 1)
    text = text.replace("v = -cos(2*x)*sin(2*y)", "dn(v) - n_y*p = 0", 1)
    ((columns, _),) = closing_rows(world(tmp_path, text, 300).discretise(2))
    n_nodes = len(world(tmp_path, text, 300).nodes.x)
    assert (columns // n_nodes == 2).all()


@pytest.mark.parametrize("order", [2, 4])
def test_smooth_fields_satisfy_the_closing_rows(tmp_path, order):
    w = world(tmp_path, STOKES, 1000)
    ((columns, entries),) = closing_rows(w.discretise(order))
    U = w.exact.T.ravel()
    assert np.abs((entries * U[columns]).sum(axis=1)).max() < 0.05**order
