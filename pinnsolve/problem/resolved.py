"""A problem file written back as it was understood: the record of what was solved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from pinnsolve.problem.schema import ProblemFile


def to_toml(settings: ProblemFile, path: Path) -> str:
    """Return a problem file with overrides and defaults written out and absolute paths."""
    from importlib.metadata import version

    tables = _without_nothing(settings.model_dump(mode="json", exclude_none=True))
    header = f"# pinnsolve {version('pinnsolve')}: {path.name} with all settings as used.\n\n"
    return header + tomli_w.dumps(tables)


def _without_nothing(value: Any) -> Any:
    """Return a value without None and empty tables, which TOML files need not say."""
    if isinstance(value, Mapping):
        cleaned = {key: _without_nothing(v) for key, v in value.items() if v is not None}
        return {key: v for key, v in cleaned.items() if v not in ({}, [])}
    if isinstance(value, list | tuple):
        return [_without_nothing(v) for v in value]
    return value
