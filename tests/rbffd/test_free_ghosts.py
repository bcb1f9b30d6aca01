import numpy as np
import pytest

from pinnsolve.rbffd.matching import closing_rows, match
from tests.rbffd.worlds import STOKES, disk, world


def closed(discretisation):
    return closing_rows(discretisation, match(discretisation.without_constraints()))


def test_no_row_is_added_where_every_field_has_a_condition(tmp_path):
    assert closed(world(tmp_path, disk("dn(u) + u = g")).discretise()) == []


def test_nothing_is_closed_without_ghosts(tmp_path):
    assert closed(world(tmp_path, STOKES, 300, ghosts=False).discretise(2)) == []


def test_the_pressure_is_closed_exactly_where_it_is_free(tmp_path):
    w = world(tmp_path, STOKES, 300)
    ((columns, entries),) = closed(w.discretise(2))
    base = w.nodes.x[columns[:, -1] - 2 * len(w.nodes.x) - w.nodes.n_boundary]
    assert sorted(map(tuple, np.round(base).tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert (entries[:, -1] == 1).all()


@pytest.mark.parametrize("order", [2, 4])
def test_smooth_fields_satisfy_the_closing_rows(tmp_path, order):
    w = world(tmp_path, STOKES, 1000)
    ((columns, entries),) = closed(w.discretise(order))
    U = w.exact.T.ravel()
    assert np.abs((entries * U[columns]).sum(axis=1)).max() < 0.05**order
