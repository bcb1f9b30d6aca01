"""What this machine offers to a run, and what is wrong with it.

Nothing is changed. torch is imported for its section only; on a broken installation the reason
is part of the findings.
"""

import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pinnsolve.machine import GIB, THREAD_VARIABLES, memory, usable_cores

PACKAGES = ("numpy", "scipy", "sympy", "pydantic", "h5py", "meshio", "matplotlib", "torch")
OPTIONAL = {"vtk": "vtk", "pyvista": "pyvista", "cupy": "cupy-cuda12x", "pypardiso": "pypardiso"}


def examine() -> dict[str, Any]:
    """Return the offers of this machine, by section, with ``problems`` as a list of sentences."""
    findings: dict[str, Any] = {
        "pinnsolve": _version("pinnsolve"),
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "optional": {name: _version(package) for name, package in OPTIONAL.items()},
        "cores": {"machine": os.cpu_count(), "usable": usable_cores()},
        "threads": {name: os.environ.get(name) for name in THREAD_VARIABLES},
        "memory_gib": memory(),
        "torch": _torch(),
        "folder": _folder(Path.cwd()),
    }
    findings["problems"] = _problems(findings)
    return findings


def lines(findings: Mapping[str, Any]) -> list[str]:
    """Return the findings as a person reads them."""
    text = []
    for name, value in findings.items():
        if name == "problems":
            text += [f"problem: {sentence}" for sentence in value] or ["no problem found"]
        elif isinstance(value, Mapping):
            parts = (f"{key} {_plain(part)}" for key, part in value.items())
            text.append(f"{name.replace('_gib', ''):10} {', '.join(parts)}")
        else:
            text.append(f"{name:10} {_plain(value)}")
    return text


def _torch() -> dict[str, Any]:
    """Import torch and return its version, import time, threads and CUDA devices."""
    started = time.perf_counter()
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:
        return {"error": f"cannot be imported: {error}"}
    seconds = round(time.perf_counter() - started, 2)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    properties = [torch.cuda.get_device_properties(i) for i in range(count)]
    return {
        "version": torch.__version__,
        "import_seconds": seconds,
        "threads": torch.get_num_threads(),
        "cuda": torch.version.cuda,
        "devices": [
            f"{p.name}, {p.total_memory / GIB:.0f} GiB, compute capability {p.major}.{p.minor}"
            for p in properties
        ],
    }


def _folder(folder: Path) -> dict[str, Any]:
    """Return whether results can be written to a folder, and the space there."""
    free = shutil.disk_usage(folder).free / GIB
    return {
        "path": str(folder),
        "writable": os.access(folder, os.W_OK),
        "free_gib": round(free, 1),
    }


def _problems(findings: Mapping[str, Any]) -> list[str]:
    """Return the obstacles to a run that works, or works well."""
    torch, cores = findings["torch"], findings["cores"]
    faults = [
        f"{name} is not installed."
        for name, version_ in findings["packages"].items()
        if version_ is None
    ]
    if "error" in torch and findings["packages"]["torch"]:
        faults.append(f"torch {torch['error']}")
    if torch.get("cuda") is None and _has_nvidia_device():
        faults.append(
            "there is an NVIDIA device, but this torch is built for the CPU alone. "
            "Install a CUDA build of torch to use it."
        )
    elif torch.get("cuda") is not None and not torch["devices"] and _has_nvidia_device():
        faults.append(
            "there is an NVIDIA device, but torch cannot use it. "
            "See whether the driver is as new as torch's CUDA version asks."
        )
    if torch.get("threads", 0) > cores["usable"]:
        faults.append(
            f"torch would use {torch['threads']} threads on {cores['usable']} usable cores, which "
            "can be many times slower. Give --threads or set OMP_NUM_THREADS."
        )
    if not findings["folder"]["writable"]:
        faults.append("the current folder is not writable. Give --out when you solve.")
    return faults


def _has_nvidia_device() -> bool:
    """Return whether the system's driver shows an NVIDIA device."""
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def _version(package: str) -> str | None:
    """Return the version of an installed package, None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _plain(value: Any) -> str:
    """Return a finding in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return str(value)
