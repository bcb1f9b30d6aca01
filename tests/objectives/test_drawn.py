"""Gradients at points that are drawn."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from pinnsolve import load
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.networks.sizes import POOL
from pinnsolve.objectives import splitmix
from pinnsolve.objectives.drawn import Drawn
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.problem.schema.file import Phase
from pinnsolve.process import Budget
from pinnsolve.training.growth import Collocation
from pinnsolve.training.phases import Training
from tests.tape import taped
from tests.training.taking_up import PLUME, bits, from_file, setup, weights

# what is periodic is subtracted across, and two equations hold at the same points
RING = """\
[domain]
shape = "interval"
bounds = [0, 1]
time = [0, 0.1]
[nodes]
count = 20
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["u_t = u_xx - u*v", "v_t = v_xx + u*v"]
[[boundary]]
on = ["left", "right"]
periodic = true
[initial]
u = "sin(2*pi*x)"
v = "1"
[solver]
method = "pinn"
[network]
hidden = [6, 5]
"""
TEXTS = {"plume": PLUME, "ring": RING}
SEED = 7


@cache
def made(name):
    return setup(TEXTS[name])


def objective(name, points="nodes"):
    net = network(made(name))
    net.initialise(5)
    return pointwise_objective(net, made(name), points)


def test_numbers_are_those_of_splitmix64():
    count = torch.zeros(1, dtype=torch.int64)
    known = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
    found = [*splitmix.draw(count, 3).tolist(), *splitmix.draw(count, 1).tolist()]
    assert found == [number >> 1 for number in known]
    assert count.tolist() == [4]


@pytest.mark.parametrize("name", TEXTS)
def test_the_mean_over_batches_that_share_the_points_is_that_over_all(name):
    whole = objective(name)
    loss, slope = whole.gradient()
    draw = torch.Generator().manual_seed(0)
    orders = [torch.randperm(part.count, generator=draw) for part in whole.parts]
    halves = []
    for half in range(2):  # of conditions with an even number of points, others stay whole
        rows = [None if len(o) % 2 else o.view(2, -1)[half] for o in orders]
        halves.append(whole.gradient(rows))
    assert any(len(order) % 2 == 0 for order in orders)
    mean, mean_slope = (sum(own) / 2 for own in zip(*halves, strict=True))
    torch.testing.assert_close(mean, loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(mean_slope, slope, rtol=0, atol=1e-12 * float(slope.abs().max()))


def test_a_batch_takes_so_many_points_of_each_condition_and_others_each_time():
    plain = objective("ring")
    drawn = Drawn(plain, 15, None, SEED)
    losses = [float(drawn.gradient()[0]) for _ in range(100)]
    assert len(set(losses)) == 100
    error = np.std(losses) / np.sqrt(len(losses))
    assert abs(np.mean(losses) - float(plain.gradient()[0])) < 4 * error
    few = Drawn(plain, 10**6, None, SEED)
    torch.testing.assert_close(few.gradient()[0], plain.gradient()[0], rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", TEXTS)
def test_a_pool_begins_with_the_points_that_are_not_drawn(name):
    plain, pool = objective(name), objective(name, "pool")
    assert pool.parts[0].count == POOL * plain.parts[0].count
    drawn = Drawn(pool, None, 100, SEED)
    for ours, theirs in zip(drawn.gradient(), plain.gradient(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_points_are_drawn_where_the_residual_is_large_and_all_equations_have_the_same():
    pool = objective("ring", "pool")
    drawn, n = Drawn(pool, None, 100, SEED), pool.parts[0].count
    before = drawn.state()
    drawn.renew(99)
    assert bits(drawn.state()) == bits(before)
    drawn.renew(100)
    first, second = (drawn.state()[f"among {k}"] for k in range(2))
    assert (first == second).all()
    assert len(set(first.tolist())) == n // POOL
    values = [pool.value_of(pool.parts[k]) for k in range(2)]
    r = torch.stack(values).square().sum(0).sqrt()
    assert r[first].mean() > 1.1 * r.mean()


PHASES = {
    "batch": Phase(optimizer="adam", iterations=60, batch=11),
    "resample": Phase(optimizer="adam", iterations=60, resample=20),
    "both": Phase(optimizer="adam", iterations=60, batch=11, resample=20),
}


def training(phase):
    whole, own = objective("plume"), made("plume")
    where = Collocation(own.problem, own.nodes, lambda p: pointwise_objective(whole.model, own, p))
    return Training(whole, [phase], lambda: None, seed=3, collocation=where)


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_what_is_drawn_is_part_of_the_state(phase):
    """Each step is the same from the state before it, and so, by induction, is the whole."""
    process = training(phase)
    process.step()
    for _ in range(4):
        again = training(phase)
        again.restore(from_file(process.state()))
        assert again.step() == process.step()
        assert weights(again.objective) == weights(process.objective)
        assert bits(again.state()) == bits(process.state())


def test_a_replay_draws_what_is_drawn_without(monkeypatch):
    where = "pinnsolve.objectives.pointwise.captured"
    monkeypatch.setattr(where, lambda work, tensors, _: taped(work, tensors))
    courses = []
    for accelerate in ("none", "cuda-graph"):
        pool = replace(objective("ring", "pool"), accelerate=accelerate)
        drawn = Drawn(pool, 11, 20, SEED)
        optimizer = OPTIMIZERS["adam"](drawn, Budget(40, learning_rate=1e-2))
        losses = []
        for _ in range(4):
            step = optimizer.step()
            drawn.renew(step.at)
            losses.append(step.loss)
        courses.append((losses, bits(optimizer.state()), bits(drawn.state())))
    assert courses[0] == courses[1]


@pytest.mark.parametrize("name", TEXTS)
def test_mixed_precision_rounds_gradients_alone(name, tmp_path):
    (tmp_path / "problem.toml").write_text(TEXTS[name])
    mixed = made(name).sharing(load(tmp_path / "problem.toml", {"solver.precision": "mixed"}))
    net = network(mixed)
    net.initialise(5)
    exact, rounded = objective(name), pointwise_objective(net, mixed)
    assert (rounded.value() == exact.value()).all()
    assert rounded.gradient()[1].dtype == torch.float64
    error = float((rounded.gradient()[1] - exact.gradient()[1]).norm() / exact.gradient()[1].norm())
    assert 1e-9 < error < 1e-5


@pytest.mark.gpu
@pytest.mark.parametrize("accelerate", ["none", "cuda-graph"])
def test_a_gpu_draws_the_points_that_a_cpu_draws(accelerate):
    ends = []
    for device in ("cpu", "cuda"):
        plain = objective("ring", "pool")
        kind = accelerate if device == "cuda" else "none"
        plain = replace(plain, model=plain.model.to(device), x=plain.x.to(device), accelerate=kind)
        drawn = Drawn(plain, 11, 20, SEED)
        optimizer = OPTIMIZERS["adam"](drawn, Budget(30, learning_rate=1e-2))
        ends.append([optimizer.step().loss for _ in range(3)])
    assert ends[1] == pytest.approx(ends[0], rel=1e-9)
