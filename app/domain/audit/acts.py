"""The acts that the audit trail records. Their names are wire values in the table and in exports."""

from __future__ import annotations

from enum import StrEnum


class AuditAct(StrEnum):
    """The kinds of acts that the audit trail records: a kind of thing, and a verb."""

    SIGN_IN = "account.sign_in"
    FAIL_SIGN_IN = "account.fail_sign_in"
    SIGN_OUT = "account.sign_out"
    CREATE_ACCOUNT = "account.create"
    CHANGE_ROLE = "account.change_role"
    CHANGE_PASSWORD = "account.change_password"  # noqa: S105  # the name of an act, no password
    CHANGE_EMAIL = "account.change_email"
    DISABLE_ACCOUNT = "account.disable"
    ENABLE_ACCOUNT = "account.enable"
    END_SESSIONS = "account.end_sessions"
    MAKE_SIGN_IN_LINK = "account.make_sign_in_link"
    CREATE_TOKEN = "token.create"  # noqa: S105  # the name of an act, no token
    REVOKE_TOKEN = "token.revoke"  # noqa: S105  # the name of an act, no token
    ADD_DATASET = "dataset.add"
    REREAD_DATASET = "dataset.reread"
    DELETE_DATASET = "dataset.delete"
    RESTORE_DATASET = "dataset.restore"
    PURGE_DATASET = "dataset.purge"
    CREATE_DRAFT = "draft.create"
    CHANGE_ANSWERS = "draft.change_answers"
    DISCARD_DRAFT = "draft.discard"
    LAUNCH = "experiment.launch"
    CANCEL = "experiment.cancel"
    END_CANDIDATE = "experiment.end_candidate"
    FINISH_EARLY = "experiment.finish_early"
    CHANGE_NOTES = "experiment.change_notes"
    EXPORT_EXPERIMENT = "experiment.export"
    CREATE_TEMPLATE = "template.create"
    CHANGE_TEMPLATE = "template.change"
    ARCHIVE_TEMPLATE = "template.archive"
    RESTORE_TEMPLATE = "template.restore"
    APPLY_TEMPLATE = "template.apply"
    EXPORT_TEMPLATE = "template.export"
    CURATE_TEMPLATE = "template.curate"
    UNDO_CURATION = "template.undo_curation"
    EXPORT_AUDIT = "audit.export"
    SHORTEN_ADDRESSES = "audit.shorten_addresses"
    REQUEUE_JOB = "job.requeue"
    STOP_JOB = "job.stop"
    EXPORT_ANALYTICS = "analytics.export"

    @property
    def kind(self) -> str:
        """Return the kind of thing that it is done to."""
        return self.value.partition(".")[0]


KINDS: tuple[str, ...] = tuple(dict.fromkeys(act.kind for act in AuditAct))

TITLES: dict[AuditAct, str] = {
    AuditAct.SIGN_IN: "Signed in",
    AuditAct.FAIL_SIGN_IN: "Failed to sign in",
    AuditAct.SIGN_OUT: "Signed out",
    AuditAct.CREATE_ACCOUNT: "Added an account",
    AuditAct.CHANGE_ROLE: "Changed a role",
    AuditAct.CHANGE_PASSWORD: "Changed a password",
    AuditAct.CHANGE_EMAIL: "Changed an e-mail address",
    AuditAct.DISABLE_ACCOUNT: "Disabled an account",
    AuditAct.ENABLE_ACCOUNT: "Enabled an account",
    AuditAct.END_SESSIONS: "Ended sessions",
    AuditAct.MAKE_SIGN_IN_LINK: "Made a sign-in link",
    AuditAct.CREATE_TOKEN: "Created a token",
    AuditAct.REVOKE_TOKEN: "Revoked a token",
    AuditAct.ADD_DATASET: "Added a dataset",
    AuditAct.REREAD_DATASET: "Read a file again",
    AuditAct.DELETE_DATASET: "Deleted a dataset",
    AuditAct.RESTORE_DATASET: "Restored a dataset",
    AuditAct.PURGE_DATASET: "Removed the files of a dataset",
    AuditAct.CREATE_DRAFT: "Started a draft",
    AuditAct.CHANGE_ANSWERS: "Changed answers",
    AuditAct.DISCARD_DRAFT: "Discarded a draft",
    AuditAct.LAUNCH: "Launched an experiment",
    AuditAct.CANCEL: "Cancelled an experiment",
    AuditAct.END_CANDIDATE: "Ended a candidate",
    AuditAct.FINISH_EARLY: "Finished a contest early",
    AuditAct.CHANGE_NOTES: "Changed name or notes",
    AuditAct.EXPORT_EXPERIMENT: "Exported from an experiment",
    AuditAct.CREATE_TEMPLATE: "Created a template",
    AuditAct.CHANGE_TEMPLATE: "Changed a template",
    AuditAct.ARCHIVE_TEMPLATE: "Archived a template",
    AuditAct.RESTORE_TEMPLATE: "Restored a template",
    AuditAct.APPLY_TEMPLATE: "Applied a template",
    AuditAct.EXPORT_TEMPLATE: "Exported a template",
    AuditAct.CURATE_TEMPLATE: "Curated a template",
    AuditAct.UNDO_CURATION: "Undid a curation",
    AuditAct.EXPORT_AUDIT: "Exported the audit trail",
    AuditAct.SHORTEN_ADDRESSES: "Shortened addresses",
    AuditAct.REQUEUE_JOB: "Requeued a job",
    AuditAct.STOP_JOB: "Stopped a job",
    AuditAct.EXPORT_ANALYTICS: "Exported analytics",
}


def title_of(act: str) -> str:
    """Return the words for an act.

    Parameters
    ----------
    act
        The stored name, perhaps of an act that this version does not know.

    Returns
    -------
    str
        The words, or the stored name itself.
    """
    known = {item.value: words for item, words in TITLES.items()}
    return known.get(act, act)
