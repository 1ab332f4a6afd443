"""Every mapped class, so that one import knows the whole schema."""

from app.storage.tables.accounts import SignInAttempt, SignInLink, User, WebSession
from app.storage.tables.datasets import Dataset, TargetAssociation
from app.storage.tables.drafts import DraftEvent, DraftRow
from app.storage.tables.experiments import Experiment, Job, WorkerBeat

__all__ = [
    "Dataset",
    "DraftEvent",
    "DraftRow",
    "Experiment",
    "Job",
    "SignInAttempt",
    "SignInLink",
    "TargetAssociation",
    "User",
    "WebSession",
    "WorkerBeat",
]
