"""The only use of DuckDB on stored rows: locked-down connections, previews and data frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DamagedFileError, DomainError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PREVIEW_SECONDS = 10
CELL_SHOWN = 200


@contextmanager
def connect(
    folder: Path,
    *,
    memory_mb: int = 512,
    threads: int = 1,
    seconds: float | None = None,
    temporary: Path | None = None,
    file: Path | None = None,
) -> Iterator[Any]:
    """Open an in-memory DuckDB that can see one folder and nothing else.

    Parameters
    ----------
    folder
        The only folder whose files may be read (or, by the reading child, written).
    memory_mb, threads
        What it may use.
    seconds
        After this long the running query is interrupted.
    temporary
        Where it may spill; without one it does not spill.
    file
        One file outside the folder that may be read as well.
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    timer = threading.Timer(seconds, connection.interrupt) if seconds else None
    try:
        for statement in _lockdown_statements(folder, memory_mb, threads, temporary, file):
            connection.execute(statement)
        if timer:
            timer.daemon = True
            timer.start()
        yield connection
    finally:
        if timer:
            timer.cancel()
        connection.close()


def _lockdown_statements(
    folder: Path, memory_mb: int, threads: int, temporary: Path | None, file: Path | None
) -> list[str]:
    spill = temporary or folder
    return [
        "SET python_enable_replacements=false",
        f"SET memory_limit='{memory_mb}MB'",
        f"SET threads={threads}",
        f"SET temp_directory={literal(str(spill))}",
        f"SET max_temp_directory_size='{'4GB' if temporary else '0MB'}'",
        f"SET allowed_directories=[{literal(str(folder) + '/')}]",
        f"SET allowed_paths=[{literal(str(file)) if file else ''}]",
        # What a file's own pages hold need not be held a second time.
        "SET enable_external_file_cache=false",
        "SET autoinstall_known_extensions=false",
        "SET autoload_known_extensions=false",
        "SET allow_community_extensions=false",
        "SET enable_external_access=false",
        "SET lock_configuration=true",
    ]


def duckdb_faults() -> tuple[type[Exception], type[Exception]]:
    """Return DuckDB's own classes for a value that is not of its type and for input that does not fit."""
    import duckdb

    return duckdb.ConversionException, duckdb.InvalidInputException


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _explain_unreadable(path: Path) -> Iterator[None]:
    """Turn what DuckDB says about a stored file that it cannot read into a sentence."""
    import duckdb

    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as fault:
        name = f"{path.parent.name}/{path.name}"
        message = f"The stored file {name} cannot be read. Read its dataset again from the original."
        raise DamagedFileError(message) from fault


def preview_rows(
    path: Path, profile: DatasetProfile, *, offset: int = 0, limit: int = 20, most: int = 60
) -> list[list[str]]:
    """Return rows of a stored dataset as texts, an empty text for a missing value; at most `most` columns."""
    keys = [column.key for column in profile.columns[:most]]
    with connect(path.parent, seconds=PREVIEW_SECONDS) as connection, _explain_unreadable(path):
        return rows_as_texts(connection, f"read_parquet({literal(str(path))})", keys, offset=offset, limit=limit)


def count_rows(path: Path) -> int:
    """Return how many rows a stored dataset has, by its own words.

    Raises
    ------
    DamagedFileError
        If it cannot be read.
    """
    with connect(path.parent, seconds=PREVIEW_SECONDS) as connection, _explain_unreadable(path):
        return int(connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()[0])


def rows_as_texts(connection: Any, source: str, keys: Sequence[str], *, offset: int = 0, limit: int) -> list[list[str]]:
    """Return rows of a table, view or Parquet file (as SQL) as texts, as people shall see them."""
    columns = ", ".join(f"left({key}::VARCHAR, {CELL_SHOWN})" for key in keys)
    result = connection.execute(f"SELECT {columns} FROM {source} LIMIT ? OFFSET ?", [limit, offset]).fetchall()
    return [["" if cell is None else _shorten_cell(cell) for cell in row] for row in result]


def _shorten_cell(cell: str) -> str:
    midnight = " 00:00:00"
    return cell.removesuffix(midnight)


def read_frame(
    path: Path,
    profile: DatasetProfile,
    names: Sequence[str],
    *,
    sample_rows: int | None = None,
    keep: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return columns of a stored dataset under the user's names, in file order.

    With `sample_rows`, that many rows are drawn with a fixed seed. With `keep`, shape (rows of the dataset,), rows
    that are False there are left out, of a sample too.
    """
    keys = [profile.column(name).key for name in names]
    sample = ""
    if sample_rows is not None and profile.rows > sample_rows:
        sample = f" USING SAMPLE reservoir({int(sample_rows)} ROWS) REPEATABLE (42)"
    memory_mb = max(1024, int(profile.rows * len(keys) * 40 / 1e6))
    with connect(path.parent, memory_mb=memory_mb) as connection, _explain_unreadable(path):
        numbered = ("", "") if keep is None else (", file_row_number", ", file_row_number=true")
        query = f"SELECT {', '.join(keys)}{numbered[0]} FROM read_parquet(?{numbered[1]}){sample}"
        frame = connection.execute(query, [str(path)]).df()
    if keep is not None:
        frame = _select_kept_rows(frame, keep)
    frame.columns = list(names)
    return _convert_types(frame, profile)


def _select_kept_rows(frame: pd.DataFrame, keep: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the rows that are wanted, by the numbers that they have in the file, without these numbers."""
    there = keep[frame.pop("file_row_number").to_numpy()]
    kept: pd.DataFrame = frame[there].reset_index(drop=True)
    return kept


def read_in_order(
    path: Path,
    profile: DatasetProfile,
    names: Sequence[str],
    *,
    by: Sequence[str],
    limit: int,
    keep: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return the first rows of a stored dataset in the order of some columns, under the user's names.

    With `keep`, shape (rows of the dataset,), those of them are left out that are False there.

    Raises
    ------
    DomainError
        If putting them in order takes too long to be waited for.
    """
    import duckdb

    keys, order = ([profile.column(name).key for name in some] for some in (names, by))
    numbered = "" if keep is None else ", file_row_number"
    source = "read_parquet(?)" if keep is None else "read_parquet(?, file_row_number=true)"
    query = f"SELECT {', '.join(keys)}{numbered} FROM {source} ORDER BY {', '.join(order)} LIMIT {int(limit)}"
    with connect(path.parent, memory_mb=1024, seconds=PREVIEW_SECONDS) as connection, _explain_unreadable(path):
        try:
            frame = connection.execute(query, [str(path)]).df()
        except duckdb.InterruptException as fault:
            raise DomainError(f"Ordering the rows takes more than {PREVIEW_SECONDS} s.", code="too_slow") from fault
    if keep is not None:
        frame = _select_kept_rows(frame, keep)
    frame.columns = list(names)
    return _convert_types(frame, profile)


def _convert_types(frame: pd.DataFrame, profile: DatasetProfile) -> pd.DataFrame:
    """Give every column the type that training expects, whatever the versions of DuckDB and pandas made of it."""
    import pandas as pd

    plain: dict[str, Any] = {}
    for name in frame.columns:
        storage, values = profile.column(str(name)).storage, frame[name]
        if storage == "number":
            plain[name] = pd.to_numeric(values).astype("float64")
        elif storage == "integer":
            plain[name] = values.astype("int64") if values.notna().all() else pd.to_numeric(values).astype("float64")
        elif storage == "datetime":
            plain[name] = pd.to_datetime(values)
        else:
            plain[name] = values.astype(object).where(values.notna(), None)
    return pd.DataFrame(plain, index=frame.index)
