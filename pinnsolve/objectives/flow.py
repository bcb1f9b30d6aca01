"""The flow that carries a density whose logarithm is an output, and what it makes of it.

See `pinnsolve.conditions.conservation` for the formulas.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.conditions.conservation import Law
from pinnsolve.diffop import DiffOp, partial
from pinnsolve.objectives.outputs import Output


@dataclass(frozen=True, eq=False)
class Flowing:
    """What the flow does at points.

    Attributes
    ----------
    b
        The flow.
    gain
        The rate of the logarithm along it.
    """

    b: Float[Tensor, "N d"]
    gain: Float[Tensor, " N"]

    def at(self, some: slice) -> "Flowing":
        """Return the same at some of the points."""
        return Flowing(self.b[some], self.gain[some])


class Flow:
    """The flow of a law of conservation.

    Parameters
    ----------
    law
        What is conserved.
    output
        The logarithm of the density.
    """

    def __init__(self, law: Law, output: Output) -> None:
        self.law, self.output = law, output
        d = len(law.drift)
        self._slopes = [partial(_unit(d, i)) for i in range(d)]
        # where the diffusion is the same everywhere the sum of second derivatives is one operator
        self._second: dict[DiffOp, tuple[tuple[int, int], ...]] = {}
        if law.is_uniform and law.diffusion:
            sums: dict[tuple[int, ...], float] = {}
            for (i, j), a in law.diffusion.items():
                sums[_both(d, i, j)] = sums.get(_both(d, i, j), 0.0) + float(a)
            self._second[DiffOp(tuple(sums.items()))] = ()
        else:
            for i, j in law.diffusion:
                op = partial(_both(d, i, j))
                self._second[op] = (*self._second.get(op, ()), (i, j))

    @property
    def is_driven(self) -> bool:
        """Whether it depends on the density."""
        return bool(self.law.diffusion)

    @torch.no_grad()
    def __call__(self, x: Float[Tensor, "N d"], time: float) -> Flowing:
        """Return the flow at points and an instant."""
        known = self.law.at(x.cpu().numpy(), time)
        h, gain = (torch.as_tensor(values).to(x) for values in (known.drift, known.growth))
        if not self.is_driven:
            return Flowing(h, gain)
        found = self.output.derivatives(x, [*self._slopes, *self._second])
        slope = torch.stack([found[op] for op in self._slopes], 1)
        A = {key: torch.as_tensor(values).to(x) for key, values in known.diffusion.items()}
        flux = torch.zeros_like(slope)
        for (i, j), a in A.items():
            flux[:, i] += a * slope[:, j]
        for op, keys in self._second.items():
            gain = gain + (sum(A[key] for key in keys) if keys else 1.0) * found[op]
        spread = torch.as_tensor(known.spread).to(x)
        return Flowing(h - flux, gain + (spread * slope).sum(1))

    @torch.no_grad()
    def rates(self, x: Float[Tensor, "N d"], flowing: Flowing) -> Float[Tensor, " N"]:
        """Return the rates of the logarithm at points that stay where they are."""
        found = self.output.derivatives(x, self._slopes)
        slope = torch.stack([found[op] for op in self._slopes], 1)
        return flowing.gain - (flowing.b * slope).sum(1)


def _unit(d: int, axis: int) -> tuple[int, ...]:
    return tuple(int(axis == j) for j in range(d))


def _both(d: int, i: int, j: int) -> tuple[int, ...]:
    """Return the multi-index of a second derivative."""
    return tuple(p + q for p, q in zip(_unit(d, i), _unit(d, j), strict=True))
