"""Features with a memory: what the product reaches with every suggestion accepted, beside quick boosting by hand.

Goals (issue 18): Piscataquis, last fifth, 0.86; wells of Germany and the Netherlands in the published windows 0.82 and
0.89; Kingstown 0.92; ten basins from 2006-10-01, medians: one model each 0.69, one regional model 0.70, each basin left
out once 0.50; four basins never gauged 0.40; Piscataquis 1, 3 and 7 days ahead 0.93, 0.90, 0.88 with drivers known and
0.70, 0.32, 0.14 without, above every baseline.

Each record is read and planned as in the product. What is answered is the target, the purpose and the rows held out,
so that both are judged on the same rows; everything else is suggested. "By hand" is the script that set the goals
(degree-day snow, means of 3 to 365 steps, lags, decays and season; boosting as it comes), trained and judged on the
very rows of the product. Windows, factor and settings were chosen on training rows of Piscataquis, Kingstown, the two
wells and the ten basins before 2006-10-01; the four basins were never looked at.

`python -m benchmarks.memory [NAME ...]` takes some of the rows; `--rules` launches what the rules put first, instead of
what short fits put first, and `--development` judges the last fifth of the training rows instead of those held out.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.experiment import ModelPart, Spec
from app.domain.recommendation.estimators import rank
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.traits import traits_of_spec
from app.domain.recommendation.verdict import order_estimators
from app.domain.training.fold_fit import fit_fold
from app.domain.training.preprocessing.baseline_inputs import baseline_names
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import make_split
from app.domain.training.validation.strategies import Fold
from benchmarks.memory_by_hand import by_hand
from tests.domain.reading import Known, known, read_path
from tests.domain.tables import REAL
