"""Taylor mode against nested automatic differentiation."""

import os
import shutil
import subprocess
import sys
from itertools import product

import pytest
import torch

from pinnsolve.derivatives import fused
from pinnsolve.derivatives.autograd import Autograd, derivative
from pinnsolve.derivatives.passes import groups
from pinnsolve.derivatives.plan import plan
from pinnsolve.derivatives.taylor import (
    Taylor,
    derivatives,
    feature_derivatives,
    features_of_outputs,
)
from pinnsolve.diffop import DiffOp, Term, identity, laplacian, partial
from pinnsolve.errors import CompilerError
from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.mlp import MLP
from tests.lanes import parameters, studied

BIHARMONIC = DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0)))
CASES = {
    "all of order 4 in three dimensions": [
        partial(alpha) for alpha in product(range(5), repeat=3) if sum(alpha) <= 4
    ],
    "order 8": [partial((k,)) for k in range(9)],
    "laplacian and gradient": [laplacian(3), partial((1, 0, 0)), partial((0, 0, 1))],
    "biharmonic": [BIHARMONIC, laplacian(2), partial((0, 1)), identity(2)],
    "mixed, of several orders": [DiffOp((((2, 1), 2.0), ((0, 1), -3.0), ((0, 0), 0.5)))],
    "signs": [DiffOp((((2, 0), 1.0), ((1, 1), -1.0), ((0, 2), -3.0)))],
    "a heat operator, in one sum": [
        DiffOp((((0, 0, 1), 1.0), ((2, 0, 0), -0.3), ((0, 2, 0), -0.3))),
        partial((1, 0, 0)),
    ],
    "a drift beside other channels": [DiffOp((((0, 1), 1.0), ((4, 0), 0.1))), partial((3, 0))],
    "value": [identity(2)],
}


@pytest.fixture(params=ACTIVATIONS)
def activation(request):
    return request.param


@pytest.fixture(params=parameters(CASES, {"all of order 4 in three dimensions", "order 8"}))
def ops(request):
    return CASES[request.param]


def network(dim, activation, outputs=2, hidden=(6, 5)):
    """Return a network on a box that is no cube, so that the scaling matters."""
    net = MLP([-1] * dim, [1 + 0.5 * i for i in range(dim)], hidden, outputs, activation)
    net.randomise_head(0)
    return net


def assert_equal(ours, theirs):
    # exact both; relative to the largest value, roundings of the polarisation included
    scale = theirs.abs().max().item()
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11 * scale)


def test_derivatives_are_those_of_nested_differentiation(activation, ops):
    net, x = network(ops[0].dim, activation), torch.rand(4, ops[0].dim)
    terms = {Term(i, op) for i in range(2) for op in ops}
    ours, theirs = Taylor(x)(net, terms), Autograd(x)(net, terms)
    assert ours.keys() == theirs.keys()
    for term in terms:
        assert_equal(ours[term], theirs[term])


def test_so_are_the_gradients_of_a_loss(activation, ops):
    net, x = network(ops[0].dim, activation), torch.rand(4, ops[0].dim)
    terms = [Term(i, op) for i in range(2) for op in ops]
    found = []
    for backend in (Taylor, Autograd):
        jet = backend(x)(net, frozenset(terms))
        loss = sum((jet[t] ** 2).sum() / (jet[t].detach() ** 2).sum() for t in terms)
        found.append(torch.autograd.grad(loss, list(net.parameters()), materialize_grads=True))
    for ours, theirs in zip(*found, strict=True):
        assert_equal(ours, theirs)


def test_so_are_the_features(activation, ops):
    net, x = network(ops[0].dim, activation), torch.rand(4, ops[0].dim)
    found = feature_derivatives(net, x, ops)
    for op in ops:
        if op.order < 6:  # nested forward mode takes seconds beyond
            assert_equal(found[op], derivative(net.features, op)(x))


def test_collapsed_and_separate_series_agree():
    """A sum is carried in one channel alone, and read off several with its parts."""
    net, x = network(2, "tanh"), torch.rand(5, 2)
    parts = [partial((2, 0)), partial((0, 2))]
    together = derivatives(net, x, [laplacian(2)])[laplacian(2)]
    apart = derivatives(net, x, parts)
    torch.testing.assert_close(together, apart[parts[0]] + apart[parts[1]], rtol=1e-12, atol=1e-12)


def test_groups_of_points_change_nothing():
    net, x = network(2, "tanh"), torch.rand(20_000, 2)
    # as many points as fill the caches twice, against so few that they are one group
    assert len(groups(x, plan([BIHARMONIC]).layout, 6)) == 3
    in_groups = derivatives(net, x, [BIHARMONIC])[BIHARMONIC]
    few = [derivatives(net, some, [BIHARMONIC])[BIHARMONIC] for some in x.split(5000)]
    torch.testing.assert_close(torch.cat(few), in_groups, rtol=1e-12, atol=1e-12)


