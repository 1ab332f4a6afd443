"""Every mapped class, so that one import knows the whole schema."""

from app.storage.tables.accounts import ApiToken, KnownAddress, RateCounter, SignInLink, User, WebSession
from app.storage.tables.correlations import CorrelationBlock, TargetRanking
from app.storage.tables.datasets import Dataset, TargetAssociation
from app.storage.tables.drafts import DraftEvent, DraftRow
from app.storage.tables.evidence import ModelEvidence
from app.storage.tables.experiments import Experiment, Job, WorkerBeat
from app.storage.tables.idempotency import IdempotencyKey
from app.storage.tables.timings import FitTiming

__all__ = [
    "ApiToken",
    "CorrelationBlock",
    "Dataset",
    "DraftEvent",
    "DraftRow",
    "Experiment",
    "FitTiming",
    "IdempotencyKey",
    "Job",
    "KnownAddress",
    "ModelEvidence",
    "RateCounter",
    "SignInLink",
    "TargetAssociation",
    "TargetRanking",
    "User",
    "WebSession",
    "WorkerBeat",
]
