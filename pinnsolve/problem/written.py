"""Problem files as pinnsolve writes them: every default told, every number evaluated."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from pinnsolve.errors import printable
from pinnsolve.problem.schema.file import ProblemFile


def written(settings: ProblemFile, path: Path) -> str:
    """Return a problem file with overrides and defaults written out and absolute paths.

    Parameters
    ----------
    settings, path
        What it says, and the file that said so.
    """
    from importlib.metadata import version

    tables = _without_nothing(settings.model_dump(mode="json", exclude_none=True))
    if settings.network.hidden == ():  # which says that there is no network
        tables.setdefault("network", {})["hidden"] = []
    header = (
        f"# pinnsolve {version('pinnsolve')}: {printable(path.name)} with all settings as used.\n\n"
    )
    return header + tomli_w.dumps(tables)


def _without_nothing(value: Any) -> Any:
    """Return a value without None and empty tables, which TOML files need not say."""
    if isinstance(value, Mapping):
        cleaned = {key: _without_nothing(v) for key, v in value.items() if v is not None}
        return {key: v for key, v in cleaned.items() if v not in ({}, [])}
    if isinstance(value, list | tuple):
        return [_without_nothing(v) for v in value]
    return value
