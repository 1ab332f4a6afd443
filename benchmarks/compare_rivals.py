"""Fits FLAML or AutoGluon on rows that `compare.py` wrote, and prints its predictions as one line of JSON.

It is run by the interpreter of an environment of its own, and so imports nothing of the product. Both limit their work
by `time.time`, which here counts the processor seconds of this process, so that a busy machine takes nothing from them.

    python -m venv FOLDER/flaml && FOLDER/flaml/bin/pip install "flaml[automl]"
    python -m venv FOLDER/gluon && FOLDER/gluon/bin/pip install "autogluon.tabular[lightgbm,catboost,xgboost]"
"""

import json
import os
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
STARTED = time.time()
time.time = lambda: STARTED + time.process_time()
warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402


def read(folder, asked, name):
    """Return the rows of one part, columns of words as categories."""
    frame = pd.read_csv(
        f"{folder}/{name}.csv",
        dtype=dict.fromkeys(asked["categories"], "string"),
        keep_default_na=False,
        na_values=[""],
    )
    for column in asked["categories"]:
        frame[column] = frame[column].astype("object").where(frame[column].notna(), None).astype("category")
    return frame


def of_flaml(folder, asked):
    """Return the predictions of FLAML, and the classes in the order of its probabilities."""
    from flaml import AutoML

    rows, held = read(folder, asked, "train"), read(folder, asked, "held")
    answer, settings = rows.pop("answer of this row"), {}
    if asked["ordered"]:
        settings = {"split_type": "time"}
    model = AutoML()
    model.fit(
        rows,
        answer,
        task="classification" if asked["classes"] else "regression",
        metric="log_loss" if asked["classes"] else "r2",
        time_budget=asked["seconds"],
        n_jobs=1,
        seed=asked["seed"],
        verbose=0,
        **settings,
    )
    if not asked["classes"]:
        return model.predict(held), None
    return model.predict_proba(held), model.classes_


def of_gluon(folder, asked):
    """Return the predictions of AutoGluon at medium quality, and the classes in the order of its probabilities."""
    from autogluon.tabular import TabularPredictor

    rows, held = read(folder, asked, "train"), read(folder, asked, "held")
    kind = "regression"
    if asked["classes"]:
        kind = "binary" if asked["classes"] == 2 else "multiclass"
    with tempfile.TemporaryDirectory() as place:
        model = TabularPredictor(
            "answer of this row",
            problem_type=kind,
            eval_metric="log_loss" if asked["classes"] else "r2",
            path=f"{place}/models",
            verbosity=0,
        )
        model.fit(
            rows,
            presets="medium_quality",
            time_limit=asked["seconds"],
            num_cpus=1,
            num_gpus=0,
            excluded_model_types=["NN_TORCH", "FASTAI"],
        )
        if not asked["classes"]:
            return model.predict(held).to_numpy(), None
        shares = model.predict_proba(held)
        return shares.to_numpy(), list(shares.columns)


def main():
    """Fit what was asked for; print predictions, the order of the classes, and the processor seconds."""
    method, folder = sys.argv[1:]
    asked = json.loads(Path(f"{folder}/asked.json").read_text())
    values, classes = {"flaml": of_flaml, "gluon": of_gluon}[method](folder, asked)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.process_time() + ended.ru_utime + ended.ru_stime
    answer = {
        "values": [[float(one) for one in row] if asked["classes"] else float(row) for row in values],
        "classes": None if classes is None else [int(one) for one in classes],
        "seconds": seconds,
    }
    print("\n" + json.dumps(answer))


main()
