"""Steady convection: derivatives from upstream are exact on polynomials and keep layers apart."""

import numpy as np
import pytest

from pinnsolve.rbffd.solve import solve
from pinnsolve.setup import Setup
from tests.posing import SQUARE, manufactured, pose

ALL = ("left right bottom top", "u = g")
SMOOTH = "sin(3*x + y)*cos(2*y)"
LAYER = "exp((x - 1)/{eps})"


def carried(folder, peclet, exact, *, slope=0.0, on=(ALL,), count=1200, **parts):
    """Return the problem of convection along (1, slope) with a cell Péclet number."""
    eps = 1 / (np.sqrt(count) * peclet)
    names = [name for name in "gq" if any(condition.endswith(name) for _, condition in on)]
    made = manufactured("f", *names, u=exact.format(eps=eps))
    equation = f"u_x + {slope}*u_y - {eps}*laplace(u) = f"
    return pose(folder, equation, on=on, count=count, more=made, domain=SQUARE, **parts)


def errors(problem, exact):
    """Return errors before the layer and everywhere, relative to the exact solution."""
    setup = Setup(problem)
    nodes = setup.nodes
    u = solve(problem, setup.discretisation(), setup.placement).fields.values[nodes.rows, 0]
    x, y = nodes.x[nodes.rows].T
    v = exact(x, y)
    before = (x < 0.8) & (y < 0.8)
    return [np.linalg.norm((u - v)[w]) / np.linalg.norm(v[w]) for w in (before, before | True)]


def layered(x, y, eps=0.0):
    return np.sin(3 * x + y) * np.cos(2 * y) + (np.exp((x - 1) / eps) if eps else 0.0)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_polynomials_need_no_correction(order, tmp_path):
    system = Setup(
        carried(tmp_path, 100, SMOOTH, slope=0.5, count=400, order=order)
    ).discretisation()
    x, y = system.nodes.x.T
    along = x + 0.3 * y
    for k in range(order + 1):
        assert np.abs(system.correction @ along**k).max() < 1e-9
    assert np.abs(system.correction @ along ** (order + 1)).max() > 1e-6


def test_diffusion_is_left_as_it_is(tmp_path):
    system = Setup(carried(tmp_path, 1.0, SMOOTH, count=400)).discretisation()
    assert system.correction is None


@pytest.mark.parametrize("peclet", [10, 1000])
@pytest.mark.parametrize(
    "on", [(ALL,), (("left right", "u = g"), ("bottom top", "dn(u) = q"))], ids=["given", "flux"]
)
def test_a_layer_spoils_nothing_before_it(on, peclet, tmp_path):
    # centred differences leave errors of 0.2 to 3 there
    problem = carried(tmp_path, peclet, f"{SMOOTH} + {LAYER}", on=on, order=4)
    eps = 1 / (np.sqrt(1200) * peclet)
    before, everywhere = errors(problem, lambda x, y: layered(x, y, eps))
    assert before < 2e-4  # 2e-5 to 1e-4 were found, on 2,000 nodes about 1e-5
    assert everywhere < 0.1  # the cells of the layer are wrong by a fifth of its height


def test_where_nothing_is_thin_the_order_stays(tmp_path):
    few, many = (
        errors(carried(tmp_path, 100, SMOOTH, slope=0.5, count=n, order=4), layered)[1]
        for n in (600, 2400)
    )
    assert few / many > 2 ** (4 - 0.5)
