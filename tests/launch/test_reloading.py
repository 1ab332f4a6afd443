"""`make dev`: which processes start again when the source changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import config
from app.factory import create_app
from app.launch.children import Child
from app.launch.reloading import SourceWatch, restart_changed

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def children() -> Iterator[list[Child]]:
    made = [Child(name, SLEEP, {}) for name in ("server", "worker 1", "web")]
    for child in made:
        child.start()
    yield made
    for child in made:
        child.end()


def test_source_watch_sees_added_changed_and_removed_files(tmp_path: Path) -> None:
    package = tmp_path / "app" / "web"
    (package / "__pycache__").mkdir(parents=True)
    kept, gone = package / "kept.py", package / "gone.css"
    for path in (kept, gone):
        path.write_text("1")
    watch = SourceWatch(tmp_path)
    assert watch.changed() == set()
    kept.write_text("22")
    gone.unlink()
    (package / "new.js").write_text("1")
    (package / "page.html").write_text("1")
    (package / "__pycache__" / "kept.cpython-311.py").write_text("1")
    assert watch.changed() == {kept, gone, package / "new.js"}
    assert watch.changed() == set()


@pytest.mark.parametrize(
    ("name", "restarted"), [("a.py", ["worker 1", "web"]), ("a.css", ["web"]), ("a.js", ["web"]), ("", [])]
)
def test_only_processes_that_a_change_concerns_start_again(
    children: list[Child], name: str, restarted: list[str]
) -> None:
    before = {child.name: child.process for child in children}
    assert restart_changed(children, [Path(name)] if name else [], keep="server") == restarted
    for child in children:
        assert child.process is not None
        assert child.process.poll() is None
        assert (child.process is before[child.name]) == (child.name not in restarted)


@pytest.mark.parametrize("dev", [True, False])
def test_templates_are_read_again_for_development_alone(tmp_path: Path, dev: bool) -> None:
    settings = config.load({"HYDROML_DATA": str(tmp_path), "HYDROML_DEV": str(int(dev))})
    assert create_app(replace(settings, testing=True)).jinja_env.auto_reload is dev
