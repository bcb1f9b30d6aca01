"""Tensors as the arrays of a state, and back: the same bits, of the same kind, on the device."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from pinnsolve.process import State


def arrays(**tensors: Tensor) -> dict[str, ndarray]:
    """Return copies of tensors as arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


@torch.no_grad()
def refill(tensors: Mapping[str, Tensor], state: State) -> None:
    """Put the arrays of a state in place of what tensors of the same names hold."""
    for name, tensor in tensors.items():
        tensor.copy_(torch.from_numpy(np.array(state[name])))
