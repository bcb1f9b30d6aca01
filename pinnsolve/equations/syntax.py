"""Text to a checked syntax tree: the only door through which a problem file's formulas enter.

The text is read with Python's own parser, which yields exact positions, and every node of the
tree is compared with a short list of what a formula may contain: numbers, names, arithmetic,
calls of names, vectors ``[a, b]`` and, where asked for, comparisons. Nothing is ever executed.
``^`` means power, as on paper, and ``lambda`` is a name.
"""

import ast
import keyword
import re
import warnings
from collections.abc import Iterator
from copy import copy

MAX_LENGTH = 10_000  # characters
MAX_DEPTH = 100  # nested operations
MAX_NODES = 4_000  # numbers, names and operations

CHARACTERS = re.compile(r"[A-Za-z0-9_ \t\r\n.,+\-*/^()\[\]<>=!]")
WRITTEN = {  # what to write instead of characters that look at home in a formula
    "π": "pi",
    "Δ": "laplace(…)",
    "∇": "grad(…)",
    "∂": "d(…, x)",
    "−": "-",
    "–": "-",
    "·": "*",
    "×": "*",
    "²": "^2",
    "³": "^3",
    "√": "sqrt(…)",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "{": "(",
    "}": ")",
    "&": "and",
    "|": "or",
}
PAIRS = {"(": ")", "[": "]"}
NAMES = {"lambda": "_ambda"}  # of Python's words, as it is given them to read
ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Call, ast.List)
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UAdd, ast.USub)
LOGIC = (ast.BoolOp, ast.Compare)
LOGICAL_OPERATORS = (
    *(ast.And, ast.Or, ast.Not),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
)
REFUSED = {
    ast.Attribute: ("a dot after a name has no meaning here.", "Write products with *."),
    ast.Subscript: ("an index after a name has no meaning here.", "Write components by name."),
    ast.Tuple: ("a comma is not expected here.", "Write vectors in square brackets: [a, b]."),
    ast.Compare: ("a comparison is not expected here.", 'Comparisons belong into "where".'),
    ast.BoolOp: ("a condition is not expected here.", 'Conditions belong into "where".'),
    ast.FloorDiv: ("// is not an operation of formulas.", "Write / for division."),
}


class ExpressionError(Exception):
    """A text is not a formula of the language, or means nothing.

    Attributes
    ----------
    message
        What is wrong, in lower case, with a full stop.
    remedy
        What to do about it; may be empty.
    span
        Half-open range of characters at fault.
    """

    def __init__(self, message: str, remedy: str = "", span: tuple[int, int] = (0, 0)) -> None:
        super().__init__(f"{message} {remedy}".rstrip())
        self.message = message
        self.remedy = remedy
        self.span = span

    def at(self, span: tuple[int, int]) -> "ExpressionError":
        """Return the error for other characters."""
        moved = copy(self)
        moved.span = span
        return moved


def read(
    text: str,
    start: int = 0,
    stop: int | None = None,
    *,
    logical: bool = False,
    sided: bool = False,
) -> ast.expr:
    """Read part of a text as one formula.

    Parameters
    ----------
    text
        What the user wrote.
    start, stop
        The characters to read; positions in the tree and in errors count from the text's start.
    logical
        Whether comparisons, ``and``, ``or``, ``not`` are allowed.
    sided
        Whether a name may have that of a region behind it: ``u.inside``.

    Returns
    -------
    ast.expr
        A tree made of allowed nodes only, whose ``col_offset`` and ``end_col_offset`` are
        characters of ``text``.

    Raises
    ------
    ExpressionError
        If the text is too long, or anything in it is not part of a formula.
    """
    part = text[start:stop]
    _check_characters(part, start, logical)
    _check_brackets(part, start)
    # "(" and ")" around the part let it begin with spaces and run over several lines.
    code, origin = ["("], [start]
    words = re.sub(r"[A-Za-z_]\w*", lambda word: NAMES.get(word[0], word[0]), part)
    for i, character in enumerate(words, start):
        plain = "**" if character == "^" else " " if character.isspace() else character
        code.append(plain)
        origin.extend([i] * len(plain))
    code.append(")")
    origin.extend([start + len(part)] * 3)  # the closing bracket, and the places after it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse("".join(code), mode="eval").body
    except (SyntaxError, Warning) as error:
        at = origin[min(max((getattr(error, "offset", None) or 1) - 1, 0), len(origin) - 1)]
        raise _unreadable(text, at, start + len(part)) from None
    except (RecursionError, MemoryError, ValueError):
        span = (start, start + len(part))
        raise ExpressionError("the formula is nested too deeply.", _SPLIT, span) from None
    for node, depth, count in _walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset = origin[node.col_offset]
            node.end_col_offset = origin[(node.end_col_offset or 1) - 1] + 1
        if isinstance(node, ast.Name):
            node.id = text[node.col_offset : node.end_col_offset]
        if depth > MAX_DEPTH or count > MAX_NODES:
            span = (start, start + len(part))
            fault = f"nested more than {MAX_DEPTH} deep" if depth > MAX_DEPTH else "too long"
            raise ExpressionError(f"the formula is {fault}.", _SPLIT, span)
    for node, _, _ in _walk(tree):
        _check_node(node, logical, sided)
    return tree


