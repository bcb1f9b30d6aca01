"""Laws of conservation, and the flow that carries a density."""

import numpy as np
import pytest

from pinnsolve.conditions.conservation import NoLaw, law
from tests.posing import pose

PLANE = 'shape = "unbounded"\ndimension = 2\ntime = [0, 1]'
MORE = '[initial]\nu = "exp(-16*(x^2 + y^2))"\n[network]\nansatz = { u = "exp" }\n'


def posed(tmp_path, equation):
    return pose(tmp_path, equation, domain=PLANE, on=[], method="neural-ivp", more=MORE)


def test_a_law_is_read_off_whatever_way_it_is_written(tmp_path):
    """Of u_t = div(A grad u) - div(h u), with A and h that vary."""
    text = "2*u_t = 2*d((1 + x^2)*u_x + 0.3*u_y, x) + 2*d(0.3*u_x + 2*u_y, y) "
    found = law(posed(tmp_path, text + "- 2*div([t*y^2*u, sin(x)*y*u])"))
    x = np.random.default_rng(0).normal(size=(7, 2))
    at = found.at(x, 0.4)
    h = np.column_stack([0.4 * x[:, 1] ** 2, np.sin(x[:, 0]) * x[:, 1]])
    np.testing.assert_allclose(at.drift, h, atol=1e-14)
    np.testing.assert_allclose(at.diffusion[0, 0], 1 + x[:, 0] ** 2)
    np.testing.assert_allclose(at.diffusion[0, 1], 0.3)
    np.testing.assert_allclose(at.diffusion[1, 0], 0.3)
    np.testing.assert_allclose(at.diffusion[1, 1], 2)
    np.testing.assert_allclose(at.spread, np.column_stack([2 * x[:, 0], 0 * x[:, 0]]))
    np.testing.assert_allclose(at.growth, -np.sin(x[:, 0]))
    assert not found.is_uniform


NONE = {
    "u_t = (1 + x^2)*laplace(u)": "does not conserve the integral of the field.",
    "u_t = u^2": "is not linear.",
    "u_t = laplace(u) + 1": "holds a source.",
    "u_t = -biharmonic(u)": "holds derivatives in space of a higher order than two.",
}


@pytest.mark.parametrize("equation", NONE)
def test_what_conserves_nothing_has_no_law(tmp_path, equation):
    with pytest.raises(NoLaw) as caught:
        law(posed(tmp_path, equation))
    assert str(caught.value) == f'"{equation}" {NONE[equation]}'
