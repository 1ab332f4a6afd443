"""What comes out the same for every test is worked out once in each process: templates, routes, measures of samples.

Each test still has an application, a database and a data folder of its own; only the work behind them is shared.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from app.domain.analysis.profiling.profile import Associations
from app.services.measurements import associations
from app.services.measurements.request import TargetRequest
from app.services.measurements.runner import Parts


class Compiled(BytecodeCache):
    """Compiled templates of this process: each test makes an application, and none need compile them again."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled before."""
        if bucket.key in self._held:
            bucket.bytecode_from_string(self._held[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._held[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def keep_route_builders() -> None:
    """Compile the function that builds the addresses of a route once: it reads only the parts of the route.

    Werkzeug compiles two for each of some two hundred routes, which is most of what an application costs.
    """
    compile_builder = Rule._compile_builder
    known: dict[Any, Callable[..., tuple[str, str]]] = {}

    def once(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if self.defaults:
            return compile_builder(self, append_unknown)
        key = (append_unknown, *self._trace)
        if key not in known:
            known[key] = compile_builder(self, append_unknown)
        return known[key]

    Rule._compile_builder = once  # type: ignore[method-assign]  # there is no other place to keep them


_first_engine: list[Engine] = []


def share_compiled_statements(engine: Engine) -> None:
    """Let the engine of each test use the statements that were compiled for the first one of its database."""
    if not _first_engine:
        _first_engine.append(engine)
    (first,) = _first_engine
    if first.dialect.name == engine.dialect.name:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache


# Whoever looks at the measuring itself clears it.
MEASURED: dict[str, list[tuple[Associations, dict[str, Any]]]] = {}


def keep_measures_of_samples() -> None:
    """Measure how the columns of a shipped sample go with a target once: each draft on a sample begins with that."""
    compute = associations.MEASUREMENT.compute

    def once(request: TargetRequest) -> Parts[Associations]:
        if request.dataset.sample is None:
            yield from compute(request)
            return
        sizes = (associations.MAX_ROWS, associations.BLOCK_CELLS, associations.MAX_BLOCK_COLUMNS)
        key = json.dumps([request.dataset.sha256, request.profile.to_json(), request.arguments, sizes], sort_keys=True)
        if key not in MEASURED:
            MEASURED[key] = list(compute(request))
        yield from MEASURED[key]

    object.__setattr__(associations.MEASUREMENT, "compute", once)
