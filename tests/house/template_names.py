"""Which names a template reads from its context, through everything that it includes, imports and extends."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, nodes

APP = Path(__file__).resolve().parents[2] / "app"
ENVIRONMENT = Environment(autoescape=True)


def file_of(name: str) -> Path:
    """Return where a template lies."""
    return APP / name if name.startswith("partials/") else APP / "templates" / name


def all_templates() -> list[str]:
    """Return the names of all pages and fragments; macros are no answers of their own."""
    roots = [(APP / "templates", ""), (APP / "partials", "partials/")]
    names = [f"{start}{path.relative_to(root)}" for root, start in roots for path in root.rglob("*.html")]
    return sorted(name for name in names if not name.startswith("macros/"))


@functools.cache
def parsed(name: str) -> nodes.Template:
    """Return the syntax tree of a template."""
    return ENVIRONMENT.parse(file_of(name).read_text(encoding="utf-8"))


def bound_by(*targets: nodes.Node) -> set[str]:
    """Return the names that an assignment binds."""
    own = {target.name for target in targets if isinstance(target, nodes.Name)}
    return own | {name.name for target in targets for name in target.find_all(nodes.Name)}


class Names:
    """The names that a page or fragment reads, and the templates it reaches.

    `included` are the templates that `{% include partial %}` and the like include, by that name.
    """

    def __init__(self, name: str, *, included: Mapping[str, str] | None = None) -> None:
        self.included = included or {}
        self.templates: set[str] = set()
        # Read where no `is defined` asks whether it is there.
        self.required: set[str] = set()
        self._asked: list[set[str]] = []
        self.read = self._template(name, set())

    def _template(self, name: str, bound: set[str]) -> set[str]:
        self.templates.add(name)
        tree = parsed(name)
        tests = [test.node for test in tree.find_all(nodes.Test) if test.name == "defined"]
        self._asked.append({node.name for node in tests if isinstance(node, nodes.Name)})
        results = self._all(tree.body, bound | {macro.name for macro in tree.find_all(nodes.Macro)})
        self._asked.pop()
        return results

    def _all(self, body: Iterable[nodes.Node], bound: set[str]) -> set[str]:
        """Return the free names of some nodes in their order; what they assign is bound for those that follow."""
        return {name for node in body for name in self._node(node, bound)}

    def _node(self, node: nodes.Node, bound: set[str]) -> set[str]:
        handle: Any = getattr(self, f"_{type(node).__name__.lower()}", self._any)
        results: set[str] = handle(node, bound)
        return results

    def _any(self, node: nodes.Node, bound: set[str]) -> set[str]:
        return self._all(node.iter_child_nodes(), bound)

    def _name(self, node: nodes.Name, bound: set[str]) -> set[str]:
        if node.ctx != "load" or node.name in bound:
            return set()
        if node.name not in self._asked[-1]:
            self.required.add(node.name)
        return {node.name}

    def _assign(self, node: nodes.Assign, bound: set[str]) -> set[str]:
        results = self._node(node.node, bound)
        bound |= bound_by(node.target)
        return results

    def _assignblock(self, node: nodes.AssignBlock, bound: set[str]) -> set[str]:
        results = self._all(node.body, bound)
        bound |= bound_by(node.target)
        return results

    def _for(self, node: nodes.For, bound: set[str]) -> set[str]:
        inner = bound | bound_by(node.target) | {"loop"}
        inside = [*([node.test] if node.test else []), *node.body, *node.else_]
        return self._node(node.iter, bound) | self._all(inside, inner)

    def _with(self, node: nodes.With, bound: set[str]) -> set[str]:
        return self._all(node.values, bound) | self._all(node.body, bound | bound_by(*node.targets))

    def _macro(self, node: nodes.Macro, bound: set[str]) -> set[str]:
        bound.add(node.name)
        inner = bound | bound_by(*node.args) | {"caller", "varargs", "kwargs"}
        return self._all(node.defaults, bound) | self._all(node.body, inner)

    def _callblock(self, node: nodes.CallBlock, bound: set[str]) -> set[str]:
        return self._node(node.call, bound) | self._all(node.body, bound | bound_by(*node.args))

    def _import(self, node: nodes.Import, bound: set[str]) -> set[str]:
        assert isinstance(node.template, nodes.Const)
        self.templates.add(node.template.value)
        bound.add(node.target)
        # Macros that are imported without the context read nothing from it.
        return self._template(node.template.value, set(bound)) if node.with_context else set()

    def _extends(self, node: nodes.Extends, bound: set[str]) -> set[str]:
        assert isinstance(node.template, nodes.Const)
        return self._template(node.template.value, set(bound))

    def _include(self, node: nodes.Include, bound: set[str]) -> set[str]:
        wanted = node.template
        if isinstance(wanted, nodes.Name) and wanted.name in self.included:
            return self._template(self.included[wanted.name], set(bound))
        results = self._node(wanted, bound)
        for name in wanted.find_all(nodes.Const) if not isinstance(wanted, nodes.Const) else (wanted,):
            if isinstance(name.value, str) and name.value.endswith(".html"):
                results |= self._template(name.value, set(bound))
        return results
