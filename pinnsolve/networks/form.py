"""The numbers of features of a network that has grown, told from its weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray


def form_of(weights: Mapping[str, Any]) -> dict[str, ndarray]:
    """Return the form, as `MLP.form` gives it, of a network whose weights are given by name."""

    def sizes(start: str, end: str) -> ndarray:
        shapes: list[tuple[int, ...]] = []
        while (name := f"{start}.{len(shapes)}.{end}") in weights:
            shapes.append(np.shape(weights[name]))
        return np.array([shape[0] if shape else 0 for shape in shapes], dtype=int)

    hidden, bumps = sizes("hidden", "weight"), sizes("_bumps", "log_radii")
    return {"hidden": hidden, "bumps": bumps, "scales": np.empty(0)}
