"""Unknown constants from data, by equations that weigh ever more."""

import numpy as np
import pytest
import torch

from pinnsolve import load
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.inferred import regressed
from pinnsolve.optimizers.head import newton
from pinnsolve.process import Budget
from pinnsolve.setup import Setup
from pinnsolve.training.continuation import Continuation
from pinnsolve.training.levels import Level, bends
from tests.training.taking_up import bits, from_file

DECAY = """\
[domain]
shape = "interval"
bounds = [0, 2]
[nodes]
count = 40
[unknowns]
fields = ["u"]
[unknowns.parameters]
a = {{ initial = 2.0, true = 0.7 }}
c = {{ initial = -3.0, transform = "exp", true = 0.2 }}
[pde]
equations = ["u_x = -a*u + c"]
[[data]]
from = "exact"
fields = ["u"]
count = 60
noise = {noise}
[exact]
u = "2/7 + 3*exp(-0.7*x)"
[solver]
method = "pinn"
[network]
hidden = {hidden}
"""
WIDE = [40, 60]  # more than are improved as a whole
SLIM = [4, 4]


def objective(tmp_path, noise=0.0, hidden=WIDE):
    path = tmp_path / "decay.toml"
    path.write_text(DECAY.format(noise=noise, hidden=hidden))
    setup = Setup(load(path))
    return pointwise_objective(network(setup), setup)


def fitting(lowered):
    """Return the continuation, of all weights if they are few."""
    return Continuation(
        lowered, Budget(), 0, whole=bool(lowered.model.nets[0].layers) and lowered.model.size < 100
    )


def run(work, steps=1000):
    for _ in range(steps):
        if work.step().done:
            break
    return work


@pytest.mark.parametrize(("hidden", "close"), [(WIDE, 1e-6), (SLIM, 1e-2)])
def test_clean_data_give_the_constants_to_what_the_network_can_represent(tmp_path, hidden, close):
    lowered = objective(tmp_path, hidden=hidden)
    run(fitting(lowered), 250)
    found = lowered.model.unknowns().tolist()
    assert found == pytest.approx([0.7, 0.2], rel=close)


def test_the_weight_is_raised_to_a_plateau_where_nothing_moves(tmp_path):
    lowered = objective(tmp_path, noise=0.02)
    work = run(fitting(lowered))
    best, near = work.levels
    assert best.factor > 1
    assert np.all(np.abs(best.values - near.values) < 0.5 * best.errors)
    # within three standard errors, which are no wider than the noise makes them
    assert np.all(np.abs(best.values - [0.7, 0.2]) < 3 * best.errors)
    assert np.all(best.errors < 0.1)


# a front that polynomials of degree eight cannot follow
FRONT = """\
[domain]
shape = "interval"
bounds = [0, 2]
[nodes]
count = 12
[unknowns]
fields = ["u"]
[pde]
equations = ["u_x = 10*(1 - u^2)"]
[[data]]
from = "exact"
fields = ["u"]
count = 100
[exact]
u = "tanh(10*(x - 1))"
[solver]
method = "pinn"
[network]
features = "waves"
"""


def test_fields_alone_are_bent_no_more_than_their_risk_asks_for(tmp_path):
    path = tmp_path / "front.toml"
    path.write_text(FRONT)
    setup = Setup(load(path))
    lowered = pointwise_objective(network(setup), setup)
    best, near = run(fitting(lowered)).levels
    assert best.factor < near.factor
    assert best.score < near.score


@pytest.mark.parametrize("hidden", [WIDE, SLIM])
def test_a_state_taken_up_continues_to_the_bit(tmp_path, hidden):
    whole, first, second = (objective(tmp_path, 0.02, hidden) for _ in range(3))
    straight = run(fitting(whole), 8)
    begun = run(fitting(first), 4)
    resumed = fitting(second)
    resumed.restore(from_file(begun.state()))
    run(resumed, 4)
    assert bits(resumed.state()) == bits(straight.state())
    assert torch.equal(second.model.vector(), whole.model.vector())


def test_constants_regressed_on_exact_fields_are_theirs(tmp_path):
    lowered = objective(tmp_path)
    net = lowered.model
    net.draw(0, 1.0)
    head = lowered.emphasised(0.0).head()
    c, _ = newton(head, net.head_of(torch.ones(1).double()), 5, held=2)
    net.set_head(c)
    c[-2:] = regressed(lowered)
    net.set_head(c)
    # derivatives of what was fitted to values lose some digits
    assert net.unknowns().tolist() == pytest.approx([0.7, 0.2], rel=1e-3)


def level(factor, values, errors, shift=0.0):
    ones = np.ones(len(values))
    return Level(factor, np.array(values), np.array(errors), shift * ones, 0 * ones, ones, 1.0)


def test_a_level_is_settled_where_neither_values_nor_errors_fall():
    before = level(1, [1.0, 2.0], [0.1, 0.1])
    assert level(4, [1.01, 2.0], [0.09, 0.1]).is_settled(before)
    assert not level(4, [1.05, 2.0], [0.1, 0.1]).is_settled(before)
    assert not level(4, [1.0, 2.0], [0.05, 0.1]).is_settled(before)
    assert Level.of(np.array(before.row())).row() == before.row()


def test_what_chance_makes_constants_move_is_no_bend():
    # of two estimates with errors of 5 and 3 the difference has one of 4
    assert bends(level(4.0, [1.03], [0.03]), level(1.0, [1.0], [0.05]))[0] == 0
    assert bends(level(4.0, [1.05], [0.03]), level(1.0, [1.0], [0.05]))[0] == pytest.approx(0.03)


def test_of_a_bend_above_the_share_below_counts():
    # it grows at least as the weight of the equations, which is four times as large
    assert bends(level(1.0, [1.0], [0.03]), level(4.0, [1.06], [0.03]))[0] == pytest.approx(0.02)
    assert bends(level(1.0, [1.0], [0.03]), None)[0] == 0


def about_functions(factor, risk, misfit, freedom):
    none = np.empty(0)
    own = none, none, none, none, none, risk
    return Level(factor, *own, 1.0, (1.0,), (misfit,), (freedom,))


def test_a_misfit_strains_where_it_grows_by_more_than_the_noise_that_is_freed():
    loose = about_functions(1.0, 2e-4, 80.0, 80.0)
    met, bent = (about_functions(4.0, 1e-4, misfit, 88.0) for misfit in (88.0, 104.0))
    assert met.strain(loose) == 0
    # sixteen beyond the eight that are freed, whose sum of squares has a deviation of four
    assert bent.strain(loose) == pytest.approx(4.0)
    assert met.beside([loose]).score < loose.score
    assert bent.beside([loose]).score == np.inf
    assert Level.of(np.array(met.row())).row() == met.row()
