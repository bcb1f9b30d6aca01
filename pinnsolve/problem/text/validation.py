"""A document against the schema: every section on its own, every fault at once, in plain words.

Sections are validated one by one, so that a fault in one does not hide those in another.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pinnsolve.errors import Fault, KeyPath, suggestion
from pinnsolve.problem.schema.domain import SHAPES
from pinnsolve.problem.schema.file import ProblemFile
from pinnsolve.problem.schema.region import OF_DOMAIN, REGIONS
from pinnsolve.problem.schema.values import Section, in_words
from pinnsolve.problem.text.source import KEY

LISTS = (
    "boundary",
    "constraint",
    "data",
    "interface",
    "region",
    "training",
)  # sections [[…]], validated entry by entry


@dataclass(frozen=True)
class FileFault(Fault):
    """A file that is named but cannot be read; with nothing else wrong, an error of files."""


@dataclass(frozen=True)
class LaterFault(Fault):
    """A key or value that is reserved for a later version."""


def validate(
    document: Mapping[str, Any], context: Mapping[str, Any]
) -> tuple[dict[KeyPath, Any], list[Fault]]:
    """Validate every section.

    Parameters
    ----------
    document
        The tables of a problem file.
    context
        What the validators need: ``constants`` by name, and the ``folder`` of the file.

    Returns
    -------
    tuple
        The valid sections and entries of ``[[…]]``, by key path, and all faults.
    """
    valid: dict[KeyPath, Any] = {}
    faults = [_unknown((key,), document) for key in document if key not in ProblemFile.model_fields]
    for name, info in ProblemFile.model_fields.items():
        if name not in document:
            if info.is_required():
                faults.append(_missing((name,), info))
            elif not is_reserved(info):
                valid[name,] = info.get_default(call_default_factory=True)
            continue
        for key, value, kind in _parts(name, document[name], info):
            try:
                known = _known_in(value, context) if name == "region" else context
                valid[key] = TypeAdapter(kind).validate_python(value, context=known)
            except ValidationError as error:
                errors = _counted(error.errors(include_url=False))
                faults += [_fault(e, key, document) for e in errors]
            except RecursionError:
                faults.append(Fault(key, "is nested too deeply."))
    return valid, faults


def _counted(errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Return errors less those of lists that are too short for their entries are wrong."""
    wrong = {error["loc"][:-1] for error in errors}
    return [dict(e) for e in errors if e["type"] != "too_short" or e["loc"] not in wrong]


