"""The equations of a family as those of one network of position and input together.

    u_i(x) = N(x, z_i)

with the principal coordinates ``z`` of the inputs (`pinnsolve.families.principal`), of which the
equations know nothing: they hold at pairs of a point and a function, and differentiate by position
alone. Pairs fill the product of both evenly: points in order, functions in the order of their first
coordinate, by the fractional parts of multiples of the golden ratio. Functions close to the first
and the last are taken more often, as zeros of Chebyshev polynomials are closer to the ends, where
errors would be largest. Conditions at few points hold there for many functions. Source:
Niederreiter (1992), Random Number Generation and Quasi-Monte Carlo Methods, SIAM, chapter 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, pi, sqrt

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.derivatives.taylor import features_of_outputs
from pinnsolve.diffop import DiffOp
from pinnsolve.equations.variables import Input
from pinnsolve.families.family import Functions
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.part import Part
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.objectives.pointwise_head import HeadPart, PointwiseHead

GOLDEN = (sqrt(5) - 1) / 2
ON_BOUNDARY = 2.0  # pairs of a condition, at least, times the root of those of the equations
AT_ONCE = 256  # points at which all functions are evaluated at once


@dataclass(frozen=True)
class JointProblem:
    """What holds at pairs of a point and a function.

    Attributes
    ----------
    objective
        The equations of a typical problem.
    functions
        To train with, by name of the input.
    z
        Their coordinates, as the network takes them.
    """

    objective: PointwiseObjective
    functions: Mapping[str, Functions]
    z: Float[ndarray, "M q"]

    def head(self, net: MLP, shift: float) -> PointwiseHead:
        """Return the residual at pairs, as a function of the head's weights.

        Parameters
        ----------
        net
            Of position and input.
        shift
            From 0 to 1: another one gives other pairs of the same points.
        """
        most = max(part.count for part in self.objective.parts)
        least = ceil(ON_BOUNDARY * sqrt(most))
        parts = tuple(self._part(net, part, least, shift) for part in self.objective.parts)
        return PointwiseHead(parts, net, self.objective.is_linear)

    def _part(self, net: MLP, part: Part, least: int, shift: float) -> HeadPart:
        order = torch.argsort(part.sides[0].x[: part.count, 0], stable=True)
        rows = order.repeat(ceil(least / part.count)).to(net.like.device)
        which = self._functions_for(len(rows), shift)
        own = part.at(rows)
        (side,) = own.sides
        x = side.x[: len(rows)].cpu().numpy()
        inputs = [self._values(i, x, which) for i in own.residual.inputs]
        residual = own.residual.given([torch.as_tensor(v).to(net.like) for v in inputs])
        z = torch.as_tensor(self.z[which]).to(net.like)
        z = torch.cat([z, z]) if own.is_periodic else z
        padded = {op: _padded(op, z.shape[1]) for op in side.ops}
        features = features_of_outputs(net, torch.cat([side.x, z], 1), padded.values())
        w, c = net.head.in_features, net.head.out_features
        columns = {}
        for term in side.terms:
            T = columns[term] = z.new_zeros(len(rows), net.head_size)
            i = term.field
            T[:, i * w : (i + 1) * w] = own.rows(features[padded[term.op]][i])
            if not own.is_periodic:
                T[:, c * w + i] = sum(v for alpha, v in term.op.terms if sum(alpha) == 0)
        return HeadPart(residual, own.factor, columns)

    def _functions_for(self, count: int, shift: float) -> Int[ndarray, " n"]:
        """Return a function for each of some pairs, evenly over all of them."""
        order = np.argsort(self.z[:, 0], kind="stable")
        place = np.argsort((GOLDEN * np.arange(count) + shift) % 1, kind="stable")
        rank = np.empty(count, dtype=int)
        rank[place] = np.arange(count)
        share = (1 - np.cos(pi * (rank + 0.5) / count)) / 2
        return order[np.rint(share * (len(order) - 1)).astype(int)]

    def _values(
        self, own: Input, x: Float[ndarray, "n D"], which: Int[ndarray, " n"]
    ) -> Float[ndarray, " n"]:
        """Return the values of an input at pairs."""
        functions, found = self.functions[own.name], np.empty(len(x))
        for start in range(0, len(x), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            chosen, places = np.unique(which[some], return_inverse=True)
            values = functions.chosen(chosen).values(x[some][:, own.axes], own.alpha)
            found[some] = values[places, np.arange(len(places))]
        return found


def joint_network(net: MLP, z: Float[ndarray, "M q"], hidden: Sequence[int], seed: int) -> MLP:
    """Return a network of position and input, on the box of either.

    Parameters
    ----------
    net
        A network of position.
    z
        The coordinates of the functions to train with.
    hidden
        Widths of the layers.
    seed
        Of its weights.
    """
    lower, upper = net.center - net.half_width, net.center + net.half_width
    size = np.abs(z).max(axis=0)
    return MLP(
        [*lower.tolist(), *(-size).tolist()],
        [*upper.tolist(), *size.tolist()],
        hidden,
        net.head.out_features,
        net.activation_name,
        seed,
    ).to(net.like)


def network_of_member(joint: MLP, z: Float[ndarray, " q"]) -> MLP:
    """Return the network of position that a joint one is for a function."""
    d = len(joint.center) - len(z)
    center, half = joint.center.tolist()[:d], joint.half_width.tolist()[:d]
    widths = [layer.out_features for layer in joint.layers]
    net = MLP(
        [c - h for c, h in zip(center, half, strict=True)],
        [c + h for c, h in zip(center, half, strict=True)],
        widths,
        joint.head.out_features,
        joint.activation_name,
    ).to(joint.like)
    scaled = (torch.as_tensor(z).to(joint.like) - joint.center[d:]) / joint.half_width[d:]
    with torch.no_grad():
        for k, (own, layer) in enumerate(zip(net.layers, joint.layers, strict=True)):
            own.weight.copy_(layer.weight[:, :d] if k == 0 else layer.weight)
            shift = layer.weight[:, d:] @ scaled if k == 0 else 0.0
            own.bias.copy_(layer.bias + shift)
        net.head.weight.copy_(joint.head.weight)
        net.head.bias.copy_(joint.head.bias)
    return net


def _padded(op: DiffOp, further: int) -> DiffOp:
    """Return an operator with further coordinates, by which it does not differentiate."""
    return DiffOp(tuple(((*alpha, *[0] * further), value) for alpha, value in op.terms))
