"""Trained solutions as files that other programs run: for torch, or in ONNX.

What is written is read again, and compared with the solution at other points and functions, of
other numbers than those it was traced with.
"""

import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from pinnsolve.accuracy.measure import test_points
from pinnsolve.errors import Fault, ProblemError
from pinnsolve.families.family import Functions
from pinnsolve.geometry import build_domain
from pinnsolve.problem.families import functions_of
from pinnsolve.solution.fields import OfFamily
from pinnsolve.solution.solution import Solution

if TYPE_CHECKING:
    from torch import nn

FORMATS = {"torch": ".pt2", "onnx": ".onnx"}  # and what file names end in
AGREES = 1e-12  # of the largest value: what the order of sums may change
ROUNDINGS = 32  # of the terms of a sum, where these are far larger than it
OF_KERNELS = 1e-6  # the same where a kernel between functions, nearly singular, is inverted
TRACED, COMPARED = (2, 3), (5, 50)  # functions and points
REMEDY = "Export a run of a network with exact derivatives, or of method operator."


def export(solution: Solution, path: Path, kind: str) -> float:
    """Write a trained solution; return the distance of what was written from it.

    Parameters
    ----------
    solution
        With a network.
    path
        Of the file.
    kind
        A key of `FORMATS`.

    Returns
    -------
    float
        The largest difference, relative to the largest value.

    Raises
    ------
    ProblemError
        If it has no network that can be exported, the libraries of ONNX are missing, or what was
        written gives other values.
    """
    from pinnsolve.networks.branch import Kernel
    from pinnsolve.objectives.exported import module_of

    module = module_of(solution.answer, solution.problem)
    if module is None:
        message = "the run has no network of coordinates and functions alone, that tensors tell."
        raise ProblemError(Fault((), message, REMEDY))
    path.parent.mkdir(parents=True, exist_ok=True)
    given = _arguments(solution, *COMPARED)
    write = {"torch": _with_torch, "onnx": _as_onnx}[kind]
    found = write(module, _arguments(solution, *TRACED), _told(solution), path, given)
    expected = _expected(solution, given)
    error = float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-300))
    limit = max(AGREES, ROUNDINGS * np.finfo(float).eps * _magnified(solution, given, expected))
    if isinstance(getattr(solution.answer, "branch", None), Kernel):
        limit = max(limit, OF_KERNELS)
    if not error <= limit:
        path.unlink()
        message = f"what was exported gives other values, by {error:.0e} of the largest."
        raise ProblemError(Fault((), message, "Choose the other format."))
    return error


def _arguments(solution: Solution, count: int, points: int) -> list[ndarray]:
    """Return values of some functions at the sensors, if there are functions, and points."""
    problem, given = solution.problem, list[ndarray]()
    x = test_points(problem, build_domain(problem))[:points]
    if problem.family is not None:
        held_out = functions_of(problem.family, held_out=True)
        for own in problem.family.inputs:
            which = [i % own.n_held_out for i in range(count)]
            values = _at_sensors(held_out[own.name].chosen(which), own.family.sensors)
            given.append(np.exp(values) if own.is_exponent else values)
    return [*given, x]


def _at_sensors(functions: Functions, sensors: ndarray) -> ndarray:
    return np.array(np.broadcast_to(functions.values(sensors), (len(functions), len(sensors))))


def _expected(solution: Solution, given: list[ndarray]) -> ndarray:
    """Return the same of the solution itself."""
    *values, x = given
    answer = solution.answer
    if not values:
        return answer(x)
    assert isinstance(answer, OfFamily)
    return answer.evaluated(_codes(solution, values), x)


def _codes(solution: Solution, values: list[ndarray]) -> list[ndarray]:
    """Return the codes of functions, from their values at the sensors."""
    family = solution.problem.family
    assert family is not None
    return [
        own.family.codes_of(np.log(v) if own.is_exponent else v)
        for own, v in zip(family.inputs, values, strict=True)
    ]


def _magnified(solution: Solution, given: list[ndarray], expected: ndarray) -> float:
    """Return the sizes of all terms in a value together, of the largest value."""
    answer: Any = solution.answer
    heads = answer.net.head.weight.detach().double().cpu().numpy().reshape(-1, 1)
    if given[:-1] and answer.alone is answer:
        heads = answer.heads(_codes(solution, given[:-1]))
    return float(np.abs(heads).sum(axis=0).max() / max(np.abs(expected).max(), 1e-300))


def _told(solution: Solution) -> dict[str, Any]:
    """Return the names that those who use the file need to know, and the sensors' places."""
    problem = solution.problem
    inputs = () if problem.family is None else problem.family.inputs
    return {
        "coordinates": list(problem.equations[0].symbols.coordinates),
        "fields": list(problem.fields),
        "sensors": {own.name: own.family.sensors.tolist() for own in inputs},
    }


def _with_torch(
    module: "nn.Module",
    traced: list[ndarray],
    told: dict[str, Any],
    path: Path,
    given: list[ndarray],
) -> ndarray:
    """Write a file of `torch.export`; return its values."""
    import torch

    with torch.no_grad():
        written = torch.export.export(module, _tensors(traced), dynamic_shapes=_shapes(traced))
        torch.export.save(written, path, extra_files={"pinnsolve.json": json.dumps(told)})
        return torch.export.load(path).module()(*_tensors(given)).numpy()


def _as_onnx(
    module: "nn.Module",
    traced: list[ndarray],
    told: dict[str, Any],
    path: Path,
    given: list[ndarray],
) -> ndarray:
    """Write a file in ONNX; return its values.

    Raises
    ------
    ProblemError
        If the libraries for it are missing.
    """
    import torch

    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401  which torch writes with
    except ImportError as error:
        message = f"ONNX is written and checked with {error.name}, which is not installed."
        remedy = 'Install it: pip install "pinnsolve[export]". Or choose --format torch.'
        raise ProblemError(Fault((), message, remedy)) from None
    names = [*told["sensors"], "points"]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # which tells of what is not needed
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.onnx.export(
            module,
            _tensors(traced),
            dynamic_shapes=_shapes(traced),
            input_names=names,
            output_names=["fields"],
            dynamo=True,
            verbose=False,
        )
    assert made is not None
    model = made.model_proto
    for key, value in told.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, json.dumps(value)
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, dict(zip(names, given, strict=True)))
    return np.asarray(found)


def _tensors(arrays: list[ndarray]) -> Any:
    import torch

    return tuple(torch.as_tensor(array) for array in arrays)


def _shapes(traced: list[ndarray]) -> Any:
    """Return the axes of any length: those of functions, and of points."""
    import torch

    functions, points = torch.export.Dim("functions"), torch.export.Dim("points")
    each = ({0: functions},) * (len(traced) - 1) + ({0: points},)
    # the arguments of a family are one tuple of any length
    return (each,) if len(traced) > 1 else each
