"""L-BFGS: the compact form is the recursion, and every step of the search is one that it allows."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pinnsolve.optimizers import lbfgs
from pinnsolve.process import Budget
from tests.optimizers.fitting import fit, lower

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def recursion(pairs, g):
    """Return the approximate inverse times ``g`` by the two loops of Nocedal (1980)."""
    q, factors = g.clone(), []
    for s, y in reversed(pairs):
        factors.append((s @ q) / (s @ y))
        q -= factors[-1] * y
    s, y = pairs[-1]
    q *= (s @ y) / (y @ y)
    for (s, y), factor in zip(pairs, reversed(factors), strict=True):
        q += (factor - (y @ q) / (s @ y)) * s
    return q


@pytest.mark.parametrize("learnt", [1, 4, 7, 23])
def test_the_compact_form_is_the_two_loop_recursion(learnt):
    A = torch.randn(40, 40)
    A = A @ A.mT + torch.eye(40)
    history, pairs, x = lbfgs.History(torch.zeros(40), 7), [], torch.randn(40)
    history.learn_and_apply(x, A @ x, x @ A @ x, A @ x, torch.tensor(False))
    while len(pairs) < learnt:
        s = torch.randn(40)
        y, g, sound = A @ s, A @ (x + s), torch.rand(()) < 0.8
        product = history.learn_and_apply(s, y if sound else y * torch.nan, s @ y, g, sound)
        if sound:
            x = x + s
            pairs.append((s, y))
            expected = recursion(pairs[-7:], g)
            torch.testing.assert_close(product, expected, rtol=1e-9, atol=1e-10)


def test_the_newest_change_of_gradient_is_explained():
    """The secant equation ``H (g - g_before) = s``."""
    history, g = lbfgs.History(torch.zeros(9), 8), torch.zeros(9)
    for _ in range(6):
        s, y = torch.randn(9), torch.randn(9)
        y = y * (s @ y).sign()
        before, g = g, g + y
        after = history.learn_and_apply(s, y, s @ y, g, torch.tensor(True))
    # without a sound pair nothing is learnt, for the next place is empty still
    applied = history.learn_and_apply(s, y, s @ y, before, torch.tensor(False))
    torch.testing.assert_close(after - applied, s, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_step_meets_the_strong_wolfe_conditions(dtype):
    descent = lbfgs.Descent(fit(dtype))
    taken = 0
    for _ in range(100):
        before = descent.state()
        f, m, t = (float(before[name]) for name in "fmt")
        with torch.no_grad():
            descent.evaluate()
        iterations, trials, _ = descent.look()
        if trials == 0:
            taken += 1
            after = descent.state()
            slope = after["g"] @ before["d"]
            noise = lbfgs.NOISE * torch.finfo(dtype).eps * f
            assert after["f"] <= f + lbfgs.DECREASE * t * m + noise
            assert abs(slope) <= -lbfgs.CURVATURE * m
        assert iterations == taken
    assert taken > 50


def test_a_search_ends_wherever_the_minimum_lies():
    """Along a line ``f(t) = t - a log t`` has its minimum at ``a`` and none below zero."""
    for a in (1e-6, 1e-3, 0.3, 4.0, 1e3):
        start = torch.tensor(a * 1e-3)

        def f(t, a=a, start=start):
            return start + t - a * torch.log(start + t)

        def slope(t, a=a, start=start):
            return 1 - a / (start + t)

        zero, t = torch.tensor(0.0), torch.tensor(1.0)
        ends = lbfgs.bracket(f(zero), slope(zero))
        for _trial in range(lbfgs.MOST_TRIALS):
            low = lbfgs.is_low(t, f(t), slope(t), f(zero), slope(zero), 0.0)
            if low and slope(t).abs() <= -lbfgs.CURVATURE * slope(zero):
                break
            ends = lbfgs.narrowed(ends, torch.stack([t, f(t), slope(t)]), low & (slope(t) < 0))
            t = lbfgs.next_trial(ends, slope(zero))
        else:
            pytest.fail(f"no step found for {a}")


def test_values_that_are_not_finite_shorten_the_step():
    zero = torch.tensor(0.0)
    ends = lbfgs.bracket(zero, zero - 1)
    for value in (torch.nan, torch.inf):
        trial = torch.tensor([1.0, value, torch.nan])
        assert not lbfgs.is_low(*trial, zero, zero - 1, 0.0)
        assert lbfgs.next_trial(lbfgs.narrowed(ends, trial, zero > 1), zero - 1) == 0.5


def test_no_loss_that_can_be_lowered_is_a_reason_to_stop():
    flat = fit()
    flat.gradient = lambda: (torch.tensor(1.0), torch.ones(61))  # of no function
    reason, _ = lower(lbfgs.LBFGS(flat, Budget(1000)))
    assert reason == lbfgs.NO_STEP


class NothingIsRead(TorchDispatchMode):
    """Refuse whatever makes the host wait for a number."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        assert function is not torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


def test_nothing_is_read_back_between_two_looks():
    descent = lbfgs.Descent(fit())
    with torch.no_grad(), NothingIsRead():
        for _ in range(5):
            descent.evaluate()
    assert descent.look()[0] > 0


@pytest.mark.gpu
def test_nothing_waits_for_the_gpu_between_two_looks():
    descent = lbfgs.Descent(fit(device="cuda"))
    torch.cuda.set_sync_debug_mode("error")
    try:
        with torch.no_grad():
            for _ in range(5):
                descent.evaluate()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert descent.look()[0] > 0


@pytest.mark.parametrize("device", DEVICES)
def test_single_precision_goes_on_until_slopes_are_lost_as_well(device):
    """Losses of size 1e-7 are known to some digits, and still lowered far below that."""
    objective = fit(torch.float32, device)
    reason, losses = lower(lbfgs.LBFGS(objective, Budget(3000)))
    assert reason in (lbfgs.NO_STEP, "the iterations are spent")
    assert min(losses) < 1e-6
