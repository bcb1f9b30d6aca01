"""The multilayer perceptron, its input scaled to the domain.

    a_0 = (x - center) / half_width,   a_l = sigma(W_l a_{l-1} + b_l),   u = W a_L + b

The last hidden layer's values ``a_L`` are the *features*; the linear layer on top of them is
the *head*. First-layer weights are drawn with standard deviation `MLP.frequency`, so that with
the input scaled to ``[-1, 1]`` the features vary on the scale of the domain. Deeper layers start
with `GAIN` times the weights that would keep the variance of their input (Glorot & Bengio,
2010), which makes up for what the activations flatten: Gauss-Newton then needs a fraction of
the iterations.

Outputs that are odd or even in the first coordinate, or do not depend on some, are sums of views of
the network (`pinnsolve.networks.views`), which are networks with other half widths of the box:
negative where they are mirrored, infinite where a coordinate is not seen.

With an embedding (`pinnsolve.networks.embedding`) waves take the place of ``a_0``, or join it. A
network can grow: bumps (`pinnsolve.networks.bumps`), functions of ``a_0``, join its features. One
without hidden layers has products for features (`pinnsolve.networks.waves`).
"""

from collections.abc import Mapping, Sequence
from copy import copy
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.networks.activations import ACTIVATIONS
from pinnsolve.networks.bumps import PROFILES, Bumps
from pinnsolve.networks.embedding import embedding as embedded
from pinnsolve.networks.products import Axis
from pinnsolve.networks.sizes import HIGHEST_WAVE
from pinnsolve.networks.unknowns import Range, Unknowns
from pinnsolve.networks.views import views
from pinnsolve.networks.waves import Waves

GAIN = 2.0
RIDGE_SLOPE = 1.5  # of ridges, per half width of the domain and unit of frequency
FREQUENCY = 1.0  # of the first features, per half width of the domain


