from math import exp

import pytest
import torch

from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.unknowns import Range, Unknowns

RANGES = {
    "free": Range(0.3),
    "between": Range(0.3, 0.0, 1.0),
    "above": Range(2.0, 1.5),
    "below": Range(-4.0, upper=-1.0),
    "positive": Range(-6.0, is_exponential=True),
    "decades": Range(-6.0, -9.0, 0.0, is_exponential=True),
}


def test_the_search_begins_at_the_first_values():
    starts = [
        exp(given.start) if given.is_exponential else given.start for given in RANGES.values()
    ]
    first = torch.tensor(starts, dtype=torch.float64)
    torch.testing.assert_close(Unknowns(RANGES)().detach(), first)


@pytest.mark.parametrize("given", RANGES.values(), ids=RANGES)
def test_no_step_leaves_the_bounds(given):
    s = torch.linspace(-50, 50, 2001, dtype=torch.float64)
    values = given.value(s)
    if given.is_exponential:
        assert (values > 0).all()
        values = values.log()
    rounding = 1e-14 * 50
    assert (values >= given.lower - rounding).all()
    assert (values <= given.upper + rounding).all()


def test_a_start_on_a_bound_can_be_left():
    for given in (Range(0.0, 0.0, 1.0), Range(1.0, 0.0, 1.0), Range(0.0, 0.0), Range(0.0, upper=0)):
        unknowns = Unknowns({"a": given})
        assert unknowns.slopes(unknowns.trained).abs() > 0.05
        assert abs(unknowns().item() - given.start) <= 0.01 + 1e-12  # of a range of one


def test_the_slopes_are_those_of_the_values():
    unknowns, h = Unknowns(RANGES), 1e-6
    s = unknowns.trained.detach() + 0.1
    numerical = (unknowns(s + h) - unknowns(s - h)) / (2 * h)
    # central differences: h^2, and rounding over h
    torch.testing.assert_close(unknowns.slopes(s), numerical, rtol=1e-8, atol=1e-9)


def test_a_constant_is_found_by_its_name():
    values = Unknowns(RANGES)().tolist()
    for name, given in RANGES.items():
        assert values[Unknowns(RANGES).place(name)] == given.value(torch.tensor(given.first()))


def test_drawing_the_weights_anew_forgets_what_was_found():
    net = MLP([0], [1], [4], 1, ranges=RANGES)
    with torch.no_grad():
        net.unknowns.trained.add_(1.0)
    net.draw(0, 1.0)
    assert torch.equal(net.unknowns.trained, Unknowns(RANGES).trained)
    assert MLP([0], [1], [4], 1).unknowns is None
