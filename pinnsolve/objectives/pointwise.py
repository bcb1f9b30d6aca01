"""The PINN objective: exact derivatives of a network at the nodes.

Each condition's residual is evaluated at its own points, of a periodic one from differences of the
jets at its points and at those across. Derivatives come from Taylor mode, and with them gradients
in one reverse pass and Jacobians in factors. Automatic differentiation is kept as the reference:
gradients from nested reverse mode, Jacobians and the derivatives of all features from nested
forward mode. Source: Raissi, Perdikaris & Karniadakis (2019),
Physics-informed neural networks, J. Comput. Phys. 378, doi:10.1016/j.jcp.2018.10.045.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Literal

import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions.condition import Condition
from pinnsolve.derivatives.autograd import Autograd, derivative
from pinnsolve.derivatives.jet import Jet
from pinnsolve.derivatives.taylor import Taylor, features_of_outputs
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.leastsquares.automatic import term_jacobian
from pinnsolve.leastsquares.jacobian import (
    BorderedJacobian,
    DenseJacobian,
    ExtendedJacobian,
    Jacobian,
)
from pinnsolve.leastsquares.network import NetworkJacobian, StackedJacobian, trace
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.capture import captured
from pinnsolve.objectives.objective import by_reverse_mode
from pinnsolve.objectives.pointwise_head import (
    HeadPart,
    PointwiseHead,
    columns_of,
    constants_of,
)
from pinnsolve.problem import Residual


@dataclass(frozen=True)
class Part:
    """One condition on the network's device.

    Attributes
    ----------
    residual
        What vanishes.
    x
        Where, and after that the points across if it is periodic.
    factor
        Of each row of the residual.
    is_periodic
        Whether what holds at the points across is subtracted.
    is_sum
        Whether the residual is one, the sum over the points.
    """

    residual: Residual
    x: Float[Tensor, "M d"]
    factor: Float[Tensor, " R"]
    is_periodic: bool
    is_sum: bool = False

    @property
    def terms(self) -> frozenset[Term]:
        """What the residual needs of the fields."""
        return frozenset(self.residual.terms)

    def rows(self, values: Float[Tensor, "M *q"]) -> Float[Tensor, "R *q"]:
        """Return the values that the residual needs, of those at all points."""
        if not self.is_periodic:
            return values
        here, across = values.tensor_split(2)
        return here - across

    @property
    def count(self) -> int:
        """At how many points the residual is evaluated."""
        return len(self.x) // (1 + self.is_periodic)

    def summed(self, values: Float[Tensor, "R *q"]) -> Float[Tensor, "r *q"]:
        """Return the values at the points, or their sum where it is the sum that counts."""
        return values.sum(0, keepdim=True) if self.is_sum else values


@dataclass(frozen=True)
class PointwiseObjective:
    """The weighted residual of a network's exact jet, as a function of its weights.

    Attributes
    ----------
    model
        The network.
    x
        Interior and boundary nodes.
    conditions
        What holds where.
    weights
        Factor of each row of the residual.
    sizes
        Of the fields, in their units: about how large they will be.
    derivatives
        How the network is differentiated.
    accelerate
        How gradients are made quicker, Taylor mode's only.
    """

    model: MLP
    x: Float[Tensor, "N d"]
    conditions: Sequence[Condition]
    weights: Float[ndarray, " R"]
    sizes: Float[ndarray, " c"]
    derivatives: Literal["taylor", "autograd"] = "taylor"
    accelerate: Literal["none", "compile", "cuda-graph"] = "none"

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return all(condition.residual.is_linear for condition in self.conditions)

    def residual(self) -> Float[Tensor, " R"]:
        """Return the weighted residual vector, differentiable with respect to the weights."""
        rows = {}
        for x, places in self._by_operators:
            terms = {term for k, _ in places for term in self._parts[k].terms}
            values = self._backend(x)(self.model, terms)
            for k, some in places:
                part = self._parts[k]
                jet = {term: part.rows(values[term][some]) for term in part.terms}
                rows[k] = part.factor * part.summed(part.residual(jet, self._constants(part)))
        return torch.cat([rows[k] for k in range(len(rows))])

    @property
    def linear_rows(self) -> Bool[Tensor, " R"]:
        """Which rows of the residual are affine in the fields."""
        sizes = torch.tensor([condition.rows_at_instant for condition in self.conditions])
        is_linear = torch.tensor([c.residual.is_linear for c in self.conditions])
        return is_linear.repeat_interleave(sizes).to(self.x.device)

    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient with respect to all weights."""
        return self._step()

    @torch.no_grad()
    def value(self) -> Float[Tensor, " R"]:
        """Return the same outside of any graph."""
        return torch.cat(
            [
                part.factor * part.summed(part.residual(self._jet(part), self._constants(part)))
                for part in self._parts
            ]
        )

    def linearise(self) -> tuple[Float[Tensor, " R"], Jacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        if self.derivatives == "autograd":
            return self.value(), DenseJacobian(torch.cat(list(map(self._rows, self._parts))))
        values, parts, columns = zip(*map(self._linearised, self._parts), strict=True)
        J = _stacked(parts, [part.is_sum for part in self._parts])
        has_constants = self.model.unknowns is not None
        return torch.cat(values), BorderedJacobian(J, torch.cat(columns)) if has_constants else J

    @torch.no_grad()
    def head(self) -> PointwiseHead:
        """Return the residual as a function of the head's weights."""
        w, c = self.model.head.in_features, self.model.head.out_features
        parts = []
        for part in self._parts:
            features = self._features(part.x, {term.op for term in part.terms})
            columns = {}
            for term in part.terms:
                i = term.field
                T = columns[term] = part.x.new_zeros(part.count, c * (w + 1))
                T[:, i * w : (i + 1) * w] = part.rows(features[term.op][i])
                if not part.is_periodic:
                    constant = sum(value for alpha, value in term.op.terms if sum(alpha) == 0)
                    T[:, c * w + i] = constant * self.model.constant[i]
            parts.append(HeadPart(part.residual, part.factor, columns, part.is_sum))
        return PointwiseHead(tuple(parts), self.model, self.is_linear)

    def _jet(self, part: Part) -> Jet:
        """Return the jet that a residual needs of the fields, outside of any graph."""
        values: Jet
        if self.derivatives == "taylor":
            values = Taylor(part.x)(self.model, part.terms)
        else:
            values = {t: derivative(self.model, t.op)(part.x)[:, t.field] for t in part.terms}
        return {term: part.rows(value) for term, value in values.items()}

    def _constants(self, part: Part) -> dict[str, Float[Tensor, " R"]]:
        """Return the unknown constants that a residual needs."""
        return constants_of(part.residual, self.model.unknowns, part.count)

    def _features(
        self, x: Float[Tensor, "R d"], ops: Set[DiffOp]
    ) -> Mapping[DiffOp, Float[Tensor, "c R w"]]:
        """Return derivatives of what each output's weights in the head multiply."""
        if self.derivatives == "taylor":
            return features_of_outputs(self.model, x, ops)
        images = self.model.images()
        return {
            op: self.model.of_outputs(*(derivative(image.features, op)(x) for image in images))
            for op in ops
        }

    def _linearised(
        self, part: Part
    ) -> tuple[Float[Tensor, " R"], NetworkJacobian, Float[Tensor, "R k"]]:
        """Return one condition's rows of the residual and of its Jacobian, by Taylor mode.

        Returns
        -------
        tuple
            The residual, its Jacobian by the weights, and that by the unknown constants.
        """
        residual, factor = part.residual, part.factor
        constants = self._constants(part)
        seen = trace(self.model, part.x, {term.op for term in part.terms})
        with torch.enable_grad():
            jet = {t: part.rows(seen.values[t.op][:, t.field]) for t in part.terms}
            r = factor * residual(jet, constants)
            J = seen.jacobian([r])
        if part.is_periodic:
            J = J.folded()
        still = {term: values.detach() for term, values in jet.items()}
        held = {name: values.detach() for name, values in constants.items()}
        slopes = residual.partials(still, held)
        further = self._columns(residual, slopes, factor.expand(part.count))
        return part.summed(r.detach()), J, part.summed(further)

    def _rows(self, part: Part) -> Float[Tensor, "R P"]:
        """Return one condition's rows of the Jacobian, by nested differentiation."""
        residual, factor, jet = part.residual, part.factor, self._jet(part)
        slopes = residual.partials(jet, self._constants(part))
        J = torch.stack(
            [
                (factor * slopes[term])[:, None]
                * part.rows(term_jacobian(self.model, term, part.x))
                for term in part.terms
            ]
        ).sum(0)
        if self.model.unknowns is not None:  # the last columns
            further = self._columns(residual, slopes, factor.expand(part.count))
            J[:, -len(self.model.unknowns) :] = further
        return part.summed(J)

    def _columns(
        self,
        residual: Residual,
        slopes: Mapping[Term | str, Float[Tensor, " R"]],
        factor: Float[Tensor, " R"],
    ) -> Float[Tensor, "R k"]:
        """Return the columns of a residual's Jacobian by what is trained of the constants."""
        unknowns = self.model.unknowns
        J = columns_of(unknowns, residual, slopes, factor)
        return J if unknowns is None else J * unknowns.slopes(unknowns.trained)

    def _backend(self, x: Float[Tensor, "R d"]) -> Autograd | Taylor:
        if self.derivatives == "autograd":
            return Autograd(x)
        return Taylor(x, self.accelerate == "compile")

    @cached_property
    def _step(self) -> Callable[[], tuple[Tensor, Tensor]]:
        """What computes the loss and its gradient."""
        if self.accelerate == "cuda-graph":
            copy = replace(self, model=deepcopy(self.model), accelerate="none")
            return captured(copy.gradient, copy.model, self.model)
        return self._eager

    @torch.enable_grad()
    def _eager(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        return by_reverse_mode(self.model.parameters(), self.residual())

    @cached_property
    def _parts(self) -> list[Part]:
        """Each condition, on the network's device."""
        factors = torch.as_tensor(self.weights).to(self.x)
        shares = factors.split([condition.rows_at_instant for condition in self.conditions])
        parts = []
        for condition, factor in zip(self.conditions, shares, strict=True):
            residual = condition.residual.with_data(self._tensor)
            x = self.x[torch.as_tensor(condition.rows, device=self.x.device)]
            if condition.points is not None:
                x = self._tensor(condition.points)
            if condition.across is not None:
                x = torch.cat([x, self._tensor(condition.across)])
            is_periodic = condition.across is not None
            parts.append(Part(residual, x, factor, is_periodic, condition.is_sum))
        return parts

    @cached_property
    def _by_operators(self) -> list[tuple[Float[Tensor, "M d"], list[tuple[int, slice]]]]:
        """Points of parts that need the same operators, and where those of each part are.

        For a few points, as on a boundary, the layers themselves cost more than the numbers.
        """
        members: dict[frozenset[DiffOp], list[int]] = {}
        for k, part in enumerate(self._parts):
            members.setdefault(frozenset(term.op for term in part.terms), []).append(k)
        found = []
        for own in members.values():
            points = [self._parts[k].x for k in own]
            ends = accumulate(map(len, points))
            places = [
                (k, slice(end - len(x), end)) for k, x, end in zip(own, points, ends, strict=True)
            ]
            found.append((torch.cat(points), places))
        return found

    def _tensor(self, values: ndarray) -> Tensor:
        return torch.as_tensor(values).to(self.x)


def _stacked(parts: Sequence[NetworkJacobian], is_sum: Sequence[bool]) -> Jacobian:
    """Return Jacobians of the same network below one another, some of them summed to one row."""
    whole = StackedJacobian(tuple(p for p, total in zip(parts, is_sum, strict=True) if not total))
    if not any(is_sum):
        return whole
    sums = [p for p, total in zip(parts, is_sum, strict=True) if total]
    ones = [p.layers[0].inputs.new_ones(p.shape[0]) for p in sums]
    rows = torch.stack([p.transposed_times(one) for p, one in zip(sums, ones, strict=True)])
    order, before, further = list[int](), 0, whole.shape[0]
    for part, total in zip(parts, is_sum, strict=True):
        if total:
            order.append(further)
            further += 1
        else:
            order += range(before, before + part.shape[0])
            before += part.shape[0]
    return ExtendedJacobian(whole, rows, torch.tensor(order, device=rows.device))
