import pytest
import torch

from pinnsolve.diffop import identity, laplacian
from pinnsolve.leastsquares.damped import damped_step
from pinnsolve.leastsquares.jacobian import BorderedJacobian, DenseJacobian, stacked
from pinnsolve.leastsquares.network import trace
from pinnsolve.leastsquares.ways import is_dense
from pinnsolve.networks.mlp import MLP

WAYS = ["dense", "cg"]


def network_jacobian(points=150, device="cpu"):
    """Return the Jacobian of values and Laplacians of a network, one below the other."""
    net = MLP([-1.0, -1.0], [1.0, 1.0], [9, 8], 1, "tanh", 0).to(device)
    net.draw(0, 2.0)
    net.randomise_head(0)
    draw = torch.Generator().manual_seed(1)
    x = (2 * torch.rand(points, 2, generator=draw) - 1).to(device)
    ops = [identity(2), laplacian(2)]
    seen = trace(net, x, ops)
    parts = [seen.jacobian([seen.values[op][:, 0]]) for op in ops]
    return stacked(parts, [False, False])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (9, 9)])
def test_all_ways_give_the_minimiser(shape, way):
    J, r = torch.randn(shape), torch.randn(shape[0])
    step = damped_step(DenseJacobian(J), r, way, tolerance=1e-12)
    for damping in (1e-6, 1e-2, 1.0):
        v = step(damping)
        # the gradient of |J v + r|^2 + mu |v|^2 vanishes
        gradient = J.mT @ (J @ v + r) + damping * step.scale * v
        # the unit of damping is estimated by products alone: any would do
        assert gradient.abs().max() < 1e-9 * (J.mT @ r).abs().max()


def test_products_alone_give_the_step_of_a_matrix():
    J = network_jacobian()
    r = torch.randn(J.shape[0])
    dense, iterated = (damped_step(J, r, way, rank=10, tolerance=1e-10) for way in WAYS)
    entries = J.dense()
    for step in (dense, iterated):
        assert step.trace == pytest.approx(float((entries**2).sum()), rel=1e-12)
        # twelve powers of a matrix whose second eigenvalue is near the first
        assert step.largest == pytest.approx(float(torch.linalg.matrix_norm(entries, 2)) ** 2, 0.05)
    for mu in (1e-3, 1e-9):
        expected, found = (step.at(mu * dense.trace) for step in (dense, iterated))
        apart = J.times(found - expected).norm()
        # the gradient at 1e-10 in the norm of the preconditioner, which is nearly that of J v
        assert apart < 1e-8 * J.times(expected).norm()
        assert iterated.iterations > 0
        assert iterated.left <= 1e-10


def test_a_preconditioner_serves_again_where_damping_exceeds_the_change():
    J = DenseJacobian(torch.randn(60, 30) @ torch.diag(torch.logspace(0, -6, 30)))
    r = torch.randn(60)
    first = damped_step(J, r, "cg", rank=8)
    first.at(1e-4)
    near = DenseJacobian(J.J + 1e-8 * torch.randn(60, 30))
    for mu, is_new in ((1e-4, False), (1e-9, True)):
        again = damped_step(near, r, "cg", rank=8, known=first.known)
        again.at(mu)
        assert again.is_new == is_new
        assert (again.known is first.known) != is_new


def test_the_size_decides_whether_a_matrix_is_formed():
    assert is_dense(10**6, 6000)
    assert is_dense(6000, 10**6)
    assert not is_dense(6001, 6001)
    assert is_dense(10**5, 10**5, "dense")
    assert not is_dense(10, 10, "cg")


def test_constants_beside_a_network_are_solved_for_by_products_too():
    J = BorderedJacobian(network_jacobian(), torch.randn(300, 2))
    r = torch.randn(300)
    dense, iterated = (damped_step(J, r, way, tolerance=1e-10) for way in WAYS)
    expected, found = (step.at(1e-3) for step in (dense, iterated))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-7 * float(expected.abs().max()))


@pytest.mark.parametrize("way", WAYS)
def test_more_damping_makes_shorter_steps(way):
    step = damped_step(DenseJacobian(torch.randn(5, 9)), torch.randn(5), way)
    lengths = [step(damping).norm() for damping in (1e-3, 1e-1, 1e1)]
    assert lengths[0] > lengths[1] > lengths[2]


def test_a_matrix_that_is_not_definite_gives_no_step():
    J = torch.zeros(3, 5)
    J[0, 0] = 1
    assert damped_step(DenseJacobian(J), torch.ones(3))(-0.5) is None


@pytest.mark.gpu
@pytest.mark.parametrize("way", WAYS)
def test_a_gpu_finds_the_products_and_steps_of_a_cpu(way):
    J, there = network_jacobian(), network_jacobian(device="cuda")
    r, V = torch.randn(J.shape[0]), torch.randn(J.shape[1], 3)
    torch.testing.assert_close(there.normal_times(V.cuda()).cpu(), J.normal_times(V), rtol=1e-10)
    torch.testing.assert_close(there.times(V[:, 0].cuda()).cpu(), J.times(V[:, 0]), rtol=1e-10)
    here = damped_step(J, r, way, rank=10, tolerance=1e-13)
    far = damped_step(there, r.cuda(), way, rank=10, tolerance=1e-13)
    mu = 1e-3 * here.trace  # rounding is amplified by the trace over mu
    expected = J.times(here.at(mu))
    torch.testing.assert_close(J.times(far.at(mu).cpu()), expected, rtol=0, atol=1e-10)
