"""Rows of data in whose place few stand: the same solution, the same knowledge of constants."""

from dataclasses import replace

import pytest
import torch

from pinnsolve import load
from pinnsolve.conditions.noise import Noise
from pinnsolve.leastsquares.inference import inference
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives import gathered_head
from pinnsolve.objectives.gathered_head import GatheredHead, triangle
from pinnsolve.optimizers.head import newton
from pinnsolve.setup import Setup

# steady, and nothing periodic: polynomials of a low degree
ADVECTION = """\
[domain]
shape = "box"
lower = [0, 0, 0]
upper = [1, 1, 1]
[nodes]
count = 200
[unknowns]
fields = ["u"]
[unknowns.parameters]
a = { initial = 0.0, true = 2.0 }
[pde]
equations = ["laplace(u) + a*u_x = 0"]
[[data]]
from = "exact"
fields = ["u", "u + 2*u_y"]
count = 300
noise = 0.01
[exact]
u = "exp(-2*x) + y*z"
[solver]
method = "pinn"
[network]
features = "waves"
"""


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    path = tmp_path_factory.mktemp("gathered") / "advection.toml"
    path.write_text(ADVECTION)
    setup = Setup(load(path))
    objective = pointwise_objective(network(setup), setup)
    few = objective.gathered_head()
    assert isinstance(few, GatheredHead)
    return objective, objective.head(), few


def fitted(objective, head):
    """Return weights fitted with the first constant, which a constant field tells nothing of."""
    start = objective.model.head_of(torch.ones(1, dtype=torch.float64))
    return newton(head, start, 1, held=1)[0]


def test_products_of_polynomials_in_three_coordinates_are_bounded_by_their_total_degree(heads):
    objective, whole, _ = heads
    highest = objective.model.embedding.axes[0].highest
    # (p + 3 choose 3) of them, and the constant
    assert whole.vector().numel() - 1 == (highest + 1) * (highest + 2) * (highest + 3) // 6


def test_few_rows_have_the_loss_and_the_solution_of_all(heads):
    objective, whole, few = heads
    c = torch.randn(len(whole.vector()), dtype=torch.float64)
    r, s = whole.residual(c), few.residual(c)
    assert len(s) < 0.6 * len(r)
    assert float(s @ s) == pytest.approx(float(r @ r), rel=1e-12)
    start = fitted(objective, whole)
    a, b = (newton(head, start, 20, 1 - 1e-9)[0][-1] for head in (whole, few))
    assert float(a) == pytest.approx(float(b), rel=1e-6)
    assert float(a) == pytest.approx(2, rel=0.1)


def test_blocks_of_rows_give_what_all_at_once_give(heads, monkeypatch):
    objective, whole, few = heads
    monkeypatch.setattr(gathered_head, "STRIP", 100)
    monkeypatch.setattr(gathered_head, "ROWS_PER_COLUMN", 1)
    parts = objective.parts[-objective.n_data :]
    other = triangle(parts, lambda own: objective._head(objective.model, own))
    assert other.counts == few.data.counts
    c = torch.randn(len(whole.vector()), dtype=torch.float64)
    for own, sum_of in zip(whole.parts[-2:], other.counts, strict=True):
        assert sum_of < own.count
    a, b = (float((own.M @ c - own.t).square().sum()) for own in (few.data, other))
    assert a == pytest.approx(b, rel=1e-12)


def test_the_least_misfit_is_that_of_the_features_without_equations(heads):
    _, whole, few = heads
    for part, least in zip(whole.parts[-2:], few.data.least, strict=True):
        alone = replace(whole, parts=(part,))
        M, t = alone.linearise(whole.vector())
        left = t - M @ torch.linalg.lstsq(M, t[:, None], driver="gelsd").solution[:, 0]
        assert least == pytest.approx(float(torch.linalg.vector_norm(left)), rel=1e-8)


def test_few_rows_tell_of_constants_what_all_tell(heads):
    objective, whole, few = heads
    c, _ = newton(few, fitted(objective, whole), 20, 1 - 1e-9)
    told = []
    for head, standing in ((whole, None), (few, few.data.counts)):
        A, B = head.linearise(c)[0][:, :-1], head.by_constants(c)
        sets = [Noise(objective.counts[0]), Noise(objective.counts[1], 0.01)]
        told.append(inference(A, B, head.residual(c), sets, standing))
    a, b = told
    torch.testing.assert_close(b.covariance, a.covariance, rtol=1e-7, atol=0)
    torch.testing.assert_close(b.shift, a.shift, rtol=1e-6, atol=1e-10)
    b_data, a_data = (torch.linalg.eigvalsh(own.information) for own in (b, a))  # for the bound
    torch.testing.assert_close(b_data, a_data, rtol=1e-6, atol=1e-9 * float(a_data[-1]))
    assert b.estimates == pytest.approx(a.estimates, rel=1e-8)
    assert b.freedom == pytest.approx(a.freedom, rel=1e-8)
