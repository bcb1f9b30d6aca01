"""Activations of networks, by name: smooth ones, for equations hold derivatives of the fields."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import gelu, silu

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sin": torch.sin,
    "swish": silu,
    "gelu": gelu,
}
