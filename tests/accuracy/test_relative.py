"""Estimated errors of velocities whose components differ by orders of magnitude."""

import numpy as np
import pytest

from pinnsolve.accuracy.relative import relative
from pinnsolve.conditions.incompressible import on_nodes
from pinnsolve.geometry.from_problem import build_domain, node_set
from tests.flows import STOKES, text_of
from tests.posing import SQUARE, written

EXACT = {"u": "y*(1 - y)", "v": "0", "p": "-x"}


@pytest.fixture
def stated(tmp_path):
    return written(tmp_path, text_of(SQUARE, EXACT, equations=STOKES))


def errors(problem, across):
    """Return relative errors of a stream of speed one, half of what flows across it an error."""
    u = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    u /= np.sqrt(np.mean(u**2, axis=0))
    u[:, 1] *= across
    return relative(problem, u, u * [0.01, 0.5, 0.01])


@pytest.mark.parametrize("is_posed", [False, True], ids=["stated", "posed"])
def test_a_component_that_hardly_moves_is_measured_against_the_speed(stated, is_posed):
    posed = on_nodes(stated, node_set(stated, build_domain(stated))).problem
    assert posed is not stated  # the pressure equation stands in the place of continuity
    found = errors(posed if is_posed else stated, 1e-4)
    assert found["v"] == pytest.approx(0.5e-4, rel=1e-6)
    assert found["u"] == pytest.approx(0.01, rel=0.05)


def test_a_component_that_moves_is_measured_against_itself(stated):
    assert errors(stated, 0.01)["v"] == pytest.approx(0.5, rel=0.05)
