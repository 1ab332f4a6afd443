"""Sentences that are put together from pieces, found in the trees of templates and of Python files.

A message is whole: one literal with named placeholders, or one of several whole alternatives. What stops a
translator is a condition in the middle of a sentence, words joined by `~` or `+`, and an alternative inside of an
f-string. A count with its noun ("12 rows"), a name and a list of names are values and may stand in a placeholder.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, nodes

WORD = re.compile(r"[A-Za-z]{2,}")
# Two words, or one with the space that ties it to what comes before or after it.
PIECE = re.compile(r"[A-Za-z]{2,}[,;:]? | [A-Za-z]{2,}")
# What a macro writes into a tag is no text.
ATTRIBUTE = re.compile(r"[\w-]=\"|^#")
SENTENCE_ENDS = (".", "?", "!", ":", "\N{HORIZONTAL ELLIPSIS}")
# These stand inside of a sentence; every other element begins and ends one.
INLINE = frozenset({"a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "small", "strong"})
VALUE = "\N{WHITE SQUARE}"
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)?")


@dataclass
class Text:
    """What is seen of a template up to a place: the sentence under way, and whether the place is inside of a tag."""

    run: str = ""
    in_tag: bool = False
    quoted: str = ""
    starts: str = ""
    has_boundary: bool = False
    faults: list[str] = field(default_factory=list)

    def boundary(self) -> None:
        """End the sentence: an element begins or ends that is no part of one."""
        if not self.has_boundary:
            self.starts, self.has_boundary = self.run, True
        self.run = ""

    def data(self, text: str) -> None:
        """Read a piece of markup."""
        place = 0
        while place < len(text):
            if self.in_tag:
                place = self._through_tag(text, place)
                continue
            following = TAG.search(text, place)
            if following is None:
                self.run += text[place:]
                return
            self.run += text[place : following.start()]
            is_button = 'class="btn' in text[following.end() : following.end() + 20]
            if is_button or (following.group(2) or "").lower() not in INLINE:
                self.boundary()
            self.in_tag, place = True, following.end()

    def _through_tag(self, text: str, place: int) -> int:
        while place < len(text):
            letter = text[place]
            place += 1
            if self.quoted:
                self.quoted = "" if letter == self.quoted else self.quoted
            elif letter in "\"'":
                self.quoted = letter
            elif letter == ">":
                self.in_tag = False
                break
        return place


def is_open(run: str) -> bool:
    """Return whether a sentence is under way at the end of a run of text."""
    seen = " ".join(run.split())
    return bool(seen) and not seen.endswith(SENTENCE_ENDS) and not ATTRIBUTE.search(seen)


def _goes_on(before: str, coming: str) -> bool:
    """Return whether what comes goes on with a sentence; behind a value alone, a capital letter begins another one."""
    begins = has_words(coming) and not has_words(before) and coming.lstrip()[:1].isupper()
    return is_open(before) and bool(coming.strip()) and not begins and (has_words(before) or has_words(coming))


def has_words(text: str) -> bool:
    """Return whether a run of text holds a word of ours."""
    return bool(WORD.search(text))


def _branches(node: nodes.Node) -> list[Sequence[nodes.Node]]:
    if isinstance(node, nodes.If):
        return [node.body, *(branch.body for branch in node.elif_), node.else_]
    if isinstance(node, nodes.For):
        return [node.body, node.else_]
    return []


def _read(body: Iterable[nodes.Node], text: Text) -> None:
    pending: list[tuple[int, str]] = []
    for node in body:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if isinstance(part, nodes.TemplateData):
                    _follow(pending, text, part.data)
                    text.data(part.data)
                elif not text.in_tag:
                    _follow(pending, text, VALUE)
                    if isinstance(part, nodes.CondExpr):
                        _alternative(part, text)
                    text.run += VALUE
            continue
        branches = _branches(node)
        if branches:
            pending = _fork(node, branches, text)
        elif hasattr(node, "body") and not isinstance(node, nodes.Macro | nodes.CallBlock | nodes.AssignBlock):
            _read(node.body, text)
        elif hasattr(node, "body"):
            inner = Text()
            _read(node.body, inner)
            text.faults += inner.faults


def _alternative(part: nodes.CondExpr, text: Text) -> None:
    values = [value.value for value in part.find_all(nodes.Const) if isinstance(value.value, str)]
    own = [branch.value for branch in (part.expr1, part.expr2) if isinstance(branch, nodes.Const)]
    if own and is_open(text.run) and has_words(text.run) and any(has_words(str(value)) for value in own):
        text.faults.append(f"line {part.lineno}: a choice of words in a sentence: {values}")


def _follow(pending: list[tuple[int, str]], text: Text, coming: str) -> None:
    """Fault a fork whose sentence goes on behind it."""
    if not pending:
        return
    probe = Text(in_tag=text.in_tag, quoted=text.quoted)
    probe.data(coming)
    rest = probe.starts if probe.has_boundary else probe.run
    if not rest.strip() and not probe.has_boundary:
        return
    if rest.strip():
        text.faults += [f"line {line}: the sentence goes on behind a fork: {tail!r}" for line, tail in pending]
    pending.clear()


def _fork(node: nodes.Node, branches: list[Sequence[nodes.Node]], text: Text) -> list[tuple[int, str]]:
    if text.in_tag:
        # What is chosen here are attributes.
        for branch in branches:
            inner = Text(in_tag=True, quoted=text.quoted)
            _read(branch, inner)
        return []
    before, tails = text.run, []
    for branch in branches:
        inner = Text()
        _read(branch, inner)
        first = inner.starts if inner.has_boundary else inner.run
        text.faults += inner.faults
        if _goes_on(before, first):
            text.faults.append(f"line {node.lineno}: a fork in a sentence: {before.strip()[-40:]!r}, {first.strip()!r}")
        if is_open(inner.run) and has_words(inner.run):
            tails.append((node.lineno, inner.run.strip()[:60]))
        if inner.has_boundary:
            text.has_boundary = True
            text.run = inner.run
        elif branch:
            text.run = before + inner.run
    return tails


def joined_words(tree: nodes.Node) -> Iterator[str]:
    """Name the places of a template where words are joined by `~`."""
    for joined in tree.find_all(nodes.Concat):
        pieces = [part.value for part in joined.nodes if isinstance(part, nodes.Const) and isinstance(part.value, str)]
        if any(PIECE.search(piece) for piece in pieces):
            yield f"line {joined.lineno}: words joined by ~: {pieces}"


def faults_of_template(source: str) -> list[str]:
    """Return the places of a template where a sentence is glued from pieces."""
    tree = Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(source)
    text = Text()
    _read(tree.body, text)
    return text.faults + list(joined_words(tree))


def _choices(joined: ast.JoinedStr) -> Iterator[ast.IfExp]:
    for value in joined.values:
        if isinstance(value, ast.FormattedValue):
            yield from (part for part in ast.walk(value.value) if isinstance(part, ast.IfExp))


def _texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return []


def faults_of_python(source: str) -> list[str]:
    """Return the places of a Python file where a sentence is glued from pieces."""
    result = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            words = [
                text for choice in _choices(node) for side in (choice.body, choice.orelse) for text in _texts(side)
            ]
            if any(WORD.search(text) for text in words):
                result.append(f"line {node.lineno}: a choice of words in a sentence: {words}")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            pieces = _texts(node.left) + _texts(node.right)
            if any(PIECE.search(piece) for piece in pieces):
                result.append(f"line {node.lineno}: words joined by +: {pieces}")
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            pieces = _texts(node.value)
            if any(PIECE.search(piece) for piece in pieces):
                result.append(f"line {node.lineno}: words added to a text: {pieces}")
    return result
