"""What must not stand in the repository, and what must be whole in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from config import Limits
from tests.house.source import ROOT, python_files, short, tracked

# What browsers get, and what the server alone reads.
VENDORS = [ROOT / "app" / "static" / "vendor", ROOT / "app" / "vendor"]
# Written in parts, so that this very file does not hold what it looks for.
REGISTRY_HOSTS = [
    f"{name}.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]
TEXT = {".py", ".md", ".toml", ".lock", ".html", ".js", ".css", ".json", ".yml", ".txt", ".mako", ".ini", ""}
# The first lines of a decision record.
DECISION_HEAD = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\nDate: (?P<date>\d{4}-\d\d-\d\d)\. Status: (?P<status>.+)\.\n"
)


def _texts() -> list[tuple[str, str]]:
    paths = [
        path for path in tracked() if path.suffix in TEXT and "vendor" not in path.parts and "samples" not in path.parts
    ]
    return [(short(path), path.read_text(encoding="utf-8", errors="replace")) for path in paths]


def test_no_package_registry_is_named() -> None:
    assert [(name, host) for name, text in _texts() for host in REGISTRY_HOSTS if host in text] == []


def test_no_path_of_a_machine_stands_in_a_file() -> None:
    places = re.compile("(?<![\\w.-])/" + "(?:home|root|Users)/" + "[a-z]")
    assert [name for name, text in _texts() if places.search(text)] == []


def test_locks_pin_by_hash_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-boosters.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        pinned = re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)
        assert len(pinned) >= 40
        assert len(re.findall(r"^\S+==.*\\\n    --hash=sha256:", text, re.MULTILINE)) == len(pinned)


@pytest.mark.parametrize("folder", VENDORS, ids=short)
def test_vendored_files_are_what_the_list_says(folder: Path) -> None:
    listed = json.loads((folder / "vendor.lock.json").read_text())
    for entry in listed:
        content = (folder / entry["file"]).read_bytes()
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() == entry["sha384"], entry["name"]
        assert (folder / entry["licence_file"]).read_text().strip()
    named = {"vendor.lock.json"} | {entry[key] for entry in listed for key in ("file", "licence_file")}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == named
    third_party = (ROOT / "THIRD_PARTY.md").read_text()
    for entry in listed:
        assert f"| {entry['name']} | {entry['version']} | {entry['licence']} |" in third_party


def test_no_compressed_copy_is_kept() -> None:
    packed = [path for path in tracked() if path.suffix in (".gz", ".br") and "app" in path.parts]
    # What comes packed from others stands in a list with its hash.
    assert [short(path) for path in packed if ROOT / "app" / "vendor" not in path.parents] == []


def test_every_sample_has_its_licence_listed() -> None:
    listed = (ROOT / "samples" / "README.md").read_text()
    for path in (ROOT / "samples").glob("*.csv"):
        assert path.name in listed


def test_every_limit_that_is_named_can_be_set() -> None:
    named = {
        name.lower()
        for path in python_files("app", "workers")
        for pattern in (r"HYDROML_LIMIT_([A-Z_]+)", r"""\bover\(\s*"([a-z_]+)\"""")
        for name in re.findall(pattern, path.read_text(encoding="utf-8"))
    }
    assert named
    assert named - set(Limits.__dataclass_fields__) == set()


def test_templates_name_no_other_host_and_hold_no_inline_code() -> None:
    faults = []
    for path in tracked():
        if path.suffix != ".html" or ROOT / "app" not in path.parents:
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in (
            r"https?://(?!www\.w3\.org)",
            r"\sstyle=",
            r"<style",
            r"\son[a-z]+=",
            r"hx-on",
            r"\|\s*safe",
            r"Markup",
            r"hx-vals=.js:",
        ):
            if re.search(pattern, text):
                faults.append((short(path), pattern))
        for script in re.findall(r"<script[^>]*>", text):
            if "src=" not in script and 'type="application/json"' not in script:
                faults.append((short(path), script))
    assert faults == []


def test_every_fragment_has_one_root_whose_id_is_its_path() -> None:
    faults = []
    for path in (ROOT / "app" / "partials").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("{% extends"):
            continue
        identifier = "-".join(path.relative_to(ROOT / "app" / "partials").with_suffix("").parts)
        first = re.search(r"<[a-z]+[^>]*>", text)
        expected = {f'id="{identifier}"', 'id="steps-{{ step.slug }}"' if identifier == "wizard-frame" else ""}
        if first is None or not any(word and word in first.group(0) for word in expected):
            faults.append(short(path))
    assert faults == []


def test_every_fragment_that_waits_says_what_is_away() -> None:
    waiting = {
        short(path): path.read_text(encoding="utf-8")
        for path in (ROOT / "app" / "partials").rglob("*.html")
        if re.search(r'hx-trigger="[^"]*every ', path.read_text(encoding="utf-8"))
    }
    assert len(waiting) >= 4
    assert [name for name, text in waiting.items() if "outages.notice(" not in text] == []


def test_scripts_of_our_own_use_no_eval() -> None:
    for path in (ROOT / "app" / "static" / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text), path.name


def test_tools_and_editors_are_not_mentioned() -> None:
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("Apache License")


def test_every_decision_stands_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    rows = []
    for path in sorted(folder.glob("0*.md")):
        head = DECISION_HEAD.match(path.read_text(encoding="utf-8"))
        assert head, f"{path.name} has no number, title, date and status"
        assert int(path.name[:4]) == int(head["number"])
        rows.append(f"| [{path.name[:4]}]({path.name}) | {head['title']} | {head['date']} | {head['status']} |")
    index = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in index if line.startswith("| [")] == rows
