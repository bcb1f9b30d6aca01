import tomllib
from pathlib import Path

import pytest

from pinnsolve.errors import Fault, FileError, ProblemError
from pinnsolve.problem.text.positions import positions, string_offsets
from pinnsolve.problem.text.source import Source, decode, read, show

PATH = Path("p.toml")
TRICKY = r'''# a comment with [brackets] = and "quotes"
title = "a # no comment, \"quoted\" and é"
"quoted key" = 'C:\path'
a.b."c.d" = 1
long = """
first "line" \
   joined
"""
raw = """" at the start, and at the end: """""
literal = \'\'\'it's " fine\'\'\'
numbers = [ 1, -2.5e3, # comment ]
  0x1f, inf,
  [ "x", [ ] ], ]
when = 1979-05-27 07:32:00
point = { x = 1, y = { z = "}" }, s = 'a,b', e = {} }
[ table ]
key = true
[table.sub."odd.name"]
key = "v"
[[list]]
n = 1
[list.child]
m = [1,
2]
[[list]]
n = 2
[[list.grand]]
k = "1"
[[list.grand]]
k = "2"
'''.replace(r"\'", "'")


def key_paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in items:
        yield (*path, key), entry
        if isinstance(entry, dict | list):
            yield from key_paths(entry, (*path, key))


def test_every_key_and_entry_of_a_document_has_a_position():
    expected = dict(key_paths(tomllib.loads(TRICKY)))
    found = positions(TRICKY)
    assert set(found) == set(expected)
    for key, value in expected.items():
        position = found[key]
        if isinstance(value, str | int | float) and not isinstance(value, dict):
            text = TRICKY[slice(*position.value)]
            assert tomllib.loads(f"v = {text}")["v"] == value
            assert position.is_string == isinstance(value, str)


def test_the_positions_of_tables_are_their_headers():
    found = positions(TRICKY)
    assert TRICKY[slice(*found["table",].value)] == "[ table ]"
    assert TRICKY[slice(*found["list", 1, "grand", 0].value)] == "[[list.grand]]"
    assert TRICKY[: found["list", 1].value[0]].count("[[list]]") == 1


@pytest.mark.parametrize(
    "literal",
    [r'"plain"', r'"a\tb\"c\\d"', r'"\u00e9x\U0001F600y"', "'no \\ escape'",
     '"""\ntwo\nlines \\\n   joined "q" \\n end"""', "'''\nraw\n'''", '""', '""""quoted" """'],
)  # fmt: skip
def test_string_offsets_lead_from_each_character_to_where_it_is_written(literal):
    text = f"key = {literal}\n"
    value = tomllib.loads(text)["key"]
    offsets = string_offsets(text, 6)
    assert len(offsets) == len(value) + 1
    assert offsets == sorted(offsets)
    for character, offset in zip(value, offsets, strict=False):
        assert text[offset] in (character, "\\")


def test_a_caret_stands_below_the_characters_at_fault():
    source = Source(PATH, '[pde]\nequations = ["u = 0", "laplce(u) = f"]\n')
    fault = Fault(("pde", "equations", 1), 'unknown name "laplce".', "Did you mean?", (0, 6))
    assert str(source.error(fault)) == (
        'p.toml:2: unknown name "laplce". Did you mean?\n'
        '   2 | equations = ["u = 0", "laplce(u) = f"]\n'
        "     |                        ^^^^^^"
    )


def test_carets_take_account_of_escapes_and_wide_characters():
    source = Source(PATH, 'a = "α\\t漢字 bad"')
    (fault,) = source.error(Fault(("a",), "no.", span=(5, 8))).faults
    line, carets = fault.excerpt.splitlines()
    assert line == '   1 | a = "α\\t漢字 bad"'
    assert carets == "     |" + " " * 14 + "^^^"


def test_a_key_that_is_missing_is_shown_at_its_table():
    source = Source(PATH, 'x = 1\n[domain]\nshape = "disk"\n')
    (fault,) = source.error(Fault(("domain", "radius"), "missing.")).faults
    assert fault.place == "p.toml:2"
    assert fault.excerpt.splitlines()[0] == "   2 | [domain]"


