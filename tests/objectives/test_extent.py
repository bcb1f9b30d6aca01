"""Where particles have been."""

import numpy as np
import pytest

from pinnsolve.objectives.extent import Extent, around


def test_an_extent_moves_with_the_particles_and_ends_where_none_was():
    x = np.random.default_rng(0).normal(size=(2000, 2)) @ np.array([[1.0, 0.9], [0.0, 0.2]])
    logs = np.zeros(len(x))
    extent = Extent.of([around(0.0, x, logs), around(1.0, x + 100, logs)])
    halfway = np.column_stack([x + 50, np.full(len(x), 0.5)])
    assert extent.holds(halfway).all()
    assert not extent.holds(np.column_stack([x, np.full(len(x), 0.5)])).any()
    # within the bounds of both coordinates, but across their correlation
    assert not extent.holds(np.array([[2.0, -2.0, 0.0]])).any()
    again = Extent.read(extent.state())
    np.testing.assert_array_equal(again.holds(halfway), True)
    np.testing.assert_array_equal(Extent.of(again.rows).radii, extent.radii)


@pytest.mark.parametrize("dim", [1, 6, 20])
def test_no_density_rises_far_above_what_its_particles_carry(dim):
    """The mode of a normal one lies above all of them, but not above the height."""
    x = np.random.default_rng(0).normal(size=(2000, dim))
    logs = -(x**2).sum(axis=1) / 2
    extent = Extent.of([around(0.0, x, logs)])
    assert 0 < extent.height(np.zeros(1))[0] < dim + 2