def test_threads_change_nothing():
    net, x = network(2, "tanh"), torch.rand(5000, 2)  # enough for two threads to share
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        assert len(groups(x, plan([BIHARMONIC]).layout, 6)) == threads
        values = derivatives(net, x, [BIHARMONIC])[BIHARMONIC]
        slopes = torch.autograd.grad(values.square().sum(), list(net.parameters())[:-1])
        features = feature_derivatives(net, x, [BIHARMONIC])[BIHARMONIC]
        found.append((values.detach(), *slopes, features))
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-12 * one.abs().max().item())


def test_derivatives_in_time_are_a_case_like_any_other():
    net, points = network(3, "sin"), torch.rand(6, 3)
    ops = [partial((0, 0, k)) for k in range(3)]
    found = derivatives(net, points, ops)
    for op in ops:
        assert_equal(found[op], derivative(net, op)(points))


def test_single_precision_stays_single():
    net, x = network(2, "tanh").to(torch.float32), torch.rand(5, 2, dtype=torch.float32)
    values = derivatives(net, x, [laplacian(2)])[laplacian(2)]
    assert values.dtype == torch.float32
    double = derivatives(net.to(torch.float64), x.double(), [laplacian(2)])[laplacian(2)]
    # rounded to 6e-8 at some twenty places
    torch.testing.assert_close(values.double(), double, rtol=1e-4, atol=1e-5)


COMPILED = """
import sys

import torch
from pinnsolve.derivatives import taylor
from pinnsolve.diffop import DiffOp, laplacian, partial
from pinnsolve.networks.mlp import MLP

biharmonic = DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0), ((0, 1), -3.0)))
mixed = DiffOp((((2, 0), 1.0), ((1, 1), 2.0), ((0, 1), -3.0)))
ops = {"second": [mixed], "fourth": [biharmonic, laplacian(2), partial((1, 1))]}[sys.argv[1]]
net = MLP([-1, -1], [1, 1], [4, 3], 1, embedding="fourier", periods=[2.0, None])
net.randomise_head(0)
x, found = torch.rand(20_001, 2, dtype=torch.float64), []  # more than fit into the caches
for is_compiled in (False, True):
    values = taylor.derivatives(net, x, ops, is_compiled)
    loss = sum(value.square().sum() for value in values.values())
    slopes = torch.autograd.grad(loss, [net.layers[0].weight, net.head.weight])
    found.append((*values.values(), *slopes))
for ours, theirs in zip(*found):
    scale = theirs.abs().max().item()
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11 * scale)
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.parametrize("order", studied(["second", "fourth"], {"second"}))
def test_compiled_code_gives_the_same(order):
    """In a process of its own: functions whose types are checked cannot be compiled."""
    quickly = {"TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0", "TORCHINDUCTOR_VEC_ISA_OK": "1"}
    command = [sys.executable, "-c", COMPILED, order]
    environment = {**os.environ, **quickly}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_machine_without_compiler_is_told_so(monkeypatch):
    class InvalidCxxCompilerError(RuntimeError):
        """What torch raises where there is none."""

    InvalidCxxCompilerError.__module__ = "torch._inductor.exc"

    def fails(*_):
        raise InvalidCxxCompilerError("No working C++ compiler found in config\nand more")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: fails)
    fused.evaluation.cache_clear()
    with pytest.raises(CompilerError) as refused:
        derivatives(network(2, "tanh"), torch.rand(3, 2), [laplacian(2)], is_compiled=True)
    assert str(refused.value) == (
        "the training cannot be compiled on this machine: No working C++ compiler found in config. "
        'Install a C++ compiler (g++), or set solver.accelerate to "none".'
    )


@pytest.mark.gpu
def test_devices_agree():
    net, x = network(2, "tanh"), torch.rand(50, 2)
    here = derivatives(net, x, [BIHARMONIC])[BIHARMONIC]
    there = derivatives(net.to("cuda"), x.to("cuda"), [BIHARMONIC])[BIHARMONIC]
    torch.testing.assert_close(there.cpu(), here, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seen", [(), [(True, True), (True, False), (False, True)]])
def test_symmetries_and_outputs_of_some_coordinates_are_differentiated_too(seen):
    net = MLP([-1, 0], [2, 1], [6, 5], 3, parities=[-1, 1, 0], seen=seen)
    net.randomise_head(0)
    x, ops = torch.rand(5, 2), [identity(2), partial((1, 2)), laplacian(2), BIHARMONIC]
    terms = {Term(i, op) for i in range(3) for op in ops}
    ours, theirs = Taylor(x)(net, terms), Autograd(x)(net, terms)
    features = features_of_outputs(net, x, ops)
    for term in terms:
        i, op = term.field, term.op
        # rounding of what vanishes, for outputs that do not see a coordinate
        torch.testing.assert_close(ours[term], theirs[term], rtol=1e-11, atol=1e-13)
        bias = net.head.bias[i] * net.constant[i] * (op == identity(2))
        of_head = features[op][i] @ net.head.weight[i] + bias
        torch.testing.assert_close(of_head, ours[term], rtol=1e-11, atol=1e-13)
