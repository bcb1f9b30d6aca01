import numpy as np
import pytest

from pinnsolve.diffop import partial
from pinnsolve.rbffd.interpolate import interpolate, interpolate_in_time
from tests.rbffd.clouds import cloud, inner


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


def test_polynomials_in_time_are_interpolated_exactly():
    nodes, times, order = cloud(400, 2), np.linspace(1, 2, 9), 3
    x = inner(cloud(300, 2, seed=1))
    t = np.linspace(1, 2, len(x))

    def fields(x, t):  # of degree order + 1 in time, and as high as the interpolation in space
        u = x[:, 0] ** 3 * t ** (order + 1) - x[:, 1]
        return np.stack([u, x[:, 0] * t], axis=1)

    values = np.stack([fields(nodes, time) for time in times])
    found = interpolate_in_time(np.column_stack([x, t]), nodes, times, values, order)
    np.testing.assert_allclose(found, fields(x, t), atol=1e-10)


def test_at_the_levels_values_in_time_are_those_in_space():
    nodes, times = cloud(400, 2), np.linspace(0, 1, 3)
    x = inner(cloud(300, 2, seed=1))
    values = np.stack([np.sin(nodes[:, :1] + time) for time in times])
    for level, time in enumerate(times):
        points = np.column_stack([x, np.full(len(x), time)])
        np.testing.assert_allclose(
            interpolate_in_time(points, nodes, times, values, 4),
            interpolate(x, nodes, values[level], 4),
            atol=1e-13,
        )


def test_derivatives_of_polynomials_are_exact_in_space_and_time():
    nodes, times, order = cloud(400, 2), np.linspace(1, 2, 9), 3
    x = inner(cloud(300, 2, seed=1))
    t = np.linspace(1, 2, len(x))
    values = np.stack([nodes[:, :1] ** 2 * nodes[:, 1:] * time**3 for time in times])
    points = np.column_stack([x, t])
    for op, a, exact in (
        (partial((1, 1)), 0, 2 * x[:, 0] * t**3),
        (None, 2, x[:, 0] ** 2 * x[:, 1] * 6 * t),
        (partial((2, 0)), 1, 2 * x[:, 1] * 3 * t**2),
    ):
        found = interpolate_in_time(points, nodes, times, values, order, op=op, time_order=a)
        np.testing.assert_allclose(found[:, 0], exact, atol=1e-7)  # divided by squared spacings
    still = interpolate(x, nodes, values[0], order, op=partial((0, 1)))
    np.testing.assert_allclose(still[:, 0], x[:, 0] ** 2, atol=1e-9)