def test_a_table_that_is_missing_is_a_fault_of_the_file():
    source = Source(PATH, "x = 1\n")
    assert str(source.error(Fault(("pde",), "missing."))) == "p.toml: missing."


def test_faults_are_shown_in_the_order_of_the_file_and_once():
    source = Source(PATH, "a = 1\nb = 2\n")
    second, first = Fault(("b",), "second."), Fault(("a",), "first.")
    error = source.error(second, first, second)
    assert [fault.message for fault in error.faults] == ["first.", "second."]


def test_a_fault_in_an_override_names_the_command_line():
    source = Source(PATH, "a = 1\n", {"solver.method": "pin"})
    error = source.error(Fault(("solver", "method"), "unknown."))
    assert str(error) == "--set solver.method=pin: unknown."


def test_a_long_line_is_cut_around_the_fault():
    text = "k = " + "1" * 300 + "!" + "1" * 300
    line, excerpt = show(text, 304, 305)
    shown, carets = excerpt.splitlines()
    assert line == 1
    assert len(shown) < 110
    assert shown[carets.index("^")] == "!"


def test_control_characters_are_not_sent_to_the_terminal():
    _, excerpt = show("a = '\x1b[31m'", 4, 5)
    assert "\x1b" not in excerpt


def test_a_byte_order_mark_and_line_ends_of_windows_are_let_pass(tmp_path):
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    source = read(path)
    assert source.document() == {"a": 1, "b": 2}
    assert source.locate(Fault(("b",), "x")).place == f"{path}:2"


def test_text_that_is_not_utf_8_is_told_with_its_byte(tmp_path):
    with pytest.raises(ProblemError) as caught:
        decode("a = 1\nb = 'é'".encode("latin-1"), tmp_path / "p.toml")
    assert str(caught.value) == (
        f"{tmp_path}/p.toml:2: is not text in UTF-8: byte 11 is 0xe9. Save the file in UTF-8."
    )


def test_a_missing_file_suggests_a_neighbour(tmp_path):
    (tmp_path / "poisson.toml").touch()
    with pytest.raises(FileError) as caught:
        read(tmp_path / "poison.toml")
    assert str(caught.value) == (
        f"{tmp_path}/poison.toml: there is no such file. Did you mean {tmp_path}/poisson.toml?"
    )


def test_a_folder_names_the_problems_in_it(tmp_path):
    (tmp_path / "a.toml").touch()
    with pytest.raises(FileError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: is a folder, not a problem file. Problem files in it: a.toml."
    )


def test_a_file_without_a_folder_is_an_error_of_files(tmp_path):
    with pytest.raises(FileError, match=r"There is no folder .*nowhere either"):
        read(tmp_path / "nowhere" / "a.toml")


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(11_000_000)
    with pytest.raises(FileError, match="at most 10 MB can be read"):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 5000) + " = 1",
        "[" + " . ".join(["a"] * 60) + "]",
        "a = " + "[" * 60 + "]" * 60,
    ],
)
def test_nesting_beyond_use_is_refused(text):
    with pytest.raises(ProblemError) as caught:
        Source(PATH, text).document()
    assert str(caught.value) == "p.toml: lists or tables are nested too deeply."


def test_tables_and_lists_that_nobody_wrote_are_refused():
    many = "\n".join(f"a{i} = 1" for i in range(1001))
    with pytest.raises(ProblemError) as caught:
        Source(PATH, f"x = 1\n[y]\n{many}").document()
    assert str(caught.value).startswith("p.toml:2: this has 1001 keys; at most 1000 are read.")
    with pytest.raises(ProblemError, match="this has 1001 entries; at most 1000"):
        Source(PATH, f"x = {['u'] * 1001}").document()
    assert len(Source(PATH, f"x = {[0] * 5000}").document()["x"]) == 5000  # numbers are data


def test_a_number_of_too_many_digits_is_refused():
    with pytest.raises(ProblemError) as caught:
        Source(PATH, "x = " + "9" * 5000).document()
    assert str(caught.value) == "p.toml: a number in it has too many digits."
