"""Task tuples, costs and tree parameters that several estimators share."""

from __future__ import annotations

from dataclasses import replace

from app.domain.estimators.parameters import Parameter, ParameterValues
from app.domain.vocabulary import Level, TaskKind

REGRESSION = (TaskKind.REGRESSION,)
CLASSES = (TaskKind.BINARY, TaskKind.MULTICLASS)
ALL_TASKS = (*CLASSES, *REGRESSION)

# Classes are learnt as they are, and rare ones weigh more in the decision.
EVEN_DECISION = "decision"
MARGIN_WEIGHTS = Parameter(
    "class_weight",
    "Weigh classes",
    "choice",
    "none",
    "Equal weight lets a rare class count as much as a common one.",
    level=Level.BASIC,
    choices=(("none", "No weights"), ("balanced", "Equal weight in training")),
    tasks=CLASSES,
)
# Where there are probabilities, they can stay true and only the decision follow weights.
WEIGHTS = replace(
    MARGIN_WEIGHTS,
    help="Lets a rare class count as much as a common one. Weight in the decision alone leaves probabilities true.",
    choices=(*MARGIN_WEIGHTS.choices, (EVEN_DECISION, "More weight in the decision")),
)
# Where training knows no weights.
DECISION_WEIGHTS = replace(
    WEIGHTS,
    help="More weight lets a rare class count as much as a common one, and leaves probabilities true.",
    level=Level.ADVANCED,
    choices=(WEIGHTS.choices[0], WEIGHTS.choices[-1]),
)
MAX_DEPTH = Parameter(
    "max_depth",
    "Maximum depth",
    "integer",
    None,
    "How many splits may follow each other.",
    larger="Larger catches finer rules, and noise.",
    level=Level.ADVANCED,
    low=1,
    high=100,
    unit="splits",
    optional=True,
    none_means="as deep as needed",
)
MIN_LEAF = Parameter(
    "min_samples_leaf",
    "Smallest leaf",
    "integer",
    2,
    "The fewest rows that a leaf may hold.",
    larger="Larger is smoother.",
    level=Level.BASIC,
    low=1,
    high=10_000,
    unit="rows",
)
EARLY_STOPPING = Parameter(
    "early_stopping",
    "Stop early",
    "boolean",
    False,
    "A tenth of the training rows, drawn at random, says when more passes no longer help.",
    level=Level.ADVANCED,
)
MIN_SPLIT = Parameter(
    "min_samples_split",
    "Smallest node to split",
    "integer",
    2,
    "Nodes with fewer rows become leaves.",
    larger="Larger makes smaller trees.",
    level=Level.ADVANCED,
    low=2,
    high=20_000,
    unit="rows",
)
MAX_LEAVES = Parameter(
    "max_leaf_nodes",
    "Most leaves",
    "integer",
    None,
    "The best splits are made first, until a tree has this many leaves.",
    larger="Larger catches finer rules, and noise.",
    level=Level.EXPERT,
    low=2,
    high=100_000,
    unit="leaves",
    optional=True,
    none_means="as many as there are",
)
MIN_GAIN = Parameter(
    "min_impurity_decrease",
    "Least gain of a split",
    "number",
    0.0,
    "In units of the impurity, which is the variance of a numeric target.",
    larger="Larger makes fewer splits.",
    level=Level.EXPERT,
    low=0,
    high=1e6,
)
PRUNING = Parameter(
    "ccp_alpha",
    "Pruning",
    "number",
    0.0,
    "What a leaf must earn to stay, in units of the impurity.",
    larger="Larger cuts more branches.",
    level=Level.EXPERT,
    low=0,
    high=1e6,
)
IMPURITY = Parameter(
    "criterion",
    "Impurity",
    "choice",
    "gini",
    "What a split is to make smaller.",
    level=Level.EXPERT,
    choices=(("gini", "Gini"), ("entropy", "Entropy")),
    tasks=CLASSES,
)


def small_memory(rows: int, features: int, _: ParameterValues) -> float:
    """Peak memory of a method that keeps little beside the data, in MB: three float64 copies."""
    return rows * features * 8 * 3 / 1e6 + 5


def weight_of(parameters: ParameterValues) -> str | None:
    """Return scikit-learn's class_weight for the wire value."""
    return "balanced" if parameters.get("class_weight") == "balanced" else None
