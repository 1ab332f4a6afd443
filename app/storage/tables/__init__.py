"""All mapped tables, so that one import knows the whole schema."""

from app.storage.tables.accounts import ApiToken, KnownAddress, RateCounter, SignInLink, User, WebSession
from app.storage.tables.audit import AuditEntry
from app.storage.tables.datasets import Dataset
from app.storage.tables.drafts import DraftEvent, DraftRow
from app.storage.tables.experiment_templates import (
    ExperimentTemplate,
    TemplateEvent,
    TemplatePerson,
    TemplateUsage,
    TemplateVersion,
)
from app.storage.tables.experiments import Experiment, Job, WorkerBeat
from app.storage.tables.idempotency import IdempotencyKey
from app.storage.tables.measurements import (
    CorrelationBlock,
    JsonResult,
    ModelEvidence,
    TargetAssociation,
    TargetRanking,
)
from app.storage.tables.timings import FitTiming
from app.storage.tables.usage import UsageEventRow

__all__ = [
    "ApiToken",
    "AuditEntry",
    "CorrelationBlock",
    "Dataset",
    "DraftEvent",
    "DraftRow",
    "Experiment",
    "ExperimentTemplate",
    "FitTiming",
    "IdempotencyKey",
    "Job",
    "JsonResult",
    "KnownAddress",
    "ModelEvidence",
    "RateCounter",
    "SignInLink",
    "TargetAssociation",
    "TargetRanking",
    "TemplateEvent",
    "TemplatePerson",
    "TemplateUsage",
    "TemplateVersion",
    "UsageEventRow",
    "User",
    "WebSession",
    "WorkerBeat",
]
