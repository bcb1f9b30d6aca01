"""Derivatives of many functions at the points that they share, by several strategies.

With branch and trunk (`pinnsolve.networks.deeponet`), ``M`` functions, ``N`` points:

    taylor      series of the trunk, which know nothing of the functions; then one product of
                matrices for each operator
    rbf-fd      a sparse matrix times the values of all functions at the nodes, as many columns
    zcs         Zero Coordinate Shift (`pinnsolve.derivatives.zcs`)
    loop        nested differentiation of one function after the other
    vectorised  the same of all at once, each with a copy of the points and of its inputs

The last two are what was done before, kept to compare with: to differentiate functions together by
the points that they share would add up their derivatives. A strategy is prepared for points and
operators, then evaluated for functions, and asked for derivatives of what has been evaluated: three
steps, for they are timed apart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.derivatives.discrete import SparseMatrix
from pinnsolve.derivatives.factors import factored
from pinnsolve.derivatives.passes import feature_derivatives_of, groups, reading
from pinnsolve.derivatives.plan import plan
from pinnsolve.derivatives.taylor import inputs as first_channels
from pinnsolve.derivatives.zcs import Tower, by_shift, value_factor
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.networks.deeponet import DeepONet
from pinnsolve.networks.mlp import MLP
from pinnsolve.rbffd.weights import operator_matrices

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Derivatives: TypeAlias = dict[Term, Float[Tensor, "M N"]]
Derive: TypeAlias = Callable[[], Derivatives]
Evaluate: TypeAlias = Callable[[DeepONet, Float[Tensor, "M q"]], Derive]
Strategy: TypeAlias = Callable[[Float[Tensor, "N d"], Sequence[Term]], Evaluate]


def taylor(x: Float[Tensor, "N d"], terms: Sequence[Term]) -> Evaluate:
    """Differentiate the trunk, and multiply by the branch."""
    ops = list(dict.fromkeys(term.op for term in terms))
    series = cache(lambda factor: factored(factor, x, ops))  # the points stay where they are

    def evaluate(net: DeepONet, inputs: Float[Tensor, "M q"]) -> Derive:
        heads = net.heads(inputs)

        def derive() -> Derivatives:
            factors, of_one = None, dict[DiffOp, Tensor]()
            if net.factor is not None:
                factors, of_one = series(net.factor)
            parts = [_trunk(image, x, ops, factors) for image in net.trunk.images()]
            found = dict[Term, Tensor]()
            for term in terms:
                features = net.trunk.of_outputs(*(part[term.op] for part in parts))[term.field]
                u = heads.weights[term.field] @ features
                added = of_one.get(term.op, value_factor(term.op))
                if isinstance(added, Tensor) or added:
                    own = net.trunk.constant[term.field] * heads.biases[term.field]
                    u = u + own[:, None] * added
                found[term] = u
            return found

        return derive

    return evaluate


def _trunk(
    net: MLP,
    x: Float[Tensor, "N d"],
    ops: Iterable[DiffOp],
    factors: Mapping[DiffOp, Float[Tensor, "C N"]] | None,
) -> dict[DiffOp, Float[Tensor, "w N"]]:
    """Return derivatives of the features of a network, or of their products with a factor."""
    chosen = plan(ops)
    points = groups(x, chosen.layout, max(layer.out_features for layer in net.layers))
    pieces = [first_channels(net, some, chosen) for some in points]
    weights = [tensor for layer in net.layers for tensor in (layer.weight, layer.bias)]
    if factors is None:
        read = [reading(chosen, x)] * len(points)
    else:
        whole = torch.stack([factors[op] for op, _ in chosen.readings])
        read = list(whole.split([len(some) for some in points], 2))
    found = feature_derivatives_of(chosen, net.activation_name, pieces, weights, read)
    return dict(zip((op for op, _ in chosen.readings), found.unbind(), strict=True))


def zcs(x: Float[Tensor, "N d"], terms: Sequence[Term]) -> Evaluate:
    """Differentiate one number by a shift of all points."""

    def evaluate(net: DeepONet, inputs: Float[Tensor, "M q"]) -> Derive:
        heads = net.heads(inputs)
        return by_shift(lambda y: net.fields(heads, y), x, terms)

    return evaluate


def loop(x: Float[Tensor, "N d"], terms: Sequence[Term]) -> Evaluate:
    """Differentiate one function after the other."""

    def evaluate(net: DeepONet, inputs: Float[Tensor, "M q"]) -> Derive:
        leaf = x.detach().requires_grad_()
        u = net.fields(net.heads(inputs), leaf)

        def derive() -> Derivatives:
            found: dict[Term, list[Tensor]] = {term: [] for term in terms}
            for i in range(u.shape[1]):
                towers = {f: Tower(u[f, i], leaf) for f in {term.field for term in terms}}
                for term, own in found.items():
                    own.append(towers[term.field](term.op))
            return {term: torch.stack(own) for term, own in found.items()}

        return derive

    return evaluate


def vectorised(x: Float[Tensor, "N d"], terms: Sequence[Term]) -> Evaluate:
    """Differentiate all functions at once, each at points of its own."""

    def evaluate(net: DeepONet, inputs: Float[Tensor, "M q"]) -> Derive:
        M, N = len(inputs), len(x)
        leaf = x.detach().repeat(M, 1).requires_grad_()
        heads = net.heads(inputs.repeat_interleave(N, 0))
        u = (heads.weights * net.features(leaf)).sum(-1)
        u = u + net.trunk.constant[:, None] * heads.biases
        u = u if net.factor is None else u * net.factor(leaf)

        def derive() -> Derivatives:
            towers = {f: Tower(u[f], leaf) for f in {term.field for term in terms}}
            return {term: towers[term.field](term.op).unflatten(0, (M, N)) for term in terms}

        return derive

    return evaluate


EXACT: dict[str, Strategy] = {"taylor": taylor, "zcs": zcs, "loop": loop, "vectorised": vectorised}


def by_differences(nodes: Float[ndarray, "n d"], scales: Sequence[float], order: int) -> Strategy:
    """Return the strategy that differentiates by RBF-FD.

    Parameters
    ----------
    nodes
        Where the functions are evaluated.
    scales
        Of each coordinate, the unit in which the nodes are about as far apart along all.
    order
        Of accuracy.
    """

    def rbf_fd(x: Float[Tensor, "N d"], terms: Sequence[Term]) -> Evaluate:
        ops = list(dict.fromkeys(term.op for term in terms))
        if not any(op.order for op in ops):
            return taylor(x, terms)  # values alone
        S = torch.as_tensor(nodes).to(x)
        there = x.cpu().double().numpy()
        matrices: dict[DiffOp, SparseMatrix | _First] = {}
        if np.array_equal(there, nodes[: len(there)]):  # whose values are known
            known = [op for op in ops if not op.order]
            matrices |= {op: _First(len(there), value_factor(op)) for op in known}
        wanted = [op for op in ops if op not in matrices]
        for op, matrix in _matrices(there, nodes, scales, wanted, order).items():
            matrices[op] = SparseMatrix(matrix, x.device, x.dtype)

        def evaluate(net: DeepONet, inputs: Float[Tensor, "M q"]) -> Derive:
            heads = net.heads(inputs)
            M, w = heads.weights.shape[1:]
            features = net.features(S)
            if net.factor is not None:
                features = features * net.factor(S)[:, None]
            of_one = 1.0 if net.factor is None else net.factor(S)[:, None]
            biases = net.trunk.constant[:, None] * heads.biases
            first = w if w < M else 0  # features before functions, where these are more
            values = None if first else features @ heads.weights.mT + of_one * biases[:, None]

            def derive() -> Derivatives:
                found = dict[Term, Tensor]()
                for term in terms:
                    i, D = term.field, matrices[term.op]
                    if values is not None:
                        found[term] = (D @ values[i]).mT
                        continue
                    added = (D @ (of_one * features.new_ones(len(S), 1))) * biases[i]
                    found[term] = ((D @ features[i]) @ heads.weights[i].mT + added).mT
                return found

            return derive

        return evaluate

    return rbf_fd


@dataclass(frozen=True)
class _First:
    """A multiple of the identity, as a map from values at nodes to the first of them.

    Attributes
    ----------
    count, factor
        Of how many, and by what they are multiplied.
    """

    count: int
    factor: float

    def __matmul__(self, u: Float[Tensor, "N *k"]) -> Float[Tensor, "R *k"]:
        """Return the product."""
        first = u[: self.count]
        return first if self.factor == 1 else self.factor * first


def _matrices(
    x: Float[ndarray, "N d"],
    nodes: Float[ndarray, "n d"],
    scales: Sequence[float],
    ops: Sequence[DiffOp],
    order: int,
) -> "dict[DiffOp, csr_array]":
    """Return the matrices of operators, from values at nodes to derivatives at points."""
    unit = np.asarray(scales)
    scaled = {
        op: DiffOp(
            tuple((alpha, c / float(np.prod(unit ** np.array(alpha)))) for alpha, c in op.terms)
        )
        for op in ops
    }
    found = operator_matrices(x / unit, nodes / unit, list(scaled.values()), order)
    return {op: found[own] for op, own in scaled.items()}
