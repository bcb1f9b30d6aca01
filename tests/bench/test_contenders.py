import sys
from types import ModuleType

import pytest
import torch

from pinnsolve.bench.contenders import CONTENDERS, check, gradient, taylor
from pinnsolve.errors import PackageError
from pinnsolve.networks.mlp import MLP
from tests.bench.standin import stand_in

MISSING = (
    "the package jet-for-pytorch is not installed. Install it: pip install jet-for-pytorch; it "
    "needs Python 3.12 or later."
)


@pytest.fixture
def posed():
    net = MLP([-1.0], [1.0], [5, 4], 1)
    net.randomise_head(0)
    return net, torch.linspace(-1, 1, 9, dtype=torch.float64)[:, None]


def test_contenders_find_the_same(posed, monkeypatch):
    monkeypatch.setitem(sys.modules, "jet", stand_in())
    expected = taylor(*posed, 4)()
    for way in CONTENDERS.values():
        torch.testing.assert_close(list(way(*posed, 4)()), expected, rtol=1e-12, atol=1e-12)
    for name in CONTENDERS:
        check(name, *posed, 4)


def test_the_gradient_is_that_of_the_sum_of_the_mean_squares(posed):
    net, x = posed
    way = taylor(net, x, 2)
    expected = sum(values.square().mean() for values in way())
    for found, weight in zip(gradient(way, net), net.parameters(), strict=True):
        (wanted,) = torch.autograd.grad(expected, weight, retain_graph=True)
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda values: [*values[:3], values[3] / 6], "derivative 3 differs by 8e-01"),
        (lambda values: [values[0] * float("nan"), *values[1:]], "derivative 0 differs by nan"),
        (
            lambda values: [v.detach() for v in values[:3]] + values[3:],
            "the gradient by the weights differs by ",
        ),
    ],
    ids=["Taylor coefficients", "not a number", "constants"],
)
def test_what_finds_something_else_is_refused(change, what, posed, monkeypatch):
    monkeypatch.setitem(sys.modules, "jet", stand_in(change))
    with pytest.raises(PackageError) as refused:
        check("jet", *posed, 3)
    assert str(refused.value).startswith(f"jet and our Taylor mode do not agree: {what}")
    assert str(refused.value).endswith(
        " of its size, so that their times mean nothing. Install the newest version of the "
        "package: pip install --upgrade jet-for-pytorch; or leave out --against."
    )


@pytest.mark.parametrize("module", [None, ModuleType("jet")], ids=["none", "another of that name"])
def test_a_missing_package_is_named(module, posed, monkeypatch):
    monkeypatch.setitem(sys.modules, "jet", module)
    with pytest.raises(PackageError) as refused:
        CONTENDERS["jet"](*posed, 2)
    assert str(refused.value) == MISSING
