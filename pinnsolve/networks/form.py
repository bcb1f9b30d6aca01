"""The form of a network that has grown, told from its weights: numbers and kinds of features."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from numpy import ndarray

from pinnsolve.networks.bumps import LOCAL


def form_of(weights: Mapping[str, Any]) -> dict[str, ndarray]:
    """Return the form, as `MLP.form` gives it, of a network whose weights are given by name."""

    def sizes(start: str, end: str) -> ndarray:
        shapes: list[tuple[int, ...]] = []
        while (name := f"{start}.{len(shapes)}.{end}") in weights:
            shapes.append(np.shape(weights[name]))
        return np.array([shape[0] if shape else 0 for shape in shapes], dtype=int)

    hidden, bumps = sizes("hidden", "weight"), sizes("_bumps", "log_radii")
    local, kinds = cycle(range(len(LOCAL))), []
    for k in range(len(bumps)):
        kind = weights.get(f"_bumps.{k}.kind")
        kinds.append(next(local) if kind is None else int(kind))
    scales = np.array([weights[f"_bumps.{k}.scales"] for k in range(len(bumps))])
    return {"hidden": hidden, "bumps": bumps, "kinds": np.array(kinds, dtype=int), "scales": scales}
