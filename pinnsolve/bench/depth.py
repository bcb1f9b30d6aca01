"""How exact and how quick derivatives of a random network are against its depth.

Applied to a tanh network of 50 units a layer on the nodes of the unit disk: RBF-FD of orders 2
to 5, automatic differentiation in single and double precision, and Taylor mode. Errors are
relative to automatic differentiation in double precision. Times are given without the network's
own forward pass, as in the source of the experiment, and with it: Sharma & Shankar (2022),
arXiv:2205.09332, figures 2 and 7. Taylor mode evaluates the network as it goes; its time without
is the difference. The biharmonic is differentiated automatically as the Laplacian's Laplacian.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.bench.timing import Work, milliseconds
from pinnsolve.derivatives.discrete import SparseMatrix
from pinnsolve.derivatives.taylor import derivatives
from pinnsolve.diffop import DiffOp, laplacian
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.ghosts import with_ghosts
from pinnsolve.geometry.planar import disk
from pinnsolve.networks.mlp import MLP
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.weights import operator_matrices

WIDTH = 50
ORDERS = (2, 3, 4, 5)
OPERATORS = {
    "laplacian": laplacian(2),
    "biharmonic": DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0))),
}


@dataclass(frozen=True)
class Accuracy:
    """How one backend differentiates a network of one depth.

    Attributes
    ----------
    depth
        Number of hidden layers.
    backend
        ``rbf-fd``, ``autograd float32``, ``autograd float64`` or ``taylor float64``.
    order
        Of RBF-FD; None of the others.
    relative_error
        Relative difference to automatic differentiation in double precision, L2 on the nodes.
    milliseconds, milliseconds_with_forward
        Time without and with the evaluation of the network.
    """

    depth: int
    backend: str
    order: int | None
    relative_error: float
    milliseconds: float
    milliseconds_with_forward: float


def accuracies(
    operator: str = "laplacian",
    depths: Sequence[int] = tuple(range(1, 11)),
    nodes: int = 1663,
    repeats: int = 5,
    seed: int = 0,
    watch: Watch = unwatched,
) -> list[Accuracy]:
    """Measure every backend at every depth.

    Parameters
    ----------
    operator
        A name in `OPERATORS`.
    depths
        Numbers of hidden layers.
    nodes
        Number of nodes in the disk and on its boundary.
    repeats
        Of each measurement.
    seed
        Of the networks' weights.
    watch
        Told how far the work has come.
    """
    op = OPERATORS[operator]
    domain = disk((0.0, 0.0), 1.0)
    placed = with_ghosts(generate(domain, count=nodes, watch=watch), domain)
    rows = placed.x[placed.rows]
    matrices = {
        p: SparseMatrix(operator_matrices(rows, placed.x, [op], p, watch)[op]) for p in ORDERS
    }
    x = torch.as_tensor(placed.x)
    found: list[Accuracy] = []
    for k, depth in enumerate(depths):
        watch(Progress("derivatives", k / len(depths), note=f"depth {depth}"))
        found += _at_depth(_network(depth, seed), op, x, len(rows), matrices, repeats)
    return found


def lines(rows: Sequence[Accuracy]) -> list[tuple[str, ...]]:
    """Return the measurements as a table."""
    heads = ("depth", "backend", "order", "relative error", "ms", "ms with forward pass")
    return [
        heads,
        *(
            (
                str(row.depth),
                row.backend,
                str(row.order or "—"),
                f"{row.relative_error:.1e}",
                f"{row.milliseconds:.2f}",
                f"{row.milliseconds_with_forward:.2f}",
            )
            for row in rows
        ),
    ]


def _network(depth: int, seed: int) -> MLP:
    """Return a network with the weights that torch draws by default, as in the source."""
    net = MLP([-1.0, -1.0], [1.0, 1.0], [WIDTH] * depth, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in [*net.layers, net.head]:
            layer.reset_parameters()
    return net


def _at_depth(
    net: MLP,
    op: DiffOp,
    x: Float[Tensor, "N 2"],
    n_rows: int,
    matrices: Mapping[int, SparseMatrix],
    repeats: int,
) -> Iterator[Accuracy]:
    """Yield how every backend differentiates one network."""
    depth, points = len(net.layers), x[:n_rows]
    with torch.no_grad():
        u = net(x)[:, 0]
    works: dict[str, Work] = {f"rbf-fd {p}": partial(D.times, u) for p, D in matrices.items()}
    works |= {"forward": partial(_values, net, x), "forward at rows": partial(_values, net, points)}
    works["taylor"] = partial(_by_taylor, net, points, op)
    for precision in ("float32", "float64"):
        dtype = getattr(torch, precision)
        own, y = deepcopy(net).to(dtype), points.to(dtype).requires_grad_()
        works[f"autograd {precision}"] = partial(_nested, own(y), y, op.order // 2)
        works[f"{precision} in all"] = partial(_nested_in_all, own, y, op.order // 2)
    ms = milliseconds(works, repeats)
    reference = works["autograd float64"]()

    def result(name: str, order: int | None, work: str, without: float, with_: float) -> Accuracy:
        wrong = works[work]().double() - reference
        error = float(torch.linalg.norm(wrong) / torch.linalg.norm(reference))
        return Accuracy(depth, name, order, error, without, with_)

    for p in matrices:
        alone = ms[f"rbf-fd {p}"]
        yield result("rbf-fd", p, f"rbf-fd {p}", alone, alone + ms["forward"])
    for precision in ("float32", "float64"):
        name = f"autograd {precision}"
        yield result(name, None, name, ms[name], ms[f"{precision} in all"])
    without = max(ms["taylor"] - ms["forward at rows"], 0.0)
    yield result("taylor float64", None, "taylor", without, ms["taylor"])


@torch.no_grad()
def _values(net: MLP, x: Float[Tensor, "N 2"]) -> Float[Tensor, " N"]:
    return net(x)[:, 0]


@torch.no_grad()
def _by_taylor(net: MLP, x: Float[Tensor, "N 2"], op: DiffOp) -> Float[Tensor, " N"]:
    return derivatives(net, x, [op])[op][:, 0]


def _nested(u: Float[Tensor, "N 1"], x: Float[Tensor, "N 2"], power: int) -> Float[Tensor, " N"]:
    """Return a power of the Laplacian of values that were computed from ``x``."""
    v = u[:, 0]
    for _ in range(power):
        (slopes,) = torch.autograd.grad(v.sum(), x, create_graph=True)
        second = [
            torch.autograd.grad(slope.sum(), x, create_graph=True)[0][:, axis]
            for axis, slope in enumerate(slopes.mT)
        ]
        v = second[0] + second[1]
    return v.detach()


def _nested_in_all(net: MLP, x: Float[Tensor, "N 2"], power: int) -> Float[Tensor, " N"]:
    return _nested(net(x), x, power)
