"""No sentence of the product is glued from pieces: see `glue.py` for what counts as one."""

from __future__ import annotations

import pytest

from tests.house.glue import faults_of_python, faults_of_template
from tests.house.source import ROOT, python_files, short, tracked

# Their texts are queries, which are put together.
QUERIES = {
    "app/storage/columnar.py",
    "app/storage/reading/column_overrides.py",
    "app/storage/reading/moments.py",
    "app/storage/reading/storing.py",
    "app/storage/reading/table_query.py",
    "app/storage/reading/typing_columns.py",
    "app/storage/reading/zones.py",
}


def test_no_template_glues_a_sentence() -> None:
    faults = [
        f"{short(path)}, {fault}"
        for path in tracked()
        if path.suffix == ".html" and ROOT / "app" in path.parents
        for fault in faults_of_template(path.read_text(encoding="utf-8"))
    ]
    assert faults == []


def test_no_python_file_glues_a_sentence() -> None:
    faults = [
        f"{short(path)}, {fault}"
        for path in python_files("app", "workers")
        if short(path) not in QUERIES and not {"vendor", "dev"} & set(path.parts)
        for fault in faults_of_python(path.read_text(encoding="utf-8"))
    ]
    assert faults == []


@pytest.mark.parametrize(
    "markup",
    [
        "<p>{{ n }} rows are kept{% if m %}, {{ m }} are left out{% endif %}.</p>",
        "<p>It was stopped before it had {{ 'a result' if x else 'a score' }}.</p>",
        "<p>{% if x %}Two{% else %}Three{% endif %} rows are left.</p>",
        "<p>Columns: {% for one in names %}<code>{{ one }}</code>{% if not loop.last %} and {% endif %}{% endfor %}</p>",
        '{{ button("Use " ~ title) }}',
    ],
)
def test_a_template_that_glues_is_found(markup: str) -> None:
    assert len(faults_of_template(markup)) >= 1


@pytest.mark.parametrize(
    "markup",
    [
        "<p>{% if x %}All rows are kept.{% else %}No row is kept.{% endif %}</p>",
        "<p>All rows are kept.{% if x %} One is empty.{% endif %}</p>",
        "<p>{{ reason }}{% if x %} You can go on meanwhile.{% endif %}</p>",
        "<td{% if x %} class=\"n\"{% endif %}>Rows</td><td>{{ 'yes' if x else 'no' }}</td>",
        '<input id="{{ "f-" ~ name }}">{{ say("{n} rows of {m}", n=1, m=2) }}',
        "{% for one in rows %}<li>{{ one }}</li>{% endfor %}",
    ],
)
def test_a_template_of_whole_messages_passes(markup: str) -> None:
    assert faults_of_template(markup) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("""x = f"{n} {'row is' if n == 1 else 'rows are'} left." """, 1),
        ("""x = "Only " + name + " is left." """, 2),
        ("""x += " It is lost." """, 1),
        ("""x = "One row is left." if n == 1 else f"{n} rows are left." """, 0),
        ("""x = f"{key}_{'a' if n else 'b'}" """, 0),
        ("""x = key + ".csv" """, 0),
    ],
)
def test_glue_in_python_is_found(source: str, found: int) -> None:
    assert len(faults_of_python(source)) == found
