"""A stand-in for CUDA graphs that runs on a CPU: operations are noted down, and done again.

As in a graph, what is done again takes its operands from where they lay when it was noted down and
puts results where they lay then; nothing of the Python around is run. What a graph would refuse is
refused here: to read a number from the device, or to bring one there.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

REFUSED = {"_local_scalar_dense": "reads a number", "lift_fresh": "brings numbers"}


class Refused(Exception):
    """What no graph can hold."""


class Tape(TorchDispatchMode):
    """Notes down operations while it is active."""

    def __init__(self):
        super().__init__()
        self.notes = []

    def __torch_dispatch__(self, operation, _types, args=(), kwargs=None):
        schema, kwargs = operation._schema, kwargs or {}
        name = schema.name.partition("::")[2]
        if name in REFUSED:
            raise Refused(REFUSED[name])
        operands = tree_map(_here, (args, kwargs))
        result = operation(*args, **kwargs)
        is_new = all(own.alias_info is None for own in schema.returns)
        is_written = any(own.alias_info and own.alias_info.is_write for own in schema.arguments)
        if is_new or is_written:  # views are where they were
            self.notes.append((operation, operands, tree_map(_here, result) if is_new else ()))
        return result

    @torch.no_grad()
    def replay(self):
        for operation, (args, kwargs), places in self.notes:
            found = operation(*args, **kwargs)
            for place, value in zip(tree_leaves(places), tree_leaves(found), strict=False):
                if isinstance(place, Tensor):
                    place.copy_(value)


def _here(value):
    """Return another name for the memory of a tensor, whatever becomes of the tensor."""
    return value.detach() if isinstance(value, Tensor) else value


def taped(work, tensors):
    """Return the replay of work that has been noted down; the tensors are left as they are."""
    kept = [(tensor, tensor.clone()) for tensor in tensors]
    work()  # to warm up
    tape = Tape()
    with tape:
        work()
    for tensor, value in kept:
        tensor.copy_(value)
    return tape.replay


@dataclass(frozen=True)
class Taped:
    """An objective whose repeated steps are replayed from a tape."""

    plain: object

    def __getattr__(self, name):
        return getattr(self.plain, name)

    def repeated(self, work, tensors):
        return taped(work, tensors)
