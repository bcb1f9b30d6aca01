"""Values of problem files: numbers, lengths, expressions, and the sections they stand in.

A number may be written as TOML writes it (``0.5``) or as an expression in a string (``"1/2"``,
``"0.01/pi"``), which may use the names in ``[constants]``. The constants reach the validators
through pydantic's context.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from annotated_types import Ge, Gt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from pinnsolve.equations.expression import ExpressionError, parse_number

Info: TypeAlias = Any  # pydantic's ValidationInfo, which cannot be checked at run time
NUMBER_SCHEMA = {"type": ["number", "string"]}
INTEGER_SCHEMA = {"type": ["integer", "string"]}
MAX_SLABS = 10_000


class Section(BaseModel):
    """A table of the problem file: unknown keys are faults, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def fault(message: str, remedy: str = "", **context: Any) -> PydanticCustomError:
    """Build the error that a validator raises; `key` in the context moves it to a key below."""
    braces = message.replace("{", "{{").replace("}", "}}")  # pydantic formats the message
    return PydanticCustomError("problem", braces, {"message": message, "remedy": remedy, **context})


def in_words(value: object) -> str:
    """Return the kind of a value of a TOML file, as a reader would say it.

    >>> in_words([1, 2])
    'a list of 2'
    """
    match value:
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() if abs(value) >= 10**300:
            return f"a number of {len(str(abs(value)))} digits"
        case int() | float():
            return f"the number {value:.12g}"
        case str():
            return f'the string "{value if len(value) <= 40 else value[:37] + "..."}"'
        case list() | tuple():
            return f"a list of {len(value)}"
        case Mapping():
            return "a table"
        case _:
            return f"a {type(value).__name__}"


def read_number(value: object, info: Info) -> float:
    """Return a finite number from a TOML number or from an expression in a string."""
    if isinstance(value, str):
        constants = (info.context or {}).get("constants", {})
        try:
            value = parse_number(value, constants)
        except ExpressionError as error:
            message = f"must be a number: {error.message}"
            raise fault(message, error.remedy, span=error.span) from error
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fault(
            f"must be a number, but is {in_words(value)}.",
            'Write it as 0.5 or as an expression in quotes, "1/2".',
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise fault(f"must be a finite number, but is {number}.", "Write a finite number.")
    return number


def read_integer(value: object, info: Info) -> int:
    """Return a whole number from a TOML number (``1e4`` is one) or from an expression."""
    number = read_number(value, info)
    if number != round(number):
        raise fault(f"must be a whole number, but is {number:.12g}.")
    return value if isinstance(value, int) else round(number)


def read_slabs(value: object, info: Info) -> int | str:
    """Return a number of slabs, at least one, or ``"auto"``."""
    if isinstance(value, str) and value.isalpha():
        if value != "auto":
            raise fault(f'must be a number or "auto", but is {in_words(value)}.')
        return value
    number = read_integer(value, info)
    if not 1 <= number <= MAX_SLABS:
        raise fault(f"must be from 1 to {MAX_SLABS:,}, but is {number}.")
    return number


def read_text(value: object) -> str:
    """Return the text of an expression; a bare number is an expression too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value)
    if not isinstance(value, str):
        raise fault(
            f"must be an expression in quotes, but is {in_words(value)}.",
            'Write it as "sin(pi*x)".',
        )
    return value


def read_path(value: object, info: Info) -> Path:
    """Return the absolute path of a file, sought beside the problem file, then in the folder."""
    if not isinstance(value, str):
        raise fault(f"must be the name of a file in quotes, but is {in_words(value)}.")
    if not value or "\0" in value:
        raise fault("must be the name of a file, but is empty or has a zero byte.")
    folders = [Path((info.context or {}).get("folder", ".")), Path()]
    for folder in folders:
        path = (folder / value).expanduser().absolute()
        if path.is_file():
            return path
        if path.is_dir():
            raise fault(f'"{value}" is a folder.', "Name a file in it.", file=True)
        if path.exists():
            raise fault(f'"{value}" is a pipe or a device.', "Name an ordinary file.", file=True)
    places = " and ".join(dict.fromkeys(str(folder.absolute()) for folder in folders))
    raise fault(
        f'there is no file "{value}".',
        f"Paths are relative to the problem file, then to the current folder: sought in {places}.",
        file=True,
    )


def read_folder(value: str) -> str:
    """Return the name of a folder, which need not exist."""
    if not value or "\0" in value:
        raise fault("must be the name of a folder, but is empty or has a zero byte.")
    return value


def refuse(value: object) -> None:
    """Refuse a key that is reserved for a later version; switched off, it is let pass."""
    if value in (False, "none"):
        return
    raise fault("is not implemented in this version.", "Remove it.", later=True)


Number: TypeAlias = Annotated[float, BeforeValidator(read_number), WithJsonSchema(NUMBER_SCHEMA)]
Positive: TypeAlias = Annotated[
    float, Gt(0), BeforeValidator(read_number), WithJsonSchema(NUMBER_SCHEMA)
]
NotNegative: TypeAlias = Annotated[
    float, Ge(0), BeforeValidator(read_number), WithJsonSchema(NUMBER_SCHEMA)
]
Integer: TypeAlias = Annotated[int, BeforeValidator(read_integer), WithJsonSchema(INTEGER_SCHEMA)]
Slabs: TypeAlias = Annotated[int | str, PlainValidator(read_slabs), WithJsonSchema(INTEGER_SCHEMA)]
Text: TypeAlias = Annotated[
    str, BeforeValidator(read_text), WithJsonSchema({"type": ["string", "number"]})
]
ExistingFile: TypeAlias = Annotated[
    Path, PlainValidator(read_path), WithJsonSchema({"type": "string"})
]
FolderName: TypeAlias = Annotated[str, AfterValidator(read_folder)]
Later: TypeAlias = Annotated[
    object, PlainValidator(refuse), WithJsonSchema({"not": {}})  # no value is right
]
