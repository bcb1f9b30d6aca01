"""Features that are products of functions of one coordinate each, in place of hidden layers.

    phi_k(x) = prod_i f_(k_i)(x_i),

waves in coordinates that are periodic and Legendre polynomials in the others; see
`pinnsolve.networks.products`. The head is all that is trained. The product of all constants is
left out, for the head has a bias.

Derivatives are products of derivatives, in closed form: those of waves are waves, and those of
polynomials follow Bonnet's recurrence, differentiated ``k`` times,

    (n + 1) P_(n+1)^(k) = (2 n + 1) (x P_n^(k) + k P_n^(k-1)) - n P_(n-1)^(k).
"""

from collections.abc import Sequence
from functools import reduce
from math import factorial, pi

import torch
from jaxtyping import Float
from numpy.polynomial import Legendre
from torch import Tensor, nn

from pinnsolve.networks.products import Axis, has_total_degree, n_products, places


class Waves(nn.Module):
    """Products of functions of one coordinate each, in the coordinates of the network's box.

    Parameters
    ----------
    axes
        The functions of each coordinate.
    half_width
        Of the box, in each coordinate.
    """

    gain = 1.0  # on first weights, of which there are none

    def __init__(self, axes: Sequence[Axis], half_width: Float[Tensor, " d"]) -> None:
        super().__init__()
        self.axes = tuple(axes)
        sides = zip(self.axes, half_width.tolist(), strict=True)
        self._base = [2 * pi * half / (axis.period or 1.0) for axis, half in sides]
        constants = (0 in axis.numbers[0] for axis in self.axes)
        self.has_constant = all(constants)  # which is the first product
        self._places = None  # of the functions in each product, if they are not all products
        if has_total_degree(self.axes):
            self._places = torch.from_numpy(places(self.axes)[int(self.has_constant) :])

    @property
    def size(self) -> int:
        """Number of products."""
        return n_products(self.axes) - self.has_constant

    def forward(self, x: Float[Tensor, "*N d"]) -> Float[Tensor, "*N q"]:
        """Return the products at points."""
        return self.derivative(x, [0] * len(self.axes))

    def derivative(self, x: Float[Tensor, "*N d"], alpha: Sequence[int]) -> Float[Tensor, "*N q"]:
        """Return a derivative of all products at points.

        Parameters
        ----------
        x
            The points.
        alpha
            How many times by each coordinate.
        """
        parts = [self._functions(i, x[..., i], k) for i, k in enumerate(alpha)]
        if self._places is not None:
            chosen = (f[..., k.to(x.device)] for f, k in zip(parts, self._places.mT, strict=True))
            return reduce(torch.mul, chosen)
        whole = reduce(lambda f, g: (f[..., :, None] * g[..., None, :]).flatten(-2), parts)
        return whole[..., int(self.has_constant) :]

    def onward(self, c: Float[Tensor, "o s"], ratio: float) -> Float[Tensor, "k o s"]:
        """Return weights that go on from the end of time as Taylor polynomials of all degrees.

        Parameters
        ----------
        c
            Weights of the products, that of the constant first if there is one, for each output.
            The last coordinate has no period.
        ratio
            How long the time is in which they go on, relative to that of the weights.
        """
        highest = self.axes[-1].highest
        by_degree = c.unflatten(-1, (-1, highest + 1))
        end = c.new_ones(())
        slopes = [by_degree @ legendre(end, highest, k) for k in range(highest + 1)]
        found, total = [], torch.zeros_like(by_degree)
        for k, slope in enumerate(slopes):
            power = Legendre.fromroots([-1.0] * k) if k else Legendre([1.0])
            terms = torch.zeros(highest + 1, dtype=torch.float64)
            terms[: k + 1] = torch.from_numpy(power.coef) * ratio**k / factorial(k)
            total = total + slope[..., None] * terms.to(c)
            found.append(total.flatten(-2))
        return torch.stack(found)

    def _functions(self, i: int, x: Float[Tensor, "*N"], order: int) -> Float[Tensor, "*N s"]:
        """Return the functions of a coordinate, differentiated some times."""
        axis = self.axes[i]
        first, second = axis.numbers
        if axis.period is None:
            return legendre(x, axis.highest, order)[..., list(first)]
        # sines and cosines turn into one another by quarters
        waves = [(first, pi / 2), (second, 0.0)]
        parts = []
        for numbers, phase in waves:
            w = self._base[i] * torch.tensor(numbers).to(x)
            parts.append(w**order * torch.sin(x[..., None] * w + (phase + order * pi / 2)))
        return torch.cat(parts, -1)


def legendre(x: Float[Tensor, "*N"], highest: int, order: int = 0) -> Float[Tensor, "*N n"]:
    """Return a derivative of Legendre's polynomials of all degrees up to one.

    Parameters
    ----------
    x
        Where.
    highest
        The highest degree.
    order
        Of the derivative.
    """
    below: list[Tensor] | None = None
    for k in range(order + 1):
        found = [torch.ones_like(x) if k == 0 else torch.zeros_like(x)]
        for n in range(highest):
            inner = x * found[n]
            if below is not None:
                inner = inner + k * below[n]
            before = n * found[n - 1] if n else 0.0
            found.append(((2 * n + 1) * inner - before) / (n + 1))
        below = found
    assert below is not None
    return torch.stack(below, -1)
