"""What the number of nodes decides."""

from pathlib import Path

import pytest

from pinnsolve import load
from pinnsolve.networks.build import network
from pinnsolve.networks.sizes import (
    HIGHEST_WAVE,
    LARGEST_HEAD,
    hidden_layers,
    highest_wave,
    input_width,
)
from pinnsolve.setup import Setup

PROBLEMS = Path(__file__).parents[2] / "problems"


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


def test_waves_are_as_short_as_the_nodes_resolve(disk):
    # half the spacing, half the wavelength, in the plane and in space and time
    assert highest_wave(disk, 4000) == pytest.approx(2 * highest_wave(disk, 1000))
    heat = load(PROBLEMS / "disk_heat.toml", {"nodes.time_levels": 10})
    finer = heat.replace({"nodes.time_levels": 20})
    assert highest_wave(finer, 4000) == pytest.approx(2 * highest_wave(heat, 1000))
    assert highest_wave(disk, 10**6) == HIGHEST_WAVE


@pytest.mark.parametrize("name", ["none", "fourier", "sinusoidal"])
@pytest.mark.parametrize("problem", ["disk_poisson", "disk_heat"])
def test_the_first_layer_is_as_wide_as_foretold(problem, name):
    posed = load(PROBLEMS / f"{problem}.toml", {"network.embedding": name, "nodes.count": 200})
    setup = Setup(posed)
    net = network(setup)
    assert net.layers[0].in_features == input_width(posed, setup.nodes.rows.stop)
