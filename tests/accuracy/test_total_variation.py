"""The total variation of two densities: a formula, and where they have nothing in common."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import norm

from pinnsolve.accuracy.total_variation import with_total_variation
from pinnsolve.geometry import build_domain
from pinnsolve.references import linear_drift
from pinnsolve.references.exact import FormulaFields
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Accuracy, Errors, accuracy_from
from tests.posing import pose

ERRORS = Errors({"u": 0.1}, {"u": 0.1}, {"u": 0.1}, 100, {"u": 0.1})
SPREAD, MEAN = np.sqrt(0.05**2 * np.exp(-2) + 0.02 * (1 - np.exp(-2)) / 2), 0.2 * np.exp(-1)


def trapped(tmp_path, shift):
    """Return a problem of a trapped particle, its stated solution wrong by a shift at the end."""
    v = "(0.0025*exp(-2*t) + 0.01*(1 - exp(-2*t)))"
    exact = f"exp(-(x - 0.2*exp(-t) - {shift}*t)^2/(2*{v}))/sqrt(2*pi*{v})"
    return pose(
        tmp_path,
        "u_t = 0.01*u_xx + d(x*u, x)",
        domain='shape = "interval"\nbounds = [-1, 1]\ntime = [0, 1]',
        on=[("all", "u = 0")],
        count=60,
        more='[initial]\nu = "exp(-200*(x - 0.2)^2)/(0.05*sqrt(2*pi))"\n'
        f'[exact]\nu = "{exact}"\n[reference]\nsolver = "linear-drift"\n',
    )


def found(problem, answer, places=None):
    """Return the errors of an answer, with the total variation."""
    truth = linear_drift.reference(Setup(problem))
    return with_total_variation(ERRORS, answer, problem, build_domain(problem), truth, places)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.4])
def test_of_shifted_gaussians_it_is_that_of_the_formula(tmp_path, shift):
    problem = trapped(tmp_path, shift)
    errors = found(problem, FormulaFields(problem.exact))
    exact = 2 * norm.cdf(shift / SPREAD / 2) - 1
    distance = errors.total_variation
    if shift < 4 * SPREAD:
        assert abs(distance.value - exact) < distance.half_width + 1e-6
    assert distance.half_width < 0.02 or shift > 4 * SPREAD
    metrics = {**Accuracy(errors).metrics(), "relative_l2_at_end": {"u": 0.1}}
    assert accuracy_from(metrics).errors == errors


@dataclass(frozen=True)
class Elsewhere:
    """A density where the truth has nothing."""

    size = 0

    def __call__(self, x):
        return np.where(np.abs(x[:, :1] - 0.9) < 0.05, 10.0, 0.0)

    def jet(self, x, terms):
        raise NotImplementedError

    def state(self):
        return {}


def block(_):
    """Return points of it, and their weights."""
    return 0.85 + 0.1 * np.random.default_rng(0).random((800, 1)), np.full(800, 0.1 / 800)


def test_densities_without_anything_in_common_are_one_apart(tmp_path):
    """By the points of the truth alone they would be a half apart."""
    assert found(trapped(tmp_path, 0.0), Elsewhere(), block).total_variation.value == pytest.approx(
        1
    )
