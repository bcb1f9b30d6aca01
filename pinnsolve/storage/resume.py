"""Weights of an earlier run, for a run that trains them further."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinnsolve.errors import FileError
from pinnsolve.problem import Problem
from pinnsolve.storage.solutions import read_solution

if TYPE_CHECKING:
    from pinnsolve.networks.mlp import MLP


def load_weights(net: "MLP", problem: Problem, folder: Path) -> None:
    """Load the weights of an earlier run."""
    import tomllib

    import torch

    path = folder / "solution.hdf" if folder.is_dir() else folder
    weights, text = read_solution(path)
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    found = {name: np.shape(value) for name, value in weights.items()}
    texts = text, problem.to_toml()
    earlier, asked = (_made_of(tomllib.loads(text)) for text in texts)
    if found != expected or earlier != asked:
        raise FileError(
            f"{path} holds another network than the problem asks for. "
            "Resume with the problem.toml of the same folder."
        )
    net.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})


def _made_of(tables: Mapping[str, Any]) -> list[Any]:
    """Return what the weights of a network mean nothing without, from a problem file."""
    network = tables.get("network", {})
    hard = [(c["on"], c.get("condition")) for c in tables.get("boundary", ()) if c.get("hard")]
    waves = network.get("embedding", "none")  # of which older runs say nothing
    return [network.get("activation"), waves, network.get("symmetry"), hard]
