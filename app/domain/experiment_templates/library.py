"""The template library shipped with the product: one data file each, with when to use it and when not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.domain.experiment_templates.describing import TemplateContent
from app.domain.experiment_templates.requirements import Requirements, derive_requirements
from app.domain.experiment_templates.template_config import read_template_config
from app.domain.json_values import JsonObject, from_json
from app.domain.vocabulary import TemplateVisibility

FOLDER = Path(__file__).with_name("library")


@dataclass(frozen=True)
class SampleResult:
    """What a template reached on real data: a sentence with the score beside its baseline, and on which data."""

    data: str
    sentence: str
    beats: bool


@dataclass(frozen=True)
class _LibraryFile:
    key: str
    name: str
    description: str
    category: str
    tags: tuple[str, ...]
    use_when: tuple[str, ...]
    not_when: tuple[str, ...]
    sample: str
    config: JsonObject
    requirements: JsonObject
    result: SampleResult | None = None


@dataclass(frozen=True)
class LibraryEntry:
    """A template of the library. `sample` is a sample of the product on which it can be tried, "" where none fits."""

    key: str
    content: TemplateContent
    use_when: tuple[str, ...]
    not_when: tuple[str, ...]
    sample: str
    result: SampleResult | None


def _read(path: Path) -> LibraryEntry:
    file = from_json(_LibraryFile, json.loads(path.read_text(encoding="utf-8")))
    config = read_template_config(file.config)
    told = Requirements.from_json({**file.requirements, "edited": list(file.requirements)})
    content = TemplateContent(
        name=file.name,
        description=file.description,
        category=file.category,
        tags=file.tags,
        visibility=TemplateVisibility.EVERYONE.value,
        config=config,
        requirements=derive_requirements(config, None, told),
    )
    return LibraryEntry(file.key, content, file.use_when, file.not_when, file.sample, file.result)


LIBRARY: tuple[LibraryEntry, ...] = tuple(_read(path) for path in sorted(FOLDER.glob("*.json")))
_BY_KEY = {entry.key: entry for entry in LIBRARY}


def find_entry(key: str | None) -> LibraryEntry | None:
    """Return the entry of the library under a key, None where it holds none."""
    return _BY_KEY.get(key or "")