class MLP(nn.Module):
    """A multilayer perceptron on a box.

    Parameters
    ----------
    lower, upper
        Corners of the box that is scaled to ``[-1, 1]`` in each coordinate.
    hidden
        Widths of the hidden layers.
    outputs
        Number of field components.
    activation
        A name in `ACTIVATIONS`.
    seed
        Of the random initial weights.
    frequency
        Standard deviation of the first layer's weights, per half width of the domain.
    parities
        Of each output 1 if it is even in the first coordinate, -1 if odd, 0 if neither.
    seen
        Of each output which of the coordinates it depends on; by default all.
    ranges
        Of the unknown constants that are trained with the weights, by name.
    embedding
        A name in `EMBEDDINGS`: the waves that take the place of the coordinates, or join them.
    periods
        Of each coordinate, None of one without: the network is periodic whatever its weights.
    highest_wave
        Wave number near which an embedding's waves end, in radians per half width.
    axes
        The functions of each coordinate whose products are the features, without hidden layers.
    """

    center: Tensor
    half_width: Tensor
    factors: Tensor
    shares: Tensor
    head: nn.Linear
    _bumps: nn.ModuleList

    def __init__(
        self,
        lower: Sequence[float],
        upper: Sequence[float],
        hidden: Sequence[int],
        outputs: int,
        activation: str = "tanh",
        seed: int = 0,
        frequency: float = FREQUENCY,
        parities: Sequence[int] = (),
        ranges: Mapping[str, Range] | None = None,
        embedding: str = "none",
        periods: Sequence[float | None] = (),
        highest_wave: float = HIGHEST_WAVE,
        axes: Sequence[Axis] = (),
        seen: Sequence[Sequence[bool]] = (),
    ) -> None:
        super().__init__()
        low, high = torch.tensor(lower).double(), torch.tensor(upper).double()
        if any(parities):  # the box is its own mirror image
            high[0] = torch.maximum(-low[0], high[0])
            low[0] = -high[0]
        self.register_buffer("center", (low + high) / 2)
        self.register_buffer("half_width", (high - low) / 2)
        factors, shares = views(
            tuple(parities) or (0,) * outputs, seen or ((True,) * len(lower),) * outputs
        )
        self.has_views = any(parities) or not all(map(all, seen))
        self.register_buffer("factors", factors, persistent=False)
        self.register_buffer("shares", shares, persistent=False)
        self.activation_name = activation
        self.activation = ACTIVATIONS[activation]
        own = embedded(embedding, self.half_width, periods, highest_wave, seed)
        self.embedding = Waves(axes, self.half_width) if axes else own
        self._build(hidden, outputs)
        self.unknowns = Unknowns(ranges) if ranges else None
        self.draw(seed, frequency)

    @property
    def nets(self) -> tuple["MLP", ...]:
        """The network itself: where there are several regions each has one."""
        return (self,)

    @property
    def like(self) -> Tensor:
        """A tensor on the device of the network, in its precision."""
        return self.head.weight

    @property
    def size(self) -> int:
        """Number of weights, unknown constants included."""
        return sum(p.numel() for p in self.parameters())

    def vector(self) -> Float[Tensor, " P"]:
        """Return all weights, and after them what is trained of the unknown constants."""
        return parameters_to_vector(self.parameters()).detach()

    def set(self, weights: Float[Tensor, " P"]) -> None:
        """Take such a vector, parts of which the weights become."""
        vector_to_parameters(weights, self.parameters())

    def initialise(self, seed: int) -> None:
        """Draw first weights, from which gradients reach all others."""
        self.draw(seed, FREQUENCY)
        self.randomise_head(seed)

    @property
    def layers(self) -> list[nn.Linear]:
        """The linear maps of the hidden layers, first to last."""
        return [layer for layer in self.hidden if isinstance(layer, nn.Linear)]

    @property
    def bumps(self) -> list[Bumps]:
        """The bumps beside the hidden layers, in the order in which they have joined."""
        return [block for block in self._bumps if isinstance(block, Bumps)]

    @property
    def blocks(self) -> list[int]:
        """How many features there are of each kind: those of the last hidden layer, then bumps."""
        first = self.layers[-1].out_features if self.layers else self._inputs
        return [first, *map(len, self.bumps)]

    def rebuild(self, hidden: Sequence[int]) -> None:
        """Return to hidden layers alone, of other widths, their weights not drawn yet."""
        device, outputs = self.head.weight.device, self.head.out_features
        self._build(hidden, outputs)
        self.to(device)

    @torch.no_grad()
    def grow(self, *further: Bumps) -> None:
        """Let bumps join the features; nothing of them is in the outputs yet."""
        self._bumps.extend(further)
        self._bumps.to(self.head.weight)
        old, count = self.head, sum(map(len, further))
        head = nn.Linear(old.in_features + count, old.out_features, dtype=old.weight.dtype)
        head.weight[:, : old.in_features] = old.weight
        head.weight[:, old.in_features :] = 0
        head.bias.copy_(old.bias)
        self.head = head.to(old.weight.device)

    def of_layers(self) -> "MLP":
        """Return a network of the hidden layers alone, under a head of zeros."""
        return self._part(self.hidden, self._bumps[:0], self.layers[-1].out_features)

    def of_bumps(self, block: int) -> "MLP":
        """Return a network of one block of bumps alone, under a head of zeros."""
        bumps = self._bumps[block : block + 1]
        return self._part(nn.ModuleList(), bumps, self.blocks[1 + block])

    def _part(self, hidden: nn.ModuleList, bumps: nn.ModuleList, features: int) -> "MLP":
        """Return a network of some of the features."""
        part = copy(self)
        part.__dict__["_modules"] = dict(self._modules)
        part.hidden, part._bumps = hidden, bumps
        part.head = nn.Linear(features, self.head.out_features).to(self.head.weight)
        nn.init.zeros_(part.head.weight)
        nn.init.zeros_(part.head.bias)
        return part

    @torch.no_grad()
    def prune(self, blocks: int) -> None:
        """Leave some of the blocks of bumps, the first; the outputs are to be found anew."""
        self._bumps = self._bumps[:blocks]
        old = self.head
        self.head = nn.Linear(sum(self.blocks), old.out_features).to(old.weight)
        self.head.weight.zero_()
        self.head.bias.zero_()

    @torch.no_grad()
    def keep(self, features: Bool[Tensor, " w"]) -> None:
        """Leave some of the features and their weights, of each kind and block at least one.

        Those of the last hidden layer come first, then those of bumps.
        """
        chosen = [part.nonzero()[:, 0] for part in features.split(self.blocks)]
        chosen = [own if len(own) else own.new_zeros(1) for own in chosen]
        starts = np.cumsum([0, *self.blocks]).tolist()
        last, old = self.layers[-1], self.head
        last.weight = nn.Parameter(last.weight[chosen[0]])
        last.bias = nn.Parameter(last.bias[chosen[0]])
        last.out_features = len(chosen[0])
        for bumps, own in zip(self.bumps, chosen[1:], strict=True):
            bumps.keep(own)
        some = torch.cat([start + own for start, own in zip(starts, chosen, strict=False)])
        self.head = nn.Linear(len(some), old.out_features).to(old.weight)
        self.head.weight.copy_(old.weight[:, some])
        self.head.bias.copy_(old.bias)

    def form(self) -> dict[str, ndarray]:
        """Return the numbers of features, and the kinds and scales of bumps, as arrays."""
        bumps = self.bumps
        return {
            "hidden": np.array([layer.out_features for layer in self.layers]),
            "bumps": np.array(list(map(len, bumps)), dtype=int),
            "kinds": np.array([int(b.kind) for b in bumps], dtype=int),
            "scales": np.array([b.scales.tolist() for b in bumps]),
        }

    def reform(self, form: Mapping[str, Any]) -> None:
        """Return to such numbers of features; all weights are to be set anew."""
        like, q = self.head.weight, self._inputs
        self.rebuild(np.asarray(form["hidden"], dtype=int).tolist())
        blocks = (np.asarray(form[name], dtype=int).tolist() for name in ("kinds", "bumps"))
        scales = torch.tensor(np.array(form["scales"])).to(like).reshape(-1, q)
        for kind, count, own in zip(*blocks, scales, strict=True):
            size = like.new_zeros(count, q), like.new_ones(count)
            self.grow(Bumps(list(PROFILES)[kind], *size, own))

    @property
    def _inputs(self) -> int:
        """Number of inputs of the first layer."""
        return len(self.half_width) if self.embedding is None else self.embedding.size

    def _build(self, hidden: Sequence[int], outputs: int) -> None:
        """Make hidden layers, and a head."""
        widths = [self._inputs, *hidden]
        self.hidden = nn.ModuleList(
            nn.Linear(n, m, dtype=torch.float64) for n, m in pairwise(widths)
        )
        self._bumps = nn.ModuleList()
        self.head = nn.Linear(widths[-1], outputs, dtype=torch.float64)

    @torch.no_grad()
    def draw(self, seed: int, frequency: float) -> None:
        """Draw the hidden layers' weights and set the head to zero."""
        draw = torch.Generator().manual_seed(seed)
        gain = 1.0 if self.embedding is None else self.embedding.gain
        for depth, layer in enumerate(self.layers):
            std = gain * frequency if depth == 0 else GAIN / sqrt(layer.in_features)
            # biases spread the features' centres over the box; deeper layers inherit the spread
            spread = 0.7 * frequency if depth == 0 else 0.1
            for values, scale in ((layer.weight, std), (layer.bias, spread)):
                values.copy_(scale * torch.randn(values.shape, generator=draw, dtype=torch.float64))
        self.head.weight.zero_()
        self.head.bias.zero_()
        if self.unknowns is not None:
            self.unknowns.reset()

    @torch.no_grad()
    def draw_ridges(self, seed: int, frequencies: Sequence[float]) -> None:
        """Draw one hidden layer, of a frequency for each input, and set the head to zero.

        Each ridge passes through a random place of the box.
        """
        draw = torch.Generator().manual_seed(seed)
        (layer,) = self.layers
        f = torch.as_tensor(frequencies, dtype=torch.float64)
        w = torch.randn(layer.weight.shape, generator=draw, dtype=torch.float64)
        w *= RIDGE_SLOPE * f / torch.linalg.vector_norm(w, dim=1, keepdim=True)
        through = 2 * torch.rand(w.shape, generator=draw, dtype=torch.float64) - 1
        layer.weight.copy_(w)
        layer.bias.copy_(-(w * through).sum(1))
        self.head.weight.zero_()
        self.head.bias.zero_()

    @torch.no_grad()
    def randomise_head(self, seed: int) -> None:
        """Draw the head's weights, which gradients need to reach the hidden layers at all."""
        draw = torch.Generator().manual_seed(seed + 1)
        values = torch.randn(self.head.weight.shape, generator=draw, dtype=torch.float64)
        self.head.weight.copy_(values / sqrt(self.head.in_features))

    def head_vector(self) -> Float[Tensor, " q"]:
        """Return the head's weights, its biases, and what is trained of the unknown constants."""
        parts = [self.head.weight.flatten(), self.head.bias]
        constants = [] if self.unknowns is None else [self.unknowns.trained]
        return torch.cat([*parts, *constants]).detach()

    @property
    def head_size(self) -> int:
        """Number of the head's weights and biases, without unknown constants."""
        return self.head.weight.numel() + len(self.head.bias)

    def head_of(self, values: Float[Tensor, " c"]) -> Float[Tensor, " q"]:
        """Return such a vector whose fields are constants, and the unknown constants as held."""
        c, n = self.head_vector(), self.head.weight.numel()
        c[:n] = 0
        c[n : self.head_size] = values
        return c

    @torch.no_grad()
    def set_head(self, c: Float[Tensor, " q"]) -> None:
        """Copy such a vector into the network."""
        n, m = self.head.weight.numel(), self.head_size
        self.head.weight.copy_(c[:n].view_as(self.head.weight))
        self.head.bias.copy_(c[n:m])
        if self.unknowns is not None:
            self.unknowns.trained.copy_(c[m:])

    def inputs(self, x: Float[Tensor, "*N d"]) -> Float[Tensor, "*N q"]:
        """Return the inputs of the first layer: the coordinates of the box, or an embedding."""
        a = (x - self.center) / self.half_width
        return a if self.embedding is None else self.embedding(a)

    def features(self, x: Float[Tensor, "*N d"]) -> Float[Tensor, "*N w"]:
        """Return the features under the head: values of the last hidden layer, and of bumps."""
        a = inputs = self.inputs(x)
        for layer in self.layers:
            a = self.activation(layer(a))
        if not self.bumps:
            return a
        layers = [a] if self.layers else []
        return torch.cat([*layers, *(bumps(inputs) for bumps in self.bumps)], -1)

    def forward(self, x: Float[Tensor, "*N d"]) -> Float[Tensor, "*N c"]:
        """Return the fields at points ``x``."""
        return self.combined(*(view.head(view.features(x)) for view in self.images()))

    def images(self) -> tuple["MLP", ...]:
        """Return the views of the network that its outputs are made of, with the same weights."""
        if not self.has_views:
            return (self,)
        found = []
        for factors in self.factors:
            image = copy(self)
            image.__dict__["_buffers"] = {**self._buffers, "half_width": self.half_width / factors}
            image.has_views = False
            found.append(image)
        return tuple(found)

    def combined(self, *values: Float[Tensor, "*N c"]) -> Float[Tensor, "*N c"]:
        """Return the outputs from those of the views."""
        if not self.has_views:
            return values[0]
        return sum((s * u for s, u in zip(self.shares, values, strict=True)), self.head.bias * 0)

    def of_outputs(self, *features: Float[Tensor, "N w"]) -> Float[Tensor, "c N w"]:
        """Return the features that each output's weights multiply, from those of the views."""
        if not self.has_views:
            return features[0].expand(self.head.out_features, -1, -1)
        shares = self.shares[:, :, None, None]
        return torch.stack([s * u for s, u in zip(shares, features, strict=True)]).sum(0)

    @property
    def constant(self) -> Float[Tensor, " c"]:
        """What a bias of one in the head adds to each output: nothing to odd ones."""
        return self.shares.sum(0)
