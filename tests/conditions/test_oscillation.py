"""Waves that the data of a problem have, and what has none."""

import numpy as np
import pytest

from pinnsolve.setup import Setup
from tests.posing import DISK, INTERVAL, SQUARE, pose


def found(folder, equation, domain=SQUARE, more=""):
    return Setup(
        pose(folder, equation, on=[("all", "u = 0")], domain=domain, more=more)
    ).oscillation


@pytest.mark.parametrize("domain", [SQUARE, DISK], ids=["square", "disk"])
def test_waves_of_a_source_are_found_with_their_vectors(domain, tmp_path):
    seen = found(tmp_path, "laplace(u) = 3*sin(40*x + 15*y + 1) + cos(50*y) + 5*x", domain)
    first, second = seen.waves[np.argsort(-seen.powers)][:2]
    # a window as wide as the domain tells vectors to a fraction of a wave across it
    np.testing.assert_allclose(first, [40, 15], atol=0.5)
    np.testing.assert_allclose(np.abs(second), [0, 50], atol=0.5)


def test_initial_values_say_nothing_of_time(tmp_path):
    domain = INTERVAL + "\ntime = [0, 2]"
    more = '[initial]\nu = "sin(20*pi*x)"\n'
    seen = found(tmp_path, "u_t = 1e-3*u_xx", domain, more)
    np.testing.assert_allclose(seen.waves, [[20 * np.pi, 0]], rtol=1e-3)
    np.testing.assert_allclose(seen.numbers, [20 * np.pi, 0], rtol=1e-3)


@pytest.mark.parametrize(
    "source",
    [
        "1",
        "x^3 - y",
        "sin(pi*x)*sin(2*pi*y)",
        "exp(-((x - 0.3)^2 + y^2)/0.002)",
        "heaviside(x - y)",
    ],
)
@pytest.mark.parametrize("domain", [SQUARE, DISK], ids=["square", "disk"])
def test_neither_what_is_smooth_nor_peaks_jumps_or_the_domain_are_waves(source, domain, tmp_path):
    assert not found(tmp_path, f"laplace(u) = {source}", domain)