def _known_in(region: Any, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the context of a region, in which its constants are known."""
    own = region.get("constants") if isinstance(region, Mapping) else None
    constants = {**context["constants"], **(own if isinstance(own, Mapping) else {})}
    return {**context, "constants": constants}


def _parts(name: str, value: Any, info: FieldInfo) -> list[tuple[KeyPath, Any, Any]]:
    """Return the parts of a section that are validated on their own: key path, value, type."""
    whole: Any = Annotated[info.annotation, info] if info.metadata or info.discriminator else None
    if name in LISTS and isinstance(value, list) and value:
        kind = get_args(info.annotation)[0]
        return [((name, i), entry, kind) for i, entry in enumerate(value)]
    return [((name,), value, whole or info.annotation)]


def _fault(error: dict[str, Any], root: KeyPath, document: Mapping[str, Any]) -> Fault:
    """Return the fault that a validation error stands for."""
    kind, context = error["type"], error.get("ctx", {})
    key = _key(root, error["loc"], document, is_absent=kind in ("missing", "extra_forbidden"))
    if kind == "extra_forbidden":
        return _unknown(key, document)
    if kind == "missing":
        model = _model(key[:-1], document)
        return _missing(key, model.model_fields[str(key[-1])] if model else None)
    type_of_fault: type[Fault] = Fault
    if kind == "problem":
        kinds = {"file": FileFault, "later": LaterFault}
        type_of_fault = next((kinds[mark] for mark in kinds if mark in context), Fault)
        extra = context.get("key", ())
        key = (*key, *(extra if isinstance(extra, tuple) else (extra,)))
        message, remedy, span = context["message"], context["remedy"], context.get("span")
    else:
        message, remedy = _in_words(kind, context, error["input"], key)
        span = None
        if kind == "union_tag_invalid":
            key = (*key, "shape")
    return type_of_fault(key, named(key, message), remedy, span)


def _key(root: KeyPath, loc: tuple[Any, ...], document: Any, *, is_absent: bool) -> KeyPath:
    """Return the key path of an error, without the tags of unions that pydantic puts into it."""
    value = document
    for part in root:
        value = value[part]
    key = root
    for i, part in enumerate(loc):
        is_index = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if is_index or (isinstance(value, Mapping) and part in value):
            value = value[part]
            key = (*key, part)
        elif is_absent and i == len(loc) - 1:
            key = (*key, part)
    return key


def named(key: KeyPath, message: str) -> str:
    """Return a message that begins with a verb with its subject before it.

    >>> named(("domain", "radius"), "must be positive.")
    '[domain] radius must be positive.'
    """
    if not key or not re.match(r"(must|is|has|needs)\b", message):
        return message
    section, *rest = key
    is_table = section in ProblemFile.model_fields and section not in (
        *("title", "description", "references"),
    )
    brackets = "[[{}]]" if section in LISTS else "[{}]" if is_table else "{}"
    words = [brackets.format(section)]
    for part in rest:
        if isinstance(part, int):
            words[-1] += f"[{part}]" if len(words) > 1 else ""
        else:
            words.append(part)
    return f"{' '.join(words)} {message}"


def _unknown(key: KeyPath, document: Mapping[str, Any]) -> Fault:
    """Return the fault of a key that nobody knows."""
    name = str(key[-1])
    model = ProblemFile if len(key) == 1 else _model(key[:-1], document)
    known = known_keys(model) if model else []
    if key[0] == "domain" and model in SHAPES.values():
        only = {"name"} if len(key) == 2 else {"coordinates", "pieces", "time"}
        known = [name for name in known if name not in only]
    if model in REGIONS.values():
        known = [name for name in known if name not in OF_DOMAIN]
    what = "section or key" if len(key) == 1 else "key"
    where = "" if len(key) == 1 else f" in {named(key[:-1], 'has').removesuffix(' has')}"
    remedy = suggestion(name, known)
    if len(key) == 1 and "Did you mean" not in remedy:
        homes = [s for s, i in ProblemFile.model_fields.items() if name in _keys_of(i)]
        if homes:
            remedy = f"It belongs into [{homes[0]}], below the line with that header."
    return Fault(key, f'unknown {what} "{name}"{where}.', remedy, KEY)


def known_keys(model: type[Section]) -> list[str]:
    """Return the keys that a table may have, less those reserved for a later version."""
    fields = model.model_fields.items()
    return [info.alias or name for name, info in fields if not is_reserved(info)]


def is_reserved(info: FieldInfo) -> bool:
    """Return whether a key is reserved for a later version."""
    return info.annotation is object


def _keys_of(info: FieldInfo) -> set[str]:
    """Return the keys of a section."""
    kinds = (info.annotation, *get_args(info.annotation))
    models = [k for k in kinds if isinstance(k, type) and issubclass(k, Section)]
    return {key for model in models for key in model.model_fields}


def _missing(key: KeyPath, info: FieldInfo | None) -> Fault:
    """Return the fault of a key or section that must be there."""
    name = str(key[-1])
    about = f" ({info.description})" if info and info.description else ""
    if len(key) == 1:
        header = f"[[{name}]]" if name in LISTS else f"[{name}]"
        return Fault(key, f"the section {header} is missing.", f"Add {header}{about}.")
    home = named(key[:-1], "has").removesuffix(" has")
    return Fault(key, f'key "{name}" is missing in {home}.', f"Add {name} = …{about}.")


def _model(key: KeyPath, document: Any) -> type[Section] | None:
    """Return the model of the table at a key path, if it has one."""
    kind: Any = ProblemFile
    value = document
    for part in key:
        table, value = value, value[part]
        if isinstance(part, int):
            continue
        model = section_in(kind, table)
        if model is not None and part in model.model_fields:
            kind = model.model_fields[part].annotation
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return None
    return section_in(kind, value)


def section_in(annotation: Any, value: Any) -> type[Section] | None:
    """Return the first model in an annotation; of shapes the one that the value names."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        if annotation in SHAPES.values():
            return SHAPES.get(str(value.get("shape"))) if isinstance(value, Mapping) else None
        if annotation in REGIONS.values():
            return REGIONS.get(str(value.get("shape", ""))) if isinstance(value, Mapping) else None
        return annotation
    if get_origin(annotation) is dict:
        return None
    found = (section_in(part, value) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _in_words(kind: str, context: Mapping[str, Any], value: Any, key: KeyPath) -> tuple[str, str]:
    """Return message and remedy for an error of pydantic's own."""
    name = str(next((part for part in reversed(key) if isinstance(part, str)), ""))
    match kind:
        case "literal_error" | "union_tag_invalid":
            quoted = re.findall(r"'([^']*)'", context.get("expected") or context["expected_tags"])
            names = [name for name in quoted if name]  # regions need no shape
            what = "shape" if kind == "union_tag_invalid" else name
            given = value.get("shape") if isinstance(value, Mapping) else value
            suggested = f"Known: {', '.join(names)}."
            if given in LATER_VALUES.get(what, ()):
                return f'{what} "{given}" is not implemented in this version.', suggested
            if isinstance(given, str):
                return f'unknown {what} "{given}".', suggestion(given, names)
            return f"{what} must be a string, but is {in_words(given)}.", suggested
        case "union_tag_not_found":
            return "has no shape.", f'Add shape = "…". Known: {", ".join(sorted(SHAPES))}.'
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return _bound(kind, context, value), ""
        case "too_short" | "too_long":
            wanted = context.get("min_length", context.get("max_length"))
            bound = "at least" if kind == "too_short" else "at most"
            entries = "entry" if wanted == 1 else "entries"
            return f"must have {bound} {wanted} {entries}, but has {context['actual_length']}.", ""
    wanted, example = EXPECTED.get(kind, ("something else", ""))
    return f"must be {wanted}, but is {in_words(value)}.", example and f"Write {example}."


LATER_VALUES = {
    "sampling": ("quadrature",),
}
EXPECTED = {
    "string_type": ("a string in quotes", '"…"'),
    "tuple_type": ("a list", "[…]"),
    "list_type": ("a list", "[…]"),
    "dict_type": ("a table of keys", "name = value below its header"),
    "model_type": ("a table of keys", "key = value below its header"),
    "model_attributes_type": ("a table of keys", "key = value below its header"),
    "bool_type": ("true or false", "true, without quotes"),
}


def _bound(kind: str, context: Mapping[str, Any], value: Any) -> str:
    """Return the message for a number out of its range."""
    word, sign = {
        "greater_than": ("greater than", "gt"),
        "greater_than_equal": ("at least", "ge"),
        "less_than": ("less than", "lt"),
        "less_than_equal": ("at most", "le"),
    }[kind]
    shown = f'"{value}"' if isinstance(value, str) else f"{value:,.12g}"
    return f"must be {word} {context[sign]:,.12g}, but is {shown}."
