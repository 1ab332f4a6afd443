"""How many statements the product has now, against an earlier commit: fewer for the same behaviour is less to read.

    python -m benchmarks.statements [before] [after]        (two commits; without the second, the working tree)

Statements are counted in the syntax tree of every file of `app` and `workers`, so that no line break and no comment
matters. Docstrings are left out, and so are the gallery and the dataclasses that only describe a page's context: they
say what was said nowhere before.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("app", "workers")
# The last commit before each mechanism was made single.
BEFORE = "1ca9dd4"
GALLERY = "app/dev/"
# Dataclasses that only describe the context of a page derive from these or from one another.
CONTEXT_BASES = ("ContextPart", "ViewContext", "Answers", "Context", "Section")
GOAL = 0.95


def count_statements(source: str) -> int:
    """Return how many statements a source text has, docstrings and the contexts of pages aside."""
    return sum(_count(node) for node in ast.parse(source).body)


def _count(node: ast.stmt) -> int:
    if _is_text(node) or (isinstance(node, ast.ClassDef) and _is_context(node)):
        return 0
    inner = (child for child in ast.walk(node) if isinstance(child, ast.stmt) and not _is_text(child))
    return sum(1 for _ in inner)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_context(node: ast.ClassDef) -> bool:
    decorated = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
    return decorated and any(ast.unparse(base).endswith(CONTEXT_BASES) for base in node.bases)


def files_at(commit: str | None) -> dict[str, str]:
    """Return the Python files of the product, at a commit or in the working tree."""
    if commit is None:
        paths = (path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py")))
        return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    listed = _git("ls-tree", "-r", "--name-only", commit, *PRODUCT).splitlines()
    return {name: _git("show", f"{commit}:{name}") for name in listed if name.endswith(".py")}


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def count_product(commit: str | None) -> Counter[str]:
    """Return the statements of each part of the product, by the first two names of the path."""
    parts: Counter[str] = Counter()
    for name, source in files_at(commit).items():
        if GALLERY not in name:
            folder = "/".join(name.split("/")[:2]) if name.count("/") > 1 else name.split("/")[0]
            parts[folder] += count_statements(source)
    return parts


def count_files_kept(before: str, after: str | None) -> tuple[int, int]:
    """Return the statements, before and after, of the files that were there before, wherever they were moved since."""
    changes = _git("diff", "--name-status", "--find-renames=40%", before, *([after] if after else []), "--", *PRODUCT)
    moved = {words[1]: words[-1] for line in changes.splitlines() if len(words := line.split("\t")) > 1}
    gone = {line.split("\t")[1] for line in changes.splitlines() if line.startswith("D")}
    then, now = files_at(before), files_at(after)
    pairs = {name: moved.get(name, name) for name in then if name not in gone and GALLERY not in name}
    kept = [(then[old], now[new]) for old, new in pairs.items() if new in now]
    return sum(count_statements(old) for old, _ in kept), sum(count_statements(new) for _, new in kept)


def main() -> None:
    """Print the statements of each part before and after, and the ratio of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statements")
    parser.add_argument("before", nargs="?", default=BEFORE)
    parser.add_argument("after", nargs="?", default=None)
    args = parser.parse_args()
    before, after = count_product(args.before), count_product(args.after)
    print(f"{'part':20}{args.before[:10]:>12}{(args.after or 'here')[:10]:>12}{'ratio':>8}")
    for name in sorted(before | after):
        ratio = f"{after[name] / before[name]:.3f}" if before[name] else "-"
        print(f"{name:20}{before[name]:12,}{after[name]:12,}{ratio:>8}")
    whole = after.total() / before.total()
    then, now = count_files_kept(args.before, args.after)
    print(f"{'files kept, moved':20}{then:12,}{now:12,}{now / then:8.3f}")
    print(f"{'all':20}{before.total():12,}{after.total():12,}{whole:8.3f}   (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
