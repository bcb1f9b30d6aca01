"""The functions of formulas, as NumPy and torch offer them.

torch is never imported: a tensor among the arguments proves that it is there.
"""

import operator
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy

from pinnsolve.equations import functions

Array: TypeAlias = Any  # numpy.ndarray, torch.Tensor, or a number that stands for either
Operation: TypeAlias = Callable[..., Array]

NAMES = {
    functions.Sin: "sin",
    functions.Cos: "cos",
    functions.Tan: "tan",
    functions.Asin: "asin",
    functions.Acos: "acos",
    functions.Atan: "atan",
    functions.Sinh: "sinh",
    functions.Cosh: "cosh",
    functions.Tanh: "tanh",
    sympy.exp: "exp",
    sympy.log: "log",
    functions.Erf: "erf",
    functions.Sech: "sech",
    functions.Gauss: "gauss",
    functions.Absolute: "abs",
    functions.Sign: "sign",
    functions.Step: "heaviside",
    functions.Atan2: "atan2",
    functions.Minimum: "min",
    functions.Maximum: "max",
}
ARITHMETIC: dict[str, Operation] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": operator.pow,
    "square": lambda z: z * z,
    "cube": lambda z: z * z * z,
}


def _numpy_erf(z: Array) -> Array:
    from scipy.special import erf  # slow to import, seldom needed

    return erf(z)


NUMPY: dict[str, Operation] = ARITHMETIC | {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sech": lambda z: 1 / np.cosh(z),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "heaviside": lambda z: 0.5 * (np.sign(z) + 1),
    "min": np.minimum,
    "max": np.maximum,
    "erf": _numpy_erf,
    "gauss": lambda z: np.exp(-z * z),
}


def _torch() -> dict[str, Operation]:
    """Return the functions of torch, which is loaded already."""
    torch = sys.modules["torch"]

    def of_two(function: Operation) -> Operation:
        """Let one of two arguments be a number."""

        def apply(a: Array, b: Array) -> Array:
            like = a if isinstance(a, torch.Tensor) else b
            return function(
                *(torch.as_tensor(z, dtype=like.dtype, device=like.device) for z in (a, b))
            )

        return apply

    plain: tuple[str, ...] = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
    plain += ("exp", "log", "sqrt", "abs", "sign", "erf")
    return (
        ARITHMETIC
        | {name: getattr(torch, name) for name in plain}
        | {
            "atan2": of_two(torch.atan2),
            "min": of_two(torch.minimum),
            "max": of_two(torch.maximum),
            "sech": lambda z: 1 / torch.cosh(z),
            "heaviside": lambda z: 0.5 * (torch.sign(z) + 1),
            "gauss": lambda z: torch.exp(-z * z),
        }
    )


_TORCH: dict[str, Operation] = {}


def library(values: Sequence[Array]) -> dict[str, Operation]:
    """Return the functions that fit the arguments."""
    torch = sys.modules.get("torch")
    if torch is None or not any(isinstance(value, torch.Tensor) for value in values):
        return NUMPY
    if not _TORCH:
        _TORCH.update(_torch())
    return _TORCH
