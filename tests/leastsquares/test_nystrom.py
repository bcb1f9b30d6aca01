import torch

from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.leastsquares.krylov import conjugate_gradients
from pinnsolve.leastsquares.nystrom import Nystrom


def of_rank(k, rows=80, columns=40):
    """Return a Jacobian of some rank, and the eigenvalues of its normal matrix."""
    U, _ = torch.linalg.qr(torch.randn(rows, k))
    V, _ = torch.linalg.qr(torch.randn(columns, k))
    sizes = torch.logspace(0, -3, k)
    return DenseJacobian(U @ torch.diag(sizes) @ V.mT), sizes**2


def test_as_many_columns_as_the_rank_know_all_eigenvalues():
    J, values = of_rank(10)
    known = Nystrom(J, J.J, 10)
    # the smallest is a millionth of the largest, of which rounding leaves 1e-14
    torch.testing.assert_close(known.values, values, rtol=1e-6, atol=1e-13)
    b = torch.randn(80)
    found = conjugate_gradients(
        J, b, 1e-9, lambda s: known.preconditioned(s, 1e-9), tolerance=1e-8, most=50
    )
    assert found.iterations <= 3  # of a matrix that is known, one; rounding makes them a few


def test_columns_are_added_until_they_cost_more_than_they_save():
    J, values = of_rank(40)
    few, many = Nystrom(J, J.J, 4), Nystrom(J, J.J, 4)
    few.reach(10.0)  # damped so much that nothing is to be gained
    many.reach(1e-12)
    assert few.rank == 4
    assert many.rank == 20  # half of all
    # never too large; what random columns do not see is missing
    assert 0.9 * values[0] < many.values[0] < 1.0001 * values[0]


def test_a_change_is_measured_within_its_spread():
    J, _ = of_rank(20)
    other = DenseJacobian(J.J + 1e-3 * torch.randn(80, 40))
    change = torch.linalg.matrix_norm(other.normal() - J.normal())
    # by eight probes of forty columns
    assert 0.3 < Nystrom(J, J.J, 12).change(other) / change < 3
    assert Nystrom(J, J.J, 12).change(J) == 0


def test_iterations_end_where_the_right_hand_side_is_zero():
    J, _ = of_rank(5)
    found = conjugate_gradients(J, torch.zeros(80), 1e-6, tolerance=1e-8, most=9)
    assert found.iterations == 0
    assert not found.v.any()
