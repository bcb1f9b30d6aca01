import numpy as np
import pytest
from clouds import cloud, inner

from pinnsolve.rbffd.interpolate import interpolate


def test_every_field_is_interpolated():
    nodes = cloud(2000, 2)
    x = inner(cloud(500, 2, seed=1))

    def fields(x):
        return np.stack([np.sin(3 * x[:, 0]) * x[:, 1], np.exp(-x[:, 1])], axis=1)

    np.testing.assert_allclose(interpolate(x, nodes, fields(nodes), 4), fields(x), atol=1e-6)


@pytest.mark.parametrize("order", [2, 4])
def test_the_error_is_one_order_smaller_than_that_of_derivatives(order):
    errors, counts = [], (500, 1000, 2000, 4000)
    for count in counts:
        nodes, x = cloud(count, 2), inner(cloud(300, 2, seed=1))
        u = [np.sin(p @ [3.0, 5.0])[:, None] for p in (nodes, x)]
        errors.append(np.sqrt(np.mean((interpolate(x, nodes, u[0], order) - u[1]) ** 2)))
    assert -2 * np.polyfit(np.log(counts), np.log(errors), 1)[0] > order + 0.7
