"""What the number of nodes decides."""

from pathlib import Path

import pytest

from pinnsolve import load
from pinnsolve.defaults import LARGEST_HEAD, hidden_layers

PROBLEMS = Path(__file__).parents[1] / "problems"


@pytest.fixture
def disk():
    return load(PROBLEMS / "disk_poisson.toml")


def test_features_grow_with_the_nodes_in_three_steps(disk):
    # few nodes cannot tell more features apart; then 800 suffice; then more accuracy needs more
    widths = [hidden_layers(disk, n)[-1] for n in (300, 1663, 4000, 16000)]
    assert widths == [200, 800, 800, 1600]


def test_the_features_of_many_nodes_stay_within_their_memory(disk):
    n = 100_000
    assert 800 < hidden_layers(disk, n)[-1] <= LARGEST_HEAD / n
    assert hidden_layers(disk, 10**6)[-1] == 800


def test_exact_derivatives_need_no_more_features_for_more_nodes(disk):
    assert hidden_layers(disk.replace({"solver.method": "pinn"}), 16000) == (200, 800)


def test_fields_that_share_their_features_have_more_of_them():
    plate = load(PROBLEMS / "plate_with_hole.toml")
    assert hidden_layers(plate, 3000) == (300, 1200)


def test_the_file_decides_if_it_says_so(disk):
    assert hidden_layers(disk.replace({"network.hidden": [7]}), 16000) == (7,)