def is_reserved(word: str) -> bool:
    """Tell whether a word is one of Python's, which its parser takes for no name.

    >>> is_reserved("for"), is_reserved("lambda")
    (True, False)
    """
    return keyword.iskeyword(word) and word not in NAMES


def span(node: ast.expr) -> tuple[int, int]:
    """Return the characters that a node of a tree was read from."""
    return node.col_offset, node.end_col_offset or node.col_offset + 1


_SPLIT = "Give parts of it a name in [functions] or definitions."


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, int, int]]:
    """Yield every node with its depth and the number of nodes so far, without recursion."""
    stack, count = [(tree, 1)], 0
    while stack:
        node, depth = stack.pop()
        count += isinstance(node, ast.expr)
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
        yield node, depth, count


def _check_characters(part: str, start: int, logical: bool) -> None:
    if not part.strip():
        raise ExpressionError("a formula is missing.", "", (start, start + len(part)))
    if len(part) > MAX_LENGTH:
        message = f"the formula has {len(part)} characters; at most {MAX_LENGTH} are read."
        raise ExpressionError(message, _SPLIT, (start, start + len(part)))
    for i, character in enumerate(part, start):
        if not CHARACTERS.match(character):
            written = WRITTEN.get(character)
            remedy = f"Write {written} instead." if written else ""
            raise ExpressionError(
                f"the character {character} has no meaning in a formula.", remedy, (i, i + 1)
            )
    for match in re.finditer(r"(?<![<>=!])=(?!=)", part):
        remedy = "Write == to compare." if logical else ""
        at = start + match.start()
        raise ExpressionError("an = is not expected here.", remedy, (at, at + 1))
    for match in re.finditer(r"[A-Za-z_]\w*", part):
        word = match.group()
        if is_reserved(word) and not (logical and word in ("and", "or", "not")):
            place = (start + match.start(), start + match.end())
            raise ExpressionError(f'"{word}" cannot be used as a name.', "Choose another.", place)


def _check_brackets(part: str, start: int) -> None:
    stack: list[tuple[str, int]] = []
    for i, character in enumerate(part, start):
        if character in "([":
            stack.append((character, i))
        elif character in ")]" and (not stack or PAIRS[stack.pop()[0]] != character):
            raise ExpressionError(f"this {character} closes nothing.", "", (i, i + 1))
    if stack:
        character, i = stack[-1]
        raise ExpressionError(f"this {character} is never closed.", "", (i, i + 1))


def _unreadable(text: str, at: int, stop: int) -> ExpressionError:
    """Return the error for text that the parser stumbles over at a character."""
    if at >= stop:
        return ExpressionError("the formula ends too early.", "", (max(stop - 1, 0), stop))
    if re.search(r"\d$", text[: at + 1]) and re.match(r".\s*[A-Za-z_(\[]", text[at:]):
        return ExpressionError("an operator is missing.", "Write products with *.", (at, at + 1))
    return ExpressionError(
        "the formula cannot be read here.", "Write products with *.", (at, at + 1)
    )


def _check_node(node: ast.AST, logical: bool, sided: bool) -> None:
    """Refuse a node that is not on the list."""
    if sided and isinstance(node, ast.Attribute):
        if not isinstance(node.value, ast.Name):
            message = "only a name has a region behind it."
            raise ExpressionError(message, "Write dn(u.a), not dn(u).a.", span(node))
        return
    allowed: tuple[type[ast.AST], ...] = (*ARITHMETIC, *OPERATORS, ast.Load)
    if logical:
        allowed = (*allowed, *LOGIC, *LOGICAL_OPERATORS)
    if isinstance(node, ast.operator | ast.unaryop | ast.cmpop | ast.boolop):
        return  # judged with the operation they belong to, which has a position
    place = span(node) if isinstance(node, ast.expr) else (0, 0)
    for part in (node, getattr(node, "op", None), *getattr(node, "ops", ())):
        if part is not None and not isinstance(part, allowed):
            message, remedy = REFUSED.get(type(part), ("this has no meaning in a formula.", ""))
            raise ExpressionError(message, remedy, place)
    if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
        raise ExpressionError("only real numbers can be written here.", "", place)
    if isinstance(node, ast.Call):
        _check_call(node)


def _check_call(node: ast.Call) -> None:
    """Refuse the call of what is no name, and named arguments."""
    if not isinstance(node.func, ast.Name):
        raise ExpressionError("an operator is missing.", "Write products with *.", span(node))
    if node.keywords:
        raise ExpressionError("arguments have no names here.", "", span(node))
