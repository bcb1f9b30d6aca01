"""The PINN objective: exact derivatives of a network at the nodes.

Each condition's residual is evaluated at its own points, of a periodic one from differences of the
jets at its points and at those across. Derivatives come from Taylor mode, and with them gradients
in one reverse pass and Jacobians in factors. Automatic differentiation is kept as the reference,
in nested reverse mode for gradients, in nested forward mode for all else. Source: Raissi,
Perdikaris & Karniadakis (2019), J. Comput. Phys. 378, doi:10.1016/j.jcp.2018.10.045.

Where there are several regions each has a network (`pinnsolve.networks.several`). A condition takes
the fields of the one in whose region its points lie; on an interface also those of the other.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.roughness import Roughness, spread
from pinnsolve.derivatives.autograd import Autograd, derivative
from pinnsolve.derivatives.jet import Jet
from pinnsolve.derivatives.taylor import Taylor, features_of_outputs
from pinnsolve.derivatives.zcs import ZeroCoordinateShift
from pinnsolve.diffop import DiffOp, Term
from pinnsolve.leastsquares.automatic import term_jacobian
from pinnsolve.leastsquares.jacobian import BorderedJacobian, DenseJacobian, Jacobian, stacked
from pinnsolve.leastsquares.network import NetworkJacobian, trace
from pinnsolve.leastsquares.side_by_side import SideBySide
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import AnyNetwork
from pinnsolve.objectives.capture import Work, captured
from pinnsolve.objectives.gathered_head import GatheredHead, Triangle, triangle
from pinnsolve.objectives.objective import by_reverse_mode
from pinnsolve.objectives.part import Group, Part, Rows, Side, grouped, sides_of, within
from pinnsolve.objectives.pointwise_head import PointwiseHead, columns_of, constants_of, head_part
from pinnsolve.problem import Residual


@dataclass(frozen=True)
class PointwiseObjective:
    """The weighted residual of a network's exact jet, as a function of its weights.

    Attributes
    ----------
    model
        The network, or those of the regions.
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
    regions
        That of each point, whose network counts there; None if there is one network.
    n_data
        How many of the conditions, the last, are observations.
    n_equations
        How many of the conditions, the first, are equations that hold at other points, too.
    rough
        The unknown functions whose roughness the conditions before the data are about.
    reverse
        Precision of gradients; the network's by default.
    """

    model: AnyNetwork
    x: Float[Tensor, "N d"]
    conditions: Sequence[Condition]
    weights: Float[ndarray, " R"]
    sizes: Float[ndarray, " c"]
    derivatives: Literal["taylor", "autograd", "zcs"] = "taylor"
    accelerate: Literal["none", "compile", "cuda-graph", "compile+cuda-graph"] = "none"
    regions: Int[ndarray, " N"] | None = None
    n_data: int = 0
    n_equations: int = 0
    rough: tuple[Roughness, ...] = ()
    reverse: torch.dtype | None = None

    @property
    def is_linear(self) -> bool:
        """Whether the residual is affine in the fields."""
        return all(condition.residual.is_linear for condition in self.conditions)

    def residual(self, rows: Rows = ()) -> Float[Tensor, " R"]:
        """Return the weighted residual vector, differentiable with respect to the weights.

        Parameters
        ----------
        rows
            Of each condition those of its points that are taken for all, None for all of them; by
            default all of all.
        """
        parts, groups = self.parts, self._groups
        if rows:
            parts = [p if own is None else p.at(own) for p, own in zip(parts, rows, strict=True)]
            groups = grouped(parts)
        jets = [dict[Term, Tensor]() for _ in parts]
        for number, x, places in groups:
            terms = {own for _, side, _ in places for own in side.terms.values()}
            values = self._backend(x)(self.model.nets[number], terms)
            for k, side, some in places:
                taken = parts[k].rows
                jets[k] |= {term: taken(values[own][some]) for term, own in side.terms.items()}
        return torch.cat(
            [
                part.factor * part.summed(part.residual(jet, self._constants(part)))
                for part, jet in zip(parts, jets, strict=True)
            ]
        )

    @property
    def linear_rows(self) -> Bool[Tensor, " R"]:
        """Which rows of the residual are affine in the fields."""
        sizes = torch.tensor([c.rows_at_instant for c in self.conditions])
        is_linear = torch.tensor([c.residual.is_linear for c in self.conditions])
        return is_linear.repeat_interleave(sizes).to(self.x.device)

    @property
    def places(self) -> Float[Tensor, "R d"]:
        """Where each row of the residual holds; not a number for a sum over many points."""
        return torch.cat([part.places for part in self.parts])

    @property
    def owners(self) -> Int[ndarray, " R"]:
        """Of each row of the residual the network that it is about."""
        return np.concatenate([part.owners for part in self.parts])

    @property
    def counts(self) -> list[int]:
        """The number of rows of each set of data, the last rows."""
        return [c.size for c in self.conditions][len(self.conditions) - self.n_data :]

    def emphasised(
        self, factor: float, smooth: Sequence[float] | None = None
    ) -> "PointwiseObjective":
        """Return the objective with the rows of all but the data that many times as large.

        Those of the roughness of functions may have other factors, one for each.
        """
        factors = spread(factor, smooth, self.rough, len(self.weights), sum(self.counts))
        found = replace(self, weights=factors * self.weights)
        if self._has_fixed_features:  # evaluated once for all factors
            starts = np.cumsum([0, *(c.rows_at_instant for c in self.conditions[:-1])])
            own = factors[starts[: len(self._fixed.parts)]]  # those of data are not among them
            kept = {"_fixed": self._fixed.scaled(own.tolist()), "few": self.few}
            found.__dict__.update(kept)
        return found

    @torch.enable_grad()
    def gradient(self, rows: Rows = ()) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient with respect to all weights.

        Parameters
        ----------
        rows
            As of `residual`.
        """
        if self.reverse in (None, self.x.dtype):
            return by_reverse_mode(self.model.parameters(), self.residual(rows))
        rounded = self._rounded
        rounded.model.set(self.model.vector().to(rounded.x))
        loss, slope = rounded.gradient(rows)
        return loss.to(self.x), slope.to(self.x)

    def repeated(self, work: Work, tensors: Iterable[Tensor]) -> Work:
        """Return a function that does the same, replayed from a graph if that is wanted."""
        is_replayed = self.accelerate.endswith("cuda-graph")
        return captured(work, tensors, self.x.device) if is_replayed else work

    @torch.no_grad()
    def value(self) -> Float[Tensor, " R"]:
        """Return the same outside of any graph."""
        parts, known = self.parts, []
        if self._has_fixed_features:
            parts, known = self._data, [self._fixed.residual(self._fixed.vector())]
        pieces = (own for part in parts for own in part.pieces())
        return torch.cat([*known, *map(self.value_of, pieces)])

    @torch.no_grad()
    def value_of(self, part: Part) -> Float[Tensor, " R"]:
        """Return the weighted residual of one condition outside of any graph."""
        return part.factor * part.summed(part.residual(self._jet(part), self._constants(part)))

    def linearise(self) -> tuple[Float[Tensor, " R"], Jacobian]:
        """Return the residual vector and its Jacobian with respect to all weights."""
        if self.derivatives != "taylor":
            return self.value(), DenseJacobian(torch.cat(list(map(self._rows, self.parts))))
        values, parts, columns = zip(*map(self._linearised, self.parts), strict=True)
        J = self._joined(parts)
        if self.model.unknowns is None:
            return torch.cat(values), J
        return torch.cat(values), BorderedJacobian(J, torch.cat(columns))

    @torch.no_grad()
    def head(self, of: AnyNetwork | None = None) -> PointwiseHead:
        """Return the residual as a function of the head's weights, or of another network's."""
        if of is None and self._has_fixed_features:
            parts = self._head(self.model, self._data).parts
            return replace(self._fixed, parts=(*self._fixed.parts, *parts))
        return self._head(of or self.model, self.parts)

    @torch.no_grad()
    def head_of_equations(self) -> PointwiseHead:
        """Return the same without data."""
        return self._fixed if self._has_fixed_features else self._head(self.model, self._equations)

    @torch.no_grad()
    def head_within(self, of: AnyNetwork, rows: slice) -> PointwiseHead:
        """Return some rows of the residual as a function of the heads' weights of networks."""
        return self._head(of, within(self.parts, rows))

    @torch.no_grad()
    def gathered_head(self) -> PointwiseHead | GatheredHead:
        """Return the same with fewer rows in the place of many data, if that can be."""
        return self.head() if self.few is None else GatheredHead(self._fixed, self.few)

    @cached_property
    def few(self) -> Triangle | None:
        """What stands for the data; None unless features stay as they are, and it is worth it."""
        if not self._has_fixed_features:
            return None
        return triangle(self._data, lambda own: self._head(self.model, own))

    @property
    def _has_fixed_features(self) -> bool:
        """Whether nothing but the head is trained, so that features are evaluated once."""
        return not any(net.layers or net.bumps for net in self.model.nets)

    @cached_property
    def _fixed(self) -> PointwiseHead:
        """The head under which features stay as they are, without data."""
        return self._head(self.model, self._equations)

    @property
    def _equations(self) -> list[Part]:
        return self.parts[: len(self.parts) - self.n_data]

    @property
    def _data(self) -> list[Part]:
        return self.parts[len(self.parts) - self.n_data :]

    def _head(self, model: AnyNetwork, own: Sequence[Part]) -> PointwiseHead:
        """Return the residual of conditions as a function of the weights of a network's head."""

        def features_of(net: MLP, side: Side) -> Mapping[DiffOp, Float[Tensor, "c R w"]]:
            return self.features(net, side.x, side.ops)

        parts = tuple(head_part(part, model.nets, features_of) for part in own)
        return PointwiseHead(parts, model, self.is_linear)

    def _jet(self, part: Part) -> Jet:
        """Return the jet that a residual needs of the fields, outside of any graph."""
        jet: dict[Term, Tensor] = {}
        for side in part.sides:
            net, own = self.model.nets[side.number], set(side.terms.values())
            values: Jet
            if self.derivatives == "taylor":
                values = Taylor(side.x)(net, own)
            else:
                values = {t: derivative(net, t.op)(side.x)[:, t.field] for t in own}
            jet |= {term: part.rows(values[t]) for term, t in side.terms.items()}
        return jet

    def _constants(self, part: Part) -> dict[str, Float[Tensor, " R"]]:
        """Return the unknown constants that a residual needs."""
        return constants_of(part.residual, self.model.unknowns, part.count)

    def features(
        self, net: MLP, x: Float[Tensor, "R d"], ops: Set[DiffOp]
    ) -> Mapping[DiffOp, Float[Tensor, "c R w"]]:
        """Return derivatives of what each output's weights in the head multiply."""
        if self.derivatives == "taylor":
            return features_of_outputs(net, x, ops)
        images = net.images()
        return {
            op: net.of_outputs(*(derivative(image.features, op)(x) for image in images))
            for op in ops
        }

    def _linearised(
        self, part: Part
    ) -> tuple[Float[Tensor, " R"], list[NetworkJacobian], Float[Tensor, "R k"]]:
        """Return one condition's residual and its Jacobian by networks and by constants.

        Both are by Taylor mode.
        """
        residual, factor = part.residual, part.factor
        constants = self._constants(part)
        nets = self.model.nets
        traces = [trace(nets[side.number], side.x, side.ops) for side in part.sides]
        with torch.enable_grad():
            jet = {
                term: part.rows(seen.values[own.op][:, own.field])
                for seen, side in zip(traces, part.sides, strict=True)
                for term, own in side.terms.items()
            }
            r = factor * residual(jet, constants)
            by_network = [seen.jacobian([r]) for seen in traces]
        if part.is_periodic:
            by_network = [J.folded() for J in by_network]
        still = {term: values.detach() for term, values in jet.items()}
        held = {name: values.detach() for name, values in constants.items()}
        slopes = residual.partials(still, held)
        further = self._columns(residual, slopes, factor.expand(part.count))
        return part.summed(r.detach()), by_network, part.summed(further)

    def _joined(self, parts: Sequence[list[NetworkJacobian]]) -> Jacobian:
        """Return the Jacobian by all weights from those of each condition by its networks."""
        if self.regions is None:
            return stacked([own for (own,) in parts], [part.is_sum for part in self.parts])
        sizes = [condition.rows_at_instant for condition in self.conditions]
        rows = torch.arange(sum(sizes), device=self.x.device).split(sizes)
        found, places = [], []
        for number in range(len(self.model.nets)):
            own = [
                (k, J)
                for k, part in enumerate(self.parts)
                for side, J in zip(part.sides, parts[k], strict=True)
                if side.number == number
            ]
            is_sum = [self.parts[k].is_sum for k, _ in own]
            found.append(stacked([J for _, J in own], is_sum))
            places.append(torch.cat([rows[k] for k, _ in own]))
        return SideBySide(tuple(found), tuple(places), sum(sizes))

    def _rows(self, part: Part) -> Float[Tensor, "R P"]:
        """Return one condition's rows of the Jacobian, by nested differentiation."""
        residual, factor, jet = part.residual, part.factor, self._jet(part)
        slopes = residual.partials(jet, self._constants(part))
        J = self.x.new_zeros(part.count, self.model.size)
        starts = [0, *accumulate(net.size for net in self.model.nets)]
        for side in part.sides:
            net, start = self.model.nets[side.number], starts[side.number]
            for term, own in side.terms.items():
                slope = part.rows(term_jacobian(net, own, side.x))
                J[:, start : start + net.size] += (factor * slopes[term])[:, None] * slope
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

    def _backend(self, x: Float[Tensor, "R d"]) -> Autograd | Taylor | ZeroCoordinateShift:
        if self.derivatives == "taylor":
            return Taylor(x, self.accelerate.startswith("compile"))
        return Autograd(x) if self.derivatives == "autograd" else ZeroCoordinateShift(x)

    @cached_property
    def parts(self) -> list[Part]:
        """Each condition, on the network's device."""
        factors = torch.as_tensor(self.weights).to(self.x)
        shares = factors.split([condition.rows_at_instant for condition in self.conditions])
        parts = []
        for condition, factor in zip(self.conditions, shares, strict=True):
            residual = condition.residual.with_data(self._tensor)
            is_periodic = condition.across is not None
            sides = sides_of(condition, self.x, len(self.sizes), self.regions)
            parts.append(Part(residual, sides, factor, is_periodic, condition.is_sum))
        return parts

    @cached_property
    def _groups(self) -> list[Group]:
        return grouped(self.parts)

    @cached_property
    def _rounded(self) -> "PointwiseObjective":
        """The same in the precision of gradients, for a network of its own."""
        to = self.reverse
        return replace(self, model=deepcopy(self.model).to(to), x=self.x.to(to), reverse=None)

    def _tensor(self, values: ndarray) -> Tensor:
        return torch.as_tensor(values).to(self.x)
