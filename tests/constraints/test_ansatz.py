import numpy as np
import pytest
import sympy
import torch
from torch import Tensor

from pinnsolve.constraints.ansatz import Ansatz, Part
from pinnsolve.derivatives.autograd import derivative
from pinnsolve.derivatives.taylor import Taylor
from pinnsolve.diffop import DiffOp, Term, identity, laplacian, partial
from pinnsolve.equations import variables
from pinnsolve.equations.equation import equation, prescribed_value
from pinnsolve.equations.expression import ExpressionError, Symbols
from pinnsolve.equations.functions import Sin
from pinnsolve.equations.program import program
from pinnsolve.networks.mlp import MLP

x, y = variables.coordinate("x"), variables.coordinate("y")
PLACE = Symbols(("x", "y"))
FIELDS = Symbols(("x", "y"), fields=("u", "v"))
L = (1 - x**2) * (1 - y**2)
G = Sin(x) * y + y**2
MADE = Ansatz((Part(L, G), None), PLACE)
OPS = {
    "value": identity(2),
    "slope": partial((1, 0)),
    "mixed": partial((1, 2)),
    "laplacian": laplacian(2),
    "biharmonic": DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0))),
}


@pytest.fixture
def net():
    net = MLP([-1, -1], [1, 1], [9, 8], 2, seed=3)
    net.randomise_head(1)
    return net


@pytest.fixture
def points():
    return np.random.default_rng(0).uniform(-1, 1, (20, 2))


def fields(net):
    """Return the fields ``G + L N`` and ``N`` as a function for automatic differentiation."""
    formulas = program([L, G], [x, y])

    def u(z: Tensor) -> Tensor:
        N = net(z)
        factor, offset = formulas(z[..., 0], z[..., 1])
        return torch.stack([offset + factor * N[..., 0], N[..., 1]], -1)

    return u


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
@pytest.mark.parametrize("field", [0, 1])
def test_derivatives_by_the_product_rule_are_those_of_the_field(net, points, op, field):
    residual = MADE.field(Term(field, op)).bind(points)
    z = torch.as_tensor(points)
    jet = Taylor(z)(net, set(residual.terms))
    values = residual({term: v.detach().numpy() for term, v in jet.items()})
    expected = derivative(fields(net), op)(z)[:, field].detach().numpy()
    np.testing.assert_allclose(values, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())


def test_values_are_those_of_the_field(net, points):
    z = torch.as_tensor(points)
    N, u = (f(z).detach().numpy() for f in (net, fields(net)))
    np.testing.assert_allclose(MADE(N, points), u, rtol=1e-14)
    assert np.array_equal(MADE(N[None], points[None])[0], MADE(N, points))
    assert np.array_equal(Ansatz((None, None), PLACE)(N, points), N)


def test_a_linear_equation_stays_linear_and_the_laplacian_one_operator():
    posed = MADE.posed(equation("laplace(u) + 2*u_x = v", FIELDS))
    assert posed.is_linear
    assert Term(0, laplacian(2)) in posed.terms
    assert not MADE.posed(equation("laplace(u) + u*v = 1", FIELDS)).is_linear


def test_a_condition_that_holds_leaves_nothing_of_the_network(points):
    edge = np.column_stack([np.ones(20), points[:, 1]])
    residual = MADE.posed(equation("u = sin(x)*y + y^2", FIELDS)).bind(edge)
    (slope,) = residual.partials({}).values()
    assert np.array_equal(slope, np.zeros(20))
    np.testing.assert_allclose(residual({residual.terms[0]: np.ones(20)}), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("u = x*y", 0, x * y),
        ("v - 1 = 0", 1, sympy.S.One),
        ("x = 2*u", 0, x / 2),
        ("v", 1, sympy.S.Zero),
    ],
)
def test_the_value_that_a_condition_gives(text, field, value):
    assert prescribed_value(equation(text, FIELDS)) == (field, value)


WRITE = 'Write it as "u = expression", or leave out hard.'
NO_VALUE = "a hard condition must give one field a value, and this one does not."
NORMAL = "the value of a hard condition is needed inside, where there is no normal."
VALUES_ONLY = (
    'the value of a hard condition is differentiated, but "g" is known by its values only.'
)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("u_x = 1", NO_VALUE, WRITE),
        ("u + v = 1", NO_VALUE, WRITE),
        ("x*u = 1", NO_VALUE, WRITE),
        ("u^2 = 1", NO_VALUE, WRITE),
        ("u + u_x = 1", NO_VALUE, WRITE),
        ("u = k", NO_VALUE, WRITE),
        ("u = n_x", NORMAL, WRITE),
        ("u = g", VALUES_ONLY, "Give it as a formula, or leave out hard."),
    ],
)
def test_what_gives_no_value_is_refused(text, message, remedy):
    symbols = Symbols(
        ("x", "y"),
        fields=("u", "v"),
        data={"g": lambda z: z[:, 0]},
        parameters={"k": 1.0},
        normals=True,
    )
    with pytest.raises(ExpressionError) as caught:
        prescribed_value(equation(text, symbols))
    assert (caught.value.message, caught.value.remedy) == (message, remedy)
    assert caught.value.span == (0, len(text))
