"""Rows of measurements as lines of a table, and the machine they were made on."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import torch

from pinnsolve.machine import processor, usable_cores
from pinnsolve.solution.provenance import versions

Row: TypeAlias = Mapping[str, Any]
GAP = "  "


def lines(rows: Iterable[Row], columns: Mapping[str, str]) -> Iterator[str]:
    """Yield the head of a table, and the line of each row as it comes.

    Parameters
    ----------
    rows
        Values by column; what is missing or None is shown as a dash.
    columns
        What each column is called, and its format with its width, as ``8.2f`` or ``24s``; words
        stand on the left, numbers on the right.
    """
    widths = {name: max(int(_width(form)), len(name)) for name, form in columns.items()}

    def aligned(name: str, text: str) -> str:
        width = widths[name]
        return text.ljust(width) if columns[name].endswith("s") else text.rjust(width)

    def line(texts: Mapping[str, str]) -> str:
        return GAP.join(aligned(name, texts[name]) for name in columns).rstrip()

    yield line({name: name.replace("_", " ") for name in columns})
    for row in rows:
        yield line({name: _shown(row.get(name), form) for name, form in columns.items()})


def machine() -> dict[str, Any]:
    """Return all that times depend on: processor, cores, threads, versions, and the load."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return {
        "processor": processor(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "devices": [torch.cuda.get_device_name(i) for i in devices],
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": versions(),
    }


def said(found: Mapping[str, Any]) -> str:
    """Return the line that names a machine.

    Parameters
    ----------
    found
        What `machine` found.
    """
    names = [found["processor"], *found["devices"]]
    load = "unknown" if found["load"] is None else f"{found['load']:.2f}"
    parts = [*names, f"{found['cores']} cores", f"threads {found['threads']}", f"load {load}"]
    return ", ".join([*parts, *(f"{name} {number}" for name, number in found["versions"].items())])


def _width(form: str) -> str:
    found = re.match(r"\D*(\d*)", form)
    return (found and found[1]) or "0"


def _shown(value: Any, form: str) -> str:
    return "–" if value is None else format(value, form).strip()
