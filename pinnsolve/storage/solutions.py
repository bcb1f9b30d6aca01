"""What ``solution.hdf`` keeps of a solution: arrays and text, nothing that could run when read.

/answer              the plain values of its state as attributes
/answer/<name>       one array of numbers for each of the others, with a checksum
/nodes               x (with ghosts), normals, tags, pieces, region if there are several;
                     attributes: spacing, n_interior
/history             the course of the training, one array for each column
/provenance          problem (TOML), metrics (JSON)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy import ndarray

from pinnsolve.errors import FileError
from pinnsolve.hdf5 import attribute, member, members, numbers, opened, strings, text
from pinnsolve.process import State
from pinnsolve.solution.course import Record


@dataclass(frozen=True)
class Stored:
    """A solution as it was stored.

    Attributes
    ----------
    problem
        The problem file's text, every default written out.
    answer
        The state of its fields.
    nodes
        The arrays and numbers of its node set.
    pieces
        The names of the parts of the boundary.
    history
        The course of the training.
    metrics
        The figures of ``metrics.json``.
    """

    problem: str
    answer: State
    nodes: Mapping[str, Any]
    pieces: tuple[str, ...]
    history: tuple[Record, ...]
    metrics: Mapping[str, Any]


def write_answer(file: h5py.File, state: State) -> None:
    """Write the state of an answer into an open file, as the group ``/answer``."""
    group = file.create_group("answer")
    for name, value in state.items():
        if isinstance(value, ndarray):
            checked = value.size > 0 and value.ndim > 0
            group.create_dataset(name, data=value, fletcher32=checked)
        else:
            group.attrs[name] = value


def read_solution(path: Path) -> Stored:
    """Return the content of a ``solution.hdf``.

    Raises
    ------
    FileError
        If there is none, or it is truncated, damaged, or not one of the project's.
    """
    if not path.is_file():
        raise FileError(f"no solution {path}: there is no such file.")
    with opened(path, "the solution") as file:
        answer, nodes = _group(file, "answer"), _group(file, "nodes")
        plain = {name: attribute(answer, name) for name in answer.attrs}
        metrics = json.loads(text(file, "provenance/metrics"))
        if not isinstance(metrics, dict):
            raise ValueError("provenance/metrics is no table")
        return Stored(
            problem=text(file, "provenance/problem"),
            answer={
                **{name: numbers(answer, name) for name in members(answer)},
                **{name: value for name, value in plain.items() if value is not None},
            },
            nodes={
                **{
                    name: numbers(nodes, name)
                    for name in ("x", "normals", "tags", "region")
                    if name != "region" or name in members(nodes)
                },
                **{name: attribute(nodes, name) for name in ("spacing", "n_interior")},
            },
            pieces=tuple(strings(nodes, "pieces")),
            history=_history(_group(file, "history")),
            metrics=metrics,
        )


def _group(file: h5py.File, name: str) -> h5py.Group:
    """Return a group of a file."""
    found = member(file, name)
    if not isinstance(found, h5py.Group):
        raise ValueError(f"{name} is no group")
    return found


def _history(group: h5py.Group) -> tuple[Record, ...]:
    """Return the records of a training; an error that is not a number was not known."""
    names = ("seconds", "iteration", "loss", "relative_l2")
    seconds, iteration, loss, error = (numbers(group, name) for name in names)
    phases = strings(group, "phase") if len(seconds) else []
    return tuple(
        Record(float(s), phase, int(i), float(r), None if np.isnan(e) else float(e))
        for s, phase, i, r, e in zip(seconds, phases, iteration, loss, error, strict=True)
    )
