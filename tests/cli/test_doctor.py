"""What the examination of a machine finds."""

import json

from pinnsolve.cli import doctor


def test_examination_is_complete_and_is_json():
    findings = doctor.examine()
    assert json.loads(json.dumps(findings)) == findings
    assert findings["torch"]["version"]
    assert findings["packages"]["numpy"]
    text = "\n".join(doctor.lines(findings))
    assert all(word in text for word in ("python", "cores", "memory", "torch", "folder"))


def test_a_broken_torch_is_a_finding_not_a_crash(monkeypatch):
    def fail(_):
        raise OSError("libtorch.so: cannot open shared object file")

    monkeypatch.setattr(doctor, "import_module", fail)
    findings = doctor.examine()
    message = "torch cannot be imported: libtorch.so: cannot open shared object file"
    assert findings["problems"] == [message]


def test_too_many_threads_are_named(monkeypatch):
    monkeypatch.setattr(doctor, "usable_cores", lambda: 0)
    (fault,) = doctor.examine()["problems"]
    assert fault.endswith("Give --threads or set OMP_NUM_THREADS.")


def test_a_folder_that_cannot_be_written_is_named(monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert doctor.examine()["problems"] == [
        "the current folder is not writable. Give --out when you solve."
    ]
