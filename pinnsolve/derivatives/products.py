"""Sparse products: one function for each library that can multiply a matrix by columns.

    scipy    compressed rows; one thread
    torch    compressed rows; on a CPU the threads and kernels of MKL, on a GPU of cuSPARSE
    gather   the stencils side by side, ``sum_j w_j u[idx_j]``, rows filled up to the longest
    cupy     compressed rows by cuSPARSE, without torch's overhead; optional

`CHOICE` names the one that is used on each kind of device; ``benchmarks/products.py`` compares.
"""

from collections.abc import Callable
from typing import Any, TypeAlias
from warnings import catch_warnings, filterwarnings

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.utils.dlpack import from_dlpack

Product: TypeAlias = Callable[[Tensor], Tensor]  # from (N,) or (N, k) to (R,) or (R, k)
GATHERED = 2**24  # entries that are gathered at once


def by_scipy(A: csr_array, _: torch.device) -> Product:
    """Return the product with a matrix, on the CPU."""
    return lambda u: torch.from_numpy(A @ u.numpy())


def by_torch(A: csr_array, device: torch.device) -> Product:
    """Return the product with a matrix."""
    # MKL knows 32-bit indices alone; with others torch converts them at every product
    rows, columns = (torch.as_tensor(part.astype(np.int32)) for part in (A.indptr, A.indices))
    with catch_warnings():
        filterwarnings("ignore", "Sparse")  # that compressed rows are young
        matrix = torch.sparse_csr_tensor(rows, columns, torch.as_tensor(A.data), A.shape)
        matrix = matrix.to(device)
    return lambda u: matrix @ u


def by_gather(A: csr_array, device: torch.device, gathered: int = GATHERED) -> Product:
    """Return the product with a matrix whose rows have about the same number of entries.

    Parameters
    ----------
    A, device
        The matrix, and where the columns are.
    gathered
        Entries that are gathered at once.
    """
    lengths = np.diff(A.indptr)
    inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
    indices = np.zeros(inside.shape, dtype=np.int64)
    weights = np.zeros(inside.shape, dtype=A.dtype)
    indices[inside], weights[inside] = A.indices, A.data
    idx, w = torch.as_tensor(indices, device=device), torch.as_tensor(weights, device=device)

    def product(u: Tensor) -> Tensor:
        if u.ndim == 1:
            return (w * u[idx]).sum(1)
        at_once = max(1, gathered // max(1, idx.shape[1] * u.shape[1]))
        parts = zip(w.split(at_once), idx.split(at_once), strict=True)
        return torch.cat([torch.bmm(some[:, None], u[where])[:, 0] for some, where in parts])

    return product


def by_cupy(A: csr_array, device: torch.device) -> Product:
    """Return the product with a matrix, on a GPU; CuPy takes its memory from torch's pool."""
    import cupy
    from cupyx.scipy import sparse

    cupy.cuda.set_allocator(_pool(cupy).malloc)

    def on_stream(work: Callable[[], Any]) -> Any:
        stream = torch.cuda.current_stream(device).cuda_stream
        with cupy.cuda.Device(device.index or 0), cupy.cuda.ExternalStream(stream):
            return work()

    matrix = on_stream(lambda: sparse.csr_matrix(A))

    def product(u: Tensor) -> Tensor:
        columns = cupy.from_dlpack(u.detach().contiguous())
        return from_dlpack(on_stream(lambda: cupy.ascontiguousarray(matrix @ columns)))

    return product


def _pool(cupy: Any) -> Any:
    """Return torch's pool of device memory as CuPy knows pools."""

    def allocate(size: int, device: int) -> int:
        return torch.cuda.caching_allocator_alloc(
            size, device, torch.cuda.current_stream(device).cuda_stream
        )

    def free(address: int, _: int) -> None:
        torch.cuda.caching_allocator_delete(address)

    return cupy.cuda.PythonFunctionAllocator(allocate, free)


PRODUCTS: dict[str, Callable[[csr_array, torch.device], Product]] = {
    "scipy": by_scipy,
    "torch": by_torch,
    "gather": by_gather,
    "cupy": by_cupy,
}
DEVICES = {"cpu": ("scipy", "torch", "gather"), "cuda": ("torch", "gather", "cupy")}
CHOICE = {"cpu": "torch" if torch.backends.mkl.is_available() else "scipy", "cuda": "torch"}
