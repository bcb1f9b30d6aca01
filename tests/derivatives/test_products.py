import numpy as np
import pytest
import torch
from scipy.sparse import csr_array, random_array

from pinnsolve.derivatives.products import CHOICE, DEVICES, PRODUCTS, by_gather

CASES = [
    pytest.param(library, device, marks=pytest.mark.gpu if device == "cuda" else ())
    for device, libraries in DEVICES.items()
    for library in libraries
]


def random(rows=30, columns=40):
    return random_array((rows, columns), density=0.2, format="csr", rng=np.random.default_rng(0))


@pytest.mark.parametrize(("library", "device"), CASES)
@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 7)])
def test_every_library_gives_the_same_product(library, device, shape):
    if library == "cupy":
        pytest.importorskip("cupy")
    A, u = random(), torch.rand(shape)
    product = PRODUCTS[library](A, torch.device(device))(u.to(device))
    np.testing.assert_allclose(product.cpu(), A @ u.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("library", "device"), CASES)
def test_rows_without_entries_are_zero(library, device):
    if library == "cupy":
        pytest.importorskip("cupy")
    empty = csr_array((3, 4))
    product = PRODUCTS[library](empty, torch.device(device))
    assert torch.equal(product(torch.rand(4, device=device)).cpu(), torch.zeros(3))


def test_many_columns_are_gathered_in_parts():
    A, u = random(), torch.rand(40, 5)
    product = by_gather(A, torch.device("cpu"), gathered=200)
    np.testing.assert_allclose(product(u), A @ u.numpy(), rtol=1e-12)


def test_the_choice_is_among_the_candidates():
    assert all(CHOICE[device] in libraries for device, libraries in DEVICES.items())


@pytest.mark.gpu
def test_cupy_takes_its_memory_from_the_pool_of_torch():
    cupy = pytest.importorskip("cupy")
    PRODUCTS["cupy"](random(), torch.device("cuda"))
    before = torch.cuda.memory_allocated()
    conditions = cupy.zeros(2**20, dtype="float64")
    assert torch.cuda.memory_allocated() >= before + conditions.nbytes
