import pytest
import torch

from pinnsolve.bench.timing import (
    compare,
    free_mebibytes,
    mebibytes,
    milliseconds,
    rounds,
    stopwatch,
)


def test_contenders_are_called_in_turn():
    calls = []
    found = milliseconds({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert calls == ["a", "a", "b", "b"] * 2  # of two calls the first warms up
    assert found.keys() == {"a", "b"}


class Time:
    """A clock that only work advances, by seconds."""

    now = 0.0

    def __call__(self):
        return self.now

    def passes(self, *seconds):
        """Return work that takes so long, at each call its next time."""
        left = iter(seconds)

        def work():
            self.now += next(left)

        return work


def test_freeing_the_result_is_no_part_of_the_work():
    clock = Time()

    class Slow:
        def __del__(self):
            clock.now += 1.0

    assert stopwatch(Slow, clock=clock) == 0
    assert stopwatch(clock.passes(2.0), clock=clock) == 2000


def test_what_warms_up_is_not_counted():
    clock = Time()
    found = rounds({"a": clock.passes(9, 1, 9, 2)}, 2, clock=clock)
    assert found == {"a": [1000, 2000]}
    found = rounds({"a": clock.passes(9, 1, 2)}, 2, warm_up=None, clock=clock)
    assert found == {"a": [1000, 2000]}
    found = rounds({"a": clock.passes(9, 9, 1, 3)}, 1, warm_up=2, calls=2, clock=clock)
    assert found == {"a": [2000]}


def test_ratios_are_those_of_the_same_round():
    """A machine that is busy for a while slows all contenders, and changes no ratio."""
    clock = Time()
    contenders = {"one": clock.passes(1, 5, 2), "double": clock.passes(2, 10, 4)}
    first, second = compare(contenders, 3, warm_up=0, clock=clock)
    assert first == {"contender": "one", "ms": 2000, "lowest_ms": 1000, "highest_ms": 5000,
                     "ratio": 1, "lowest_ratio": 1, "highest_ratio": 1}  # fmt: skip
    assert second["ratio"] == second["lowest_ratio"] == second["highest_ratio"] == 2
    assert second["ms"] == 4000


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda x: x * 2, 1),
        (lambda x: x * 2 * 2, 2),  # the first factor is still there while the second is made
        (lambda x: [x * 2, x * 2, x * 2], 3),
        (lambda x: x[1:].view(-1), 0),  # no storage of its own
        (lambda x: [float((x * 2).sum()) for _ in range(5)], 1),  # one after the other
        (lambda x: x.detach().clone().mul_(2), 1),  # in place
        (lambda x: x[:9].reshape(3, 3).to_sparse_csr(), 0),
    ],
)
def test_memory_is_the_most_that_lives_at_once(work, expected):
    x = torch.rand(2**17, dtype=torch.float64)  # 1 MiB, which was there before
    assert mebibytes(lambda: work(x), "cpu") == pytest.approx(expected, abs=1e-3)


def test_memory_counts_the_backward_pass():
    x = torch.rand(2**17, dtype=torch.float64, requires_grad=True)

    def gradient(function):
        return lambda: torch.autograd.grad(function(x).sum(), x)

    # the gradient of a sum is one number that is spread: no memory but the product's
    assert mebibytes(gradient(lambda x: x * 2), "cpu") == pytest.approx(1, abs=1e-3)
    # of each sine its argument is kept; on the way back, the cosine and two gradients
    kept = [mebibytes(gradient(lambda x, n=n: _sines(x, n)), "cpu") for n in (2, 3, 4, 8)]
    assert kept == pytest.approx([kept[0], kept[0] + 1, kept[0] + 2, kept[0] + 6], abs=1e-3)


def test_memory_agrees_with_the_allocator():
    """Autograd's own storages are counted, too: those that no operation here is seen to make."""
    x = torch.rand(2**15, dtype=torch.float64, requires_grad=True)

    def work():
        (slope,) = torch.autograd.grad(_sines(x, 3).sum(), x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), x)

    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        work()
    lives = most = 0
    for event in profile.profiler.kineto_results.events():
        if event.name() == "[memory]":
            lives += event.nbytes()
            most = max(most, lives)
    assert mebibytes(work, "cpu") == pytest.approx(most / 2**20, rel=1e-3)


def test_some_memory_is_free():
    assert free_mebibytes("cpu") > 1


def _sines(x, n):
    for _ in range(n):
        x = x.sin()
    return x
