"""Repeat an experiment from its exported config and its data file alone.

    python rebuild.py config.json data.csv [predictions.csv]

It needs numpy, pandas and scikit-learn, and nothing of HydroML: it follows `resolved` of the config as docs/resolved.md
describes it. It checks the rows of every part against their hash, fits every part anew, and prints a JSON object:
the primary score of each part, and with the exported predictions the largest difference from them, relative to the
larger of 1 and the prediction. It stops with a sentence where something is missing or does not fit.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import model_selection
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import TargetEncoder

MISSING = "(missing)"
# A value beyond a limit: a sign, then a number.
THOUSANDS = r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:[.][0-9]*)?"
LIMIT = r"^([<>≤≥])=?\s*([+-]?[0-9][0-9.,]*|[.,][0-9]+)$"


def stop(sentence: str) -> Any:
    """End with a sentence."""
    raise SystemExit(sentence)


# The file


def read_file(path: str, resolved: dict[str, Any]) -> pd.DataFrame:
    """Return the columns that the table names, each as it says, in the order of the file."""
    reading = resolved["table"]["reading"]
    raw = pd.read_csv(
        path,
        sep=reading["delimiter"] or ",",
        quotechar=reading["quote"] or '"',
        encoding=reading["encoding"] or "utf-8",
        comment=reading["comment"] or None,
        skiprows=reading["first_line"] - 1,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=True,
    )
    raw.columns = [str(name).strip() for name in raw.columns]
    return pd.DataFrame(
        {column["name"]: read_column(raw, column, reading["decimal"]) for column in resolved["table"]["columns"]}
    )


def read_column(raw: pd.DataFrame, column: dict[str, Any], decimal: str) -> pd.Series:
    """Return the values of a column: numbers, times, or words with None where one is missing."""
    if "marks" in column:
        result = raw[column["marks"]].str.strip().str.extract(LIMIT)
        signs = result[0].replace({"≤": "<", "≥": ">"})
        return signs.where(limits_of(result[1], decimal).notna(), None)
    texts = raw[column["name"]].str.strip()
    gone = texts.isin(["", *column.get("missing", [])]) | is_missing_number(texts, column, decimal)
    for kept in column.get("kept_flags", ()):
        gone |= ~is_kept(raw[kept["flag"]].str.strip(), kept["keep"], decimal)
    if column["read_as"] == "time":
        return pd.to_datetime(texts.where(~gone, None), format=column.get("time_form") or "ISO8601")
    if column["read_as"] == "number":
        numbers = texts.map(lambda text: as_number(text, decimal))
        if "censored" in column:
            numbers = with_limits(numbers, texts, raw, column["censored"], decimal)
        return numbers.where(~gone, np.nan).astype(float)
    words = texts.where(~gone, None)
    if column["stored_as"] in ("number", "integer"):
        words = words.map(lambda text: as_label(as_number(text, decimal)), na_action="ignore")
    return words.str.lower() if column["stored_as"] == "boolean" else words


def is_missing_number(texts: pd.Series, column: dict[str, Any], decimal: str) -> pd.Series:
    """Return where a number means missing, however it is written: -999 and -999.00 are one."""
    answers = [number for word in column.get("missing", []) if np.isfinite(number := plain_number(word, decimal))]
    below, above = column.get("missing_below", -np.inf), column.get("missing_above", np.inf)
    if column["read_as"] == "time" or not (answers or {"missing_below", "missing_above"} & {*column}):
        return pd.Series(False, index=texts.index)
    numbers = texts.map(lambda text: plain_number(text, decimal))
    return numbers.isin(answers) | (numbers < below) | (numbers > above)


def plain_number(text: str, decimal: str) -> float:
    """Return the nearest number to a text of digits, NaN where it is none."""
    return as_number(text, decimal) if any(sign.isdigit() for sign in text) else float("nan")


def is_kept(flags: pd.Series, keep: list[str], decimal: str) -> pd.Series:
    """Return where a flag is among the kept; in a column of numbers or truth values it may be written in any way."""
    there, result_values = flags[flags != ""], flags.isin(keep)
    if there.str.lower().isin(["true", "false", "t", "f"]).all():
        return result_values | (
            flags.str.lower().str[:1].isin([word.lower()[:1] for word in keep if word]) & (flags != "")
        )
    numbers = flags.map(lambda text: plain_number(text, decimal))
    if there.str.match(r"[+-]?0[0-9]").any() or numbers[there.index].isna().any():
        return result_values
    return result_values | numbers.isin([number for word in keep if np.isfinite(number := plain_number(word, "."))])


def limits_of(words: pd.Series, decimal: str) -> pd.Series:
    """Return the numbers behind the signs; a comma that does not stand between thousands is a decimal mark."""
    thousands = words.str.fullmatch(THOUSANDS).fillna(False).astype(bool) & (decimal != ",")
    plain = words.str.replace(",", "", regex=False).where(thousands, words.str.replace(",", ".", regex=False))
    return pd.to_numeric(plain, errors="coerce")


def with_limits(
    numbers: pd.Series, texts: pd.Series, raw: pd.DataFrame, censored: dict[str, Any], decimal: str
) -> pd.Series:
    """Return numbers with what stands for those beyond a limit, which a sign or another column marks."""
    if "flag" in censored:
        flags = raw[censored["flag"]].str.strip().str.lower()
        below = flags.str.contains("[<≤]") | (flags == "lt")
        beyond, limits = below | flags.str.contains("[>≥]") | (flags == "gt"), numbers
    else:
        frame = texts.str.extract(LIMIT)
        limits, below = limits_of(frame[1], decimal), frame[0].isin(["<", "≤"])
        beyond = limits.notna()
    usage = limits.where(~below | (limits <= 0), 0.5 * limits) if censored["take"] == "half" else limits
    return numbers.where(~beyond, np.nan if censored["take"] == "missing" else usage)


def as_number(text: str, decimal: str) -> float:
    """Return the nearest number to a text, NaN where it is none."""
    try:
        return {"true": 1.0, "false": 0.0}.get(text.lower()) or float(text.replace(decimal, "."))
    except ValueError:
        return 0.0 if text.lower() == "false" else float("nan")


def as_label(value: float) -> str:
    """Return a number as a class is called; a whole one has no decimals."""
    return str(int(value)) if float(value).is_integer() else str(value)


# The columns derived before the rows are divided


class Derive:
    """Look back in a table in the order of time."""

    def __init__(self, frame: pd.DataFrame, time_column: str | None, rules: list[dict[str, Any]]) -> None:
        self.frame = frame
        self.times = frame[time_column] if time_column else None
        self.rules = {rule["name"]: rule for rule in rules if rule["kind"] != "as_known"}

    def source(self, name: str) -> pd.Series:
        """Return a column of the file, or one derived as if everything were known at its row."""
        rule = self.rules.get(name)
        if rule is None:
            return self.frame[name]
        return self.column(rule if rule["kind"] == "lag" else {**rule, "offset": 0})

    def together(self, rule: dict[str, Any]) -> list[pd.Series]:
        """Return all sources of a rule in standard units."""
        own, columns = rule["parameters"], [self.source(name).astype(float) for name in rule["sources"]]
        last = len(own["factors"]) - 1
        return [
            column.replace([np.inf, -np.inf], np.nan) * own["factors"][min(place, last)]
            + own["offsets"][min(place, last)]
            for place, column in enumerate(columns)
        ]

    def column(self, rule: dict[str, Any]) -> pd.Series:
        """Return a derived column."""
        own = rule["parameters"]
        if rule.get("sources"):
            made = self.of_several(rule)
            if not rule["offset"]:
                return made
            return self.by_group(made, {**rule, "kind": "lag"})
        values = self.source(rule["source"])
        if rule["kind"] == "day_length":
            return 24 / np.pi * sunset_of(values.dt.day_of_year, own["latitude"])
        if rule["kind"] == "date_parts":
            return date_part(values, own)
        if rule["kind"] == "cyclic":
            kind = "lag" if rule["source"] in self.rules else "as_known"
            known = self.by_group(values, {**rule, "kind": kind}) if rule["offset"] else values.astype(float)
            angle = 2 * np.pi * known / own["period"]
            return np.sin(angle) if own["wave"] == "sine" else np.cos(angle)
        return self.by_group(values, rule)

    def of_several(self, rule: dict[str, Any]) -> pd.Series:
        """Compute a rule of several columns, as if everything were known at its row."""
        columns = self.together(rule)
        if rule["kind"] == "effective_rain":
            return columns[0] - columns[1]
        if rule["kind"] == "potential_evaporation":
            return self.evaporation(columns, rule)
        if rule["kind"] != "degree_day_snow":
            return stop(f"There is no rule {rule['kind']}.")
        warmth = columns[1] if len(columns) == 2 else (columns[1] + columns[2]) / 2
        table = pd.DataFrame({"rain": columns[0], "warmth": warmth, "time": self.times})
        groups = self.frame[rule["group"]].fillna(MISSING) if rule.get("group") else np.zeros(len(table))
        days = rule["step_seconds"] / 86_400 if rule["by"] == "time" else None
        parts = [snow(rows, rule["parameters"], days) for _, rows in table.groupby(groups, sort=False)]
        return pd.concat(parts).reindex(table.index)

    def evaporation(self, columns: list[pd.Series], rule: dict[str, Any]) -> pd.Series:
        """Return potential evaporation by step, or by day where steps are irregular."""
        own, days = rule["parameters"], self.times.dt.day_of_year
        degrees = columns if own["sun_from"] == "latitude" else columns[:-1]
        if own["sun_from"] == "latitude":
            north = pd.Series(float(own["latitude"]), index=days.index)
        elif own["sun_from"] == "latitude_column":
            north = columns[-1].where(columns[-1].abs() <= 90)
        else:
            table = pd.DataFrame({"time": self.times, "day": days, "hours": columns[-1]})
            groups = self.frame[rule["group"]].fillna(MISSING) if rule.get("group") else np.zeros(len(table))
            parts = [latitudes(rows) for _, rows in table.groupby(groups, sort=False)]
            north = pd.concat(parts).reindex(table.index)
        sun, sunset, north = 0.409 * np.sin(2 * np.pi * days / 365 - 1.39), sunset_of(days, north), np.radians(north)
        height = sunset * np.sin(north) * np.sin(sun) + np.cos(north) * np.cos(sun) * np.sin(sunset)
        above = 1440 / np.pi * 0.082 * (1 + 0.033 * np.cos(2 * np.pi * days / 365)) * height * 0.408
        mean = sum(degrees[1:], degrees[0]) / len(degrees)
        if own["method"] == "oudin":
            made = above * (mean + 5).clip(lower=0) / 100
        else:
            span = degrees[1] - degrees[0]
            made = 0.0023 * above * (mean + 17.8).clip(lower=0) * np.sqrt(span.where(span >= 0))
        return made * (rule["step_seconds"] / 86_400 if rule["by"] == "time" else 1.0)

    def by_group(self, values: pd.Series, rule: dict[str, Any]) -> pd.Series:
        """Return a derived column, group by group."""
        parts = []
        groups = self.frame[rule["group"]].fillna(MISSING) if rule.get("group") else np.zeros(len(values))
        for _, rows in values.groupby(groups, sort=False):
            parts.append(self.within_group(rows, rule))
        return pd.concat(parts).reindex(values.index)

    def within_group(self, rows: pd.Series, rule: dict[str, Any]) -> pd.Series:
        """Return a derived column for the rows of one group, of which the first of each moment is looked at."""
        times = pd.DatetimeIndex(self.times.loc[rows.index])
        known = pd.Series(rows.to_numpy(), index=times)
        known = known[~known.index.duplicated()].sort_index()
        step = pd.Timedelta(seconds=rule["step_seconds"]) if rule["by"] == "time" else None
        return pd.Series(self.follow(known, times, rule, step), index=rows.index)

    def follow(self, known: pd.Series, times: pd.DatetimeIndex, rule: dict[str, Any], step: Any) -> Any:
        """Return the values of a rule at `times`."""
        kind, own, offset = rule["kind"], rule["parameters"], rule["offset"]

        def back(values: pd.Series, steps: int) -> Any:
            moved = values.shift(steps).reindex(times) if step is None else values.reindex(times - steps * step)
            return moved.to_numpy()

        if kind == "lag":
            return back(known, offset)
        if kind == "as_known":
            return as_known(known, offset, step).reindex(times).to_numpy()
        if kind == "last_known":
            return last_known(known, rule, step).reindex(times).to_numpy()
        if kind == "difference":
            return back(known, offset) - back(known, offset + own["step"])
        if kind == "antecedent_precipitation":
            return back(wetness(known, own["decay"], step), offset)
        if kind == "exponential_memory":
            return back(memory(known, own["keep"], step), offset)
        if kind not in ("rolling_sum", "rolling_mean", "window_sums", "window_means"):
            return stop(f"There is no rule {kind}.")
        least, window = rule["minimum_known"], rule["window"]
        if step is None:
            mean = known.shift(offset).rolling(window, min_periods=least).mean().reindex(times).to_numpy()
        elif offset == 0:
            mean = known.rolling(window * step, min_periods=least, closed="right").mean().reindex(times).to_numpy()
        else:
            # The window ends at t - offset: shift the moments forward, so that it ends where they stand.
            moved = known.copy()
            moved.index = moved.index + offset * step
            every = moved.reindex(moved.index.union(pd.DatetimeIndex(times.unique())))
            mean = every.rolling(window * step, min_periods=least, closed="right").mean().reindex(times).to_numpy()
        return mean * window if kind in ("rolling_sum", "window_sums") else mean


def memory(known: pd.Series, keep: float, step: Any) -> pd.Series:
    """Return the mean of all known values, each weighted by how many steps old it is."""
    total, weight, last, means = 0.0, 0.0, None, []
    for moment, value in known.items():
        steps = 1 if step is None or last is None else int((moment - last) / step)
        total, weight, last = keep**steps * total, keep**steps * weight, moment
        if np.isfinite(value):
            total, weight = total + value, weight + 1.0
        means.append(total / weight if weight * (1 - keep) >= 0.5 else np.nan)
    return pd.Series(means, index=known.index)


def sunset_of(days: pd.Series, north: Any) -> Any:
    """Return the hour angle of sunset in radians."""
    return np.arccos((-np.tan(np.radians(north)) * np.tan(0.409 * np.sin(2 * np.pi * days / 365 - 1.39))).clip(-1, 1))


def latitudes(rows: pd.DataFrame) -> pd.Series:
    """Return the latitude that the lengths of the days so far tell, for each row of one group."""
    dated = rows[rows["time"].notna()].sort_values("time", kind="stable")
    above, below, last, results = 0.0, 0.0, None, {}
    for moment, day, hours in zip(dated["time"], dated["day"], dated["hours"], strict=True):
        if moment == last:
            continue
        last, slope = moment, np.tan(0.409 * np.sin(2 * np.pi * day / 365 - 1.39))
        if np.isfinite(hours) and 0 < hours < 24:
            above, below = above - np.cos(np.pi * hours / 24) * slope, below + slope**2
        results[moment] = np.degrees(np.arctan(above / below)) if below >= 0.1 else np.nan
    return rows["time"].map(results)


def snow(rows: pd.DataFrame, own: dict[str, Any], days: float | None) -> pd.Series:
    """Return store, melt or liquid water of one group; of rows that share a moment, the first counts."""
    dated = rows[rows["time"].notna()].sort_values("time", kind="stable")
    store, last, results = 0.0, None, {}
    for moment, rain, warmth in zip(dated["time"], dated["rain"], dated["warmth"], strict=True):
        if moment == last:
            continue
        since = 0.0 if last is None else (moment - last) / pd.Timedelta(days=1)
        last, length = moment, since if days is None else days
        if not (np.isfinite(rain) and np.isfinite(warmth)):
            results[moment] = np.nan
            continue
        fallen, over = max(rain, 0.0), warmth - own["threshold"]
        if own["transition"] > 0:
            share = min(1.0, max(0.0, (own["threshold"] + own["transition"] - warmth) / own["transition"]))
        else:
            share = 1.0 if over <= 0 else 0.0
        melt = min(store + share * fallen, own["factor"] * length * max(over, 0.0))
        store += share * fallen - melt
        results[moment] = {"store": store, "melt": melt, "liquid": fallen - share * fallen + melt}[own["gives"]]
    return rows["time"].map(results)


def wetness(known: pd.Series, keep: float, step: Any) -> pd.Series:
    """Return the antecedent precipitation index; it starts anew after each missing value and each missing step."""
    index, before, last = [], None, None
    for moment, value in known.items():
        broken = before is None or (step is not None and moment - last != step)
        before = None if not np.isfinite(value) else value if broken else keep * before + value
        last = moment
        index.append(np.nan if before is None else before)
    return pd.Series(index, index=known.index)


def last_usable(known: pd.Series, offset: int, step: Any) -> np.ndarray:
    """Return the place of the last moment that lies `offset` steps before each moment or earlier, -1 for none."""
    if step is None:
        return np.maximum(np.arange(len(known)) - offset, -1)
    return known.index.searchsorted(known.index - offset * step, side="right") - 1


def as_known(known: pd.Series, offset: int, step: Any) -> pd.Series:
    """Return the value `offset` steps before; of a column that begins constant for half its rows, that constant."""
    moved = None if step is None else known.reindex(known.index - offset * step)
    exact = known.shift(offset) if moved is None else moved.set_axis(known.index)
    changes = np.flatnonzero((known != known.iloc[0]).to_numpy()) if len(known) else np.array([], dtype=int)
    unchanged = int(changes[0]) if len(changes) else len(known)
    if 2 * unchanged < len(known):
        return exact
    return exact.mask(last_usable(known, offset, step) < unchanged, known.iloc[0])


def last_known(known: pd.Series, rule: dict[str, Any], step: Any) -> pd.Series:
    """Return the last known value of the window that ends `offset` steps before, or its age."""
    offset, window, results = rule["offset"], rule["window"], []
    usable = last_usable(known, offset, step)
    for place, moment in enumerate(known.index):
        first = moment - (offset + window - 1) * step if step is not None else None
        value, age = np.nan, np.nan
        for position in range(usable[place], -1, -1):
            if (place - position >= offset + window) if step is None else (known.index[position] < first):
                break
            if np.isfinite(known.iloc[position]):
                value, age = known.iloc[position], (moment - known.index[position]) / (step or pd.Timedelta(days=1))
                break
        results.append(value if rule["parameters"]["gives"] == "value" else age)
    return pd.Series(results, index=known.index)


def date_part(times: pd.Series, own: dict[str, Any]) -> pd.Series:
    """Return a part of the date, or a wave of it."""
    part = own["part"]
    if "wave" not in own:
        return getattr(times.dt, {"weekday": "day_of_week"}.get(part, part)).astype(float)
    turn = {
        "doy_cyclic": lambda: (times.dt.day_of_year - 1) / 365.25,
        "month_cyclic": lambda: (times.dt.month - 1) / 12,
        "weekday_cyclic": lambda: times.dt.day_of_week / 7,
        "hour_cyclic": lambda: (times.dt.hour + times.dt.minute / 60) / 24,
    }[part]()
    return np.sin(2 * np.pi * turn) if own["wave"] == "sine" else np.cos(2 * np.pi * turn)


# The table, its order, and the rows of every part


class Table:
    """What is trained on: features, target and row numbers, in order."""

    def __init__(self, config: dict[str, Any], path: str) -> None:
        resolved, task = config["resolved"], config["task"]
        table = resolved["table"]
        frame = read_file(path, resolved)
        frame["\0row"] = np.arange(1, len(frame) + 1)
        by = table["order"].get("by")
        if by:
            frame = frame[frame[by].notna()].sort_values(by, kind="stable").reset_index(drop=True)
        derive = Derive(frame, by, resolved["derived"])
        made = {rule["name"]: derive.column(rule) for rule in resolved["derived"]}
        shifted = {rule["name"] for rule in resolved["derived"] if rule["kind"] == "as_known"}
        target = frame[table["target"]]
        usable = target.notna() if table.get("classes") else np.isfinite(target.astype(float))
        read_as = {column["name"]: column["read_as"] for column in table["columns"]}
        columns = {name: feature(frame[name], read_as[name]) for name in read_as if name not in shifted}
        # A word that is not known yet is missing as any other.
        made = {name: feature(made[name], read_as.get(name, "number")) for name in made}
        features = pd.DataFrame({**columns, **made}).replace([np.inf, -np.inf], np.nan)
        self.features = features[usable].reset_index(drop=True)
        self.classes = table.get("classes")
        kept = target[usable]
        codes = {label: code for code, label in enumerate(self.classes or ())}
        self.target = kept.map(codes).to_numpy() if self.classes else kept.to_numpy(dtype=float)
        self.rows = frame.loc[usable, "\0row"].to_numpy()
        self.times = frame.loc[usable, by].reset_index(drop=True) if by else None
        group = task.get("group_column")
        self.groups = frame.loc[usable, group].fillna(MISSING).to_numpy() if group else None
        if (len(self.rows), hash_of(self.rows)) != (table["rows"], table["sha256"]):
            stop(f"The table has {len(self.rows)} rows, not the {table['rows']} of the config, or others.")

    def draw(self, step: dict[str, Any], among: np.ndarray, number: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that train and those that judge, as a splitter of scikit-learn draws them among some rows."""
        own = dict(step["parameters"])
        classes = self.target[among] if own.pop("stratify", False) else None
        splitter = getattr(model_selection, step["step"].rpartition(".")[2])
        if step["step"].endswith("train_test_split"):
            train, judged = splitter(np.arange(len(among)), stratify=classes, **own)
        else:
            groups = None if self.groups is None else self.groups[among]
            cuts = splitter(**own).split(np.zeros(len(among)), classes, groups)
            train, judged = next(islice(cuts, number, None))
        return among[np.sort(train)], among[np.sort(judged)]

    def find(
        self, rows: dict[str, Any], others: np.ndarray, development: np.ndarray, drawn: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the positions of a set of rows, and stop where its hash is another one."""
        kept = np.ones(len(self.rows), dtype=bool)
        rule = rows["rule"]
        if rule in ("groups", "groups_and_dates"):
            kept &= np.isin(self.groups, rows["groups"])
        if rule in ("dates", "groups_and_dates"):
            kept &= self.times.between(pd.Timestamp(rows["start"]), pd.Timestamp(rows["end"])).to_numpy()
        if rule == "rest":
            kept = development & ~others
        if rule == "rows":
            listed = np.concatenate([np.arange(first, last + 1) for first, last in rows["runs"]])
            kept = np.isin(self.rows, listed)
        result_values = np.flatnonzero(kept) if drawn is None else drawn
        if hash_of(self.rows[result_values]) != rows["sha256"]:
            stop(f"The rule {rule} finds {len(result_values)} rows, not the {rows['count']} of the config, or others.")
        return result_values


def feature(values: pd.Series, read_as: str) -> pd.Series:
    """Return a column as the pipeline meets it."""
    if read_as == "time":
        return (values - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return values.fillna(MISSING).astype(object) if read_as == "word" else values


def hash_of(numbers: np.ndarray) -> str:
    """Return the SHA-256 of row numbers as texts, with a line feed between two of them."""
    return hashlib.sha256("\n".join(map(str, numbers.tolist())).encode()).hexdigest()


# The steps of ours, as docs/resolved.md defines them


class EmptyColumns(TransformerMixin, BaseEstimator):
    """Zeros where a column has fewer known values than `fewest` in the rows that train."""

    def __init__(self, fewest: int = 1) -> None:
        self.fewest = fewest

    def fit(self, X: Any, y: Any = None) -> EmptyColumns:
        """Find these columns."""
        self.empty_ = (~np.isnan(np.asarray(X, dtype=float))).sum(axis=0) < self.fewest
        return self

    def transform(self, X: Any) -> Any:
        """Put zeros there."""
        values = np.array(X, dtype=float)
        values[:, self.empty_] = 0.0
        return values


class MissingMarks(TransformerMixin, BaseEstimator):
    """1 where a value is missing, else 0."""

    def fit(self, X: Any, y: Any = None) -> MissingMarks:
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        """Mark."""
        values = np.asarray(X)
        return (values == MISSING if values.dtype == object else np.isnan(values.astype(float))).astype(float)


class OffsetLogarithm(TransformerMixin, BaseEstimator):
    """ln(x + offset); missing where that is not above 0."""

    def __init__(self, offset: float = 1.0) -> None:
        self.offset = offset

    def fit(self, X: Any, y: Any = None) -> OffsetLogarithm:
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        """Take the logarithm."""
        values = np.asarray(X, dtype=float) + self.offset
        return np.log(np.where(values > 0, values, np.nan))


class CommonestWord(TransformerMixin, BaseEstimator):
    """The commonest word of the rows that train, the first of equals by alphabet, where one is missing."""

    def fit(self, X: Any, y: Any = None) -> CommonestWord:
        """Count."""
        self.words_ = []
        for column in np.asarray(X, dtype=object).T:
            counts = pd.Series(column[column != MISSING]).value_counts().sort_index()
            self.words_.append(counts.idxmax() if len(counts) else MISSING)
        return self

    def transform(self, X: Any) -> Any:
        """Fill."""
        values = np.array(X, dtype=object)
        for place, word in enumerate(self.words_):
            values[values[:, place] == MISSING, place] = word
        return values


class TargetMeans(TransformerMixin, BaseEstimator):
    """scikit-learn's target encoder, with folds of its own that are drawn with the seed."""

    def __init__(self, classes: bool = False, folds: int = 5, seed: int = 0) -> None:
        self.classes = classes
        self.folds = folds
        self.seed = seed

    def encoder(self, y: Any) -> Any:
        """Return the encoder for a target."""
        counts = np.unique(y, return_counts=True)[1] if self.classes else np.array([len(y)])
        rarest = int(counts.min())
        kind = "continuous" if not self.classes else "binary" if len(counts) == 2 else "multiclass"
        splitter = StratifiedKFold if self.classes and rarest >= 2 else KFold
        folds = splitter(max(2, min(self.folds, rarest)), shuffle=True, random_state=self.seed)
        return TargetEncoder(target_type=kind, cv=folds)

    def fit(self, X: Any, y: Any) -> TargetMeans:
        """Learn the means."""
        self.encoder_ = self.encoder(y).fit(np.asarray(X, dtype=object), y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn, and give each row a mean that it is not in."""
        self.encoder_ = self.encoder(y)
        return self.encoder_.fit_transform(np.asarray(X, dtype=object), y)

    def transform(self, X: Any) -> Any:
        """Give every word its mean."""
        return self.encoder_.transform(np.asarray(X, dtype=object))


class EvenDecision(BaseEstimator):
    """Learns the classes as they are, and divides by a power of their shares to decide."""

    def __init__(self, estimator: Any = None, power: float = 1.0) -> None:
        self.estimator = estimator
        self.power = power

    def fit(self, X: Any, y: Any) -> EvenDecision:
        """Fit the estimator, and count the classes."""
        self.classes_, self.counts_ = np.unique(y, return_counts=True)
        self.estimator.fit(X, y)
        self.common_ = (self.counts_ / self.counts_.sum()) ** self.power
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes as they are."""
        return np.asarray(self.estimator.predict_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the class whose probability is the largest beside its share."""
        smooth = self.counts_.sum() * self.predict_proba(X) + 1
        return self.classes_[np.argmax(smooth / self.common_, axis=1)]


KINDS = (EmptyColumns, MissingMarks, OffsetLogarithm, CommonestWord, TargetMeans, EvenDecision)
OURS = {kind.__name__: kind for kind in KINDS}


# Fitting


def build(step: dict[str, Any]) -> Any:
    """Return a step with its parameters."""
    module, _, name = step["step"].rpartition(".")
    kind = OURS.get(name) if module == "hydroml" else getattr(importlib.import_module(module), name)
    if kind is None:
        stop(f"This script does not know the step {step['step']}.")
    return kind(**{name: value_of(name, value) for name, value in step["parameters"].items()})


def value_of(name: str, value: Any) -> Any:
    """Return a parameter."""
    if isinstance(value, dict) and set(value) == {"step", "parameters"}:
        return build(value)
    if name == "dtype":
        return getattr(np, value)
    return float(value) if value in ("nan", "inf", "-inf") else value


def pipeline_of(prepare: list[dict[str, Any]], estimator: dict[str, Any]) -> Pipeline:
    """Return the pipeline of a part."""
    sets = [
        (columns["name"], make_pipeline(*[build(step) for step in columns["steps"]]), columns["columns"])
        for columns in prepare
    ]
    return Pipeline([("prepare", ColumnTransformer(sets, sparse_threshold=0)), ("estimate", build(estimator))])


def score(metric: str, observed: np.ndarray, predicted: np.ndarray) -> float | None:
    """Return the metrics that are quickly written down; None for others."""
    if metric == "nse":
        return float(1 - ((observed - predicted) ** 2).sum() / ((observed - observed.mean()) ** 2).sum())
    if metric == "rmse":
        return float(np.sqrt(((observed - predicted) ** 2).mean()))
    return float((observed == predicted).mean()) if metric == "accuracy" else None


def parts_of(config: dict[str, Any], path: str) -> Iterator[tuple[str, np.ndarray, np.ndarray, float | None]]:
    """Yield the name, row numbers, predictions and primary score of every part."""
    resolved = config["resolved"]
    if "filling" in resolved:
        stop(f"This script does not know the step {resolved['filling']['step']}.")
    table = Table(config, path)
    nothing, everything = np.zeros(len(table.rows), dtype=bool), np.ones(len(table.rows), dtype=bool)
    split, places = resolved["split"], np.arange(len(table.rows))
    kept = split["development"]
    drawn = table.draw(split["holdout_draw"], places)[0] if kept["rule"] == "drawn" else None
    development = np.isin(places, table.find(kept, nothing, everything, drawn))
    for number, part in enumerate(resolved["parts"]):
        drawn, rules = None, {part["validation"]["rule"], part["train"]["rule"]}
        if "drawn" in rules:
            held_out = part["name"] == "hold-out"
            step, among = ("holdout_draw", everything) if held_out else ("draw", development)
            drawn = table.draw(split[step], np.flatnonzero(among), 0 if held_out else number)
        judged_by_draw = drawn[1] if drawn and part["validation"]["rule"] == "drawn" else None
        validation = table.find(part["validation"], nothing, everything, judged_by_draw)
        train_by_draw = drawn[0] if drawn and part["train"]["rule"] == "drawn" else None
        train = table.find(part["train"], np.isin(places, validation), development, train_by_draw)
        told = [(element, element["weights"][part["name"]]) for element in resolved.get("members", [])] or [
            (resolved, 1.0)
        ]
        told = [(element, weight) for element, weight in told if weight]
        fitted = []
        for item, weight in told:
            own = next(own for own in item["parts"] if own["name"] == part["name"])
            pipeline = pipeline_of(own.get("prepare", item["prepare"]), own.get("estimator", item["estimator"]))
            fitted.append((pipeline.fit(table.features.iloc[train], table.target[train]), weight))
        answer = averaged(fitted, table.features.iloc[validation], len(table.classes or ()), len(train))
        value = score(config["metrics"]["primary"], table.target[validation], answer)
        yield (
            part["name"],
            table.rows[validation],
            np.asarray(table.classes)[answer] if table.classes else answer,
            value,
        )


def averaged(fitted: list[tuple[Pipeline, float]], features: pd.DataFrame, classes: int, rows: int) -> np.ndarray:
    """Predict by one pipeline or by the average of several: of classes that of their probabilities."""
    if len(fitted) == 1:
        return np.asarray(fitted[0][0].predict(features))
    if not classes:
        return np.asarray(sum(weight * pipeline.predict(features) for pipeline, weight in fitted))
    shares = np.zeros((len(features), classes))
    for pipeline, weight in fitted:
        own = np.zeros((len(features), classes))
        own[:, pipeline.classes_] = pipeline.predict_proba(features)
        own = (rows * own + 1) / (rows + classes)
        if isinstance(pipeline[-1], EvenDecision):
            common = np.full(classes, np.inf)
            common[pipeline.classes_] = pipeline[-1].common_
            own = own / common
            own = own / own.sum(axis=1, keepdims=True)
        shares += weight * own
    return np.argmax(shares, axis=1)


def difference(predictions: np.ndarray, exported: pd.Series) -> float:
    """Return the largest difference, relative to the larger of 1 and the prediction; of classes, the share wrong."""
    if predictions.dtype.kind in "fiu":
        other = exported.to_numpy(dtype=float)
        return float(np.max(np.abs(predictions - other) / np.maximum(1.0, np.abs(other))))
    return float(np.mean(predictions.astype(str) != exported.astype(str).to_numpy()))


def main(arguments: list[str]) -> None:
    """Repeat the experiment, and print what came of it."""
    config = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    if "resolved" not in config:
        stop("The config has no `resolved`: export it once the experiment has finished.")
    exported = pd.read_csv(arguments[2], dtype=str, keep_default_na=False) if len(arguments) > 2 else None
    scores, largest = {}, None
    for name, rows, predictions, value in parts_of(config, arguments[1]):
        scores[name] = value
        if exported is not None:
            own = exported[exported["part"] == name]
            if own["row"].astype(int).tolist() != rows.tolist():
                stop(f"The exported predictions of {name} are about other rows.")
            largest = max(largest or 0.0, difference(predictions, own["predicted"]))
    print(json.dumps({"scores": scores, "difference": largest}))


if __name__ == "__main__":
    main(sys.argv[1:])
