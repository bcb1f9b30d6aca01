"""The figures of a run as JSON that every reader accepts."""

import json
import math
from collections.abc import Mapping
from typing import Any

from pinnsolve.solution.solution import Solution


def metrics_json(solution: Solution) -> str:
    """Return the metrics of a solution as JSON text."""
    return json.dumps(plain(solution.metrics()), indent=2, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Return a value made of what JSON knows; NaN and infinity, which it does not, are None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):  # NumPy's scalars
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
