"""What a history and the facts at its end say: what was lost, stuck, given a wrong reason, done twice or left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.history import Acknowledged, DatasetFact, DraftFact, Facts, Fault, Harm, History, Sample

STUCK_SECONDS = 30.0
# How long after the harm its consequence may be written down: a lease, a sweep, and a database that is locked for long.
CONSEQUENCE_SECONDS = 90.0
# A file of which nothing has come for ten minutes counts as stopped, and every five minutes somebody looks.
UPLOAD_SECONDS = 16 * 60.0
FINAL = ("finished", "failed", "cancelled")


def _killed(*victims: str) -> Callable[[Harm], bool]:
    return lambda harm: (harm.kind == "kill" and harm.victim in (*victims, "product")) or harm.kind == "restart"


def _is(*kinds: str) -> Callable[[Harm], bool]:
    return lambda harm: harm.kind in kinds


# Which harm makes which reason a true one. A reason that is not in here is never true of what these users do.
TRUE_REASONS: dict[str, Callable[[Harm], bool]] = {
    "worker_lost": _killed("worker", "horse", "reader"),
    "reading_interrupted": _killed("reader", "worker", "horse", "web", "web master"),
    "upload_stopped": _killed("web", "web master"),
    "database_busy": _is("lock", "full_disk"),
    "disk_full": _is("full_disk"),
    "no_space": _is("full_disk"),
}
# What a 4xx may say to somebody who did nothing wrong, because the world moved: to ask again is all it takes.
PASSING_CODES = frozenset({"idempotency_in_progress", "draft_moved", "draft_conflict", "draft_launched", "too_many"})


@dataclass(frozen=True)
class Verdict:
    """One sentence for each thing that is wrong, by kind."""

    lost: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    wrong_reasons: tuple[str, ...] = ()
    double_results: tuple[str, ...] = ()
    stray_files: tuple[str, ...] = ()
    stray_processes: tuple[str, ...] = ()
    server_errors: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """Return everything that is wrong."""
        return [f"{kind}: {sentence}" for kind, var in vars(self).items() for sentence in var]


def judge(history: History, facts: Facts, samples: Sequence[Sample], *, now: float) -> Verdict:
    """Judge the history at `now`, in seconds since 1970, when no harm was done for a while."""
    return Verdict(
        lost=tuple(lost(history.acknowledged, facts)),
        stuck=tuple(stuck(samples)) + tuple(_stuck_datasets(facts, now)),
        wrong_reasons=tuple(wrong_reasons(history, facts)),
        double_results=tuple(double_results(facts)),
        stray_files=(*facts.stray_files, *_incomplete(facts)),
        stray_processes=facts.stray_processes,
        server_errors=tuple(server_errors(history, facts)),
        audit=facts.audit_faults,
    )


def lost(acknowledged: Iterable[Acknowledged], facts: Facts) -> Iterator[str]:
    """Yield what a user was told is done and is not there."""
    drafts = {draft.id: draft for draft in facts.drafts}
    experiments = {experiment.id: experiment for experiment in facts.experiments}
    by_hash: dict[str, list[DatasetFact]] = {}
    for dataset in facts.datasets:
        by_hash.setdefault(dataset.sha256, []).append(dataset)
    for item in acknowledged:
        if item.what == "launch":
            fact = experiments.get(item.experiment_id)
            if fact is None or fact.draft_id != item.draft_id:
                yield f"the experiment {item.experiment_id} of the draft {item.draft_id}"
        elif item.what == "upload":
            yield from _lost_upload(item, by_hash.get(item.sha256, []))
        else:
            yield from _lost_in_draft(item, drafts.get(item.draft_id))


def _lost_upload(acknowledged: Acknowledged, facts: Sequence[DatasetFact]) -> Iterator[str]:
    # Why a reading failed is looked at with the other reasons; here it is enough that its owner can see that it did.
    if not facts:
        yield f"the upload {acknowledged.sha256[:12]}"
    for dataset in facts:
        if dataset.state == "ready" and dataset.rows != acknowledged.rows:
            yield f"{acknowledged.rows - dataset.rows} of {acknowledged.rows} rows of the dataset {dataset.id}"


def _lost_in_draft(acknowledged: Acknowledged, draft: DraftFact | None) -> Iterator[str]:
    if draft is None:
        yield f"the draft {acknowledged.draft_id}"
        return
    answered = (changes.get(acknowledged.path, [None, None])[1] for _, changes, _ in draft.saves)
    undone = (version for version, _, undoes in draft.saves if undoes is not None)
    if acknowledged.what == "save" and acknowledged.value not in answered:
        yield f"the answer {acknowledged.value!r} to {acknowledged.path} in the draft {acknowledged.draft_id}"
    if acknowledged.what == "undo" and acknowledged.version + 1 not in undone:
        yield f"the undo of version {acknowledged.version} in the draft {acknowledged.draft_id}"


def broken_histories(drafts: Iterable[DraftFact]) -> Iterator[str]:
    """Yield drafts whose version is not that of their last save, or whose saves have a gap or a double."""
    for draft in drafts:
        versions = [version for version, _, _ in draft.saves]
        if versions != list(range(2, draft.version + 1)):
            yield f"the draft {draft.id} has version {draft.version} and the saves {versions[-5:]}"


def stuck(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield what had no end though nobody worked on anything for 30 s on end."""
    idle_since: float | None = None
    results: frozenset[str] = frozenset()
    for sample in samples:
        if sample.is_busy or not sample.open_ids:
            idle_since = None
            continue
        idle_since = sample.seconds if idle_since is None else idle_since
        if sample.seconds - idle_since >= STUCK_SECONDS:
            results |= sample.open_ids
    if samples and samples[-1].open_ids:
        # Somebody works all the time, and it never ends.
        results |= samples[-1].open_ids
    for identifier in sorted(results):
        yield f"{identifier} had no end {samples[-1].seconds:.0f} s after the last harm"


def _stuck_datasets(facts: Facts, now: float) -> Iterator[str]:
    for dataset in facts.datasets:
        if dataset.state == "receiving" and now - dataset.touched_at > UPLOAD_SECONDS:
            yield f"the upload {dataset.id} says that it arrives {now - dataset.touched_at:.0f} s after its last byte"


def wrong_reasons(history: History, facts: Facts) -> Iterator[str]:
    """Yield reasons that no harm made true, ends without a reason, and states that say something else than the job."""
    jobs = {job.subject_id: job for job in facts.jobs if job.kind == "train"}
    for job in facts.jobs:
        if job.code or job.state == "failed":
            yield from _untrue(f"the job {job.id} ({job.kind})", job.code, job.reason, history.harms,
                               (job.created_at, job.finished_at))  # fmt: skip
    for experiment in facts.experiments:
        if experiment.state not in FINAL:
            continue
        if experiment.state == "failed":
            span = experiment.created_at, experiment.finished_at
            yield from _untrue(
                f"the experiment {experiment.id}", experiment.code, experiment.reason, history.harms, span
            )
        job = jobs.get(experiment.id)
        if job is not None and job.state != experiment.state:
            yield f"the experiment {experiment.id} is {experiment.state} and its job {job.state}"
    for dataset in facts.datasets:
        if dataset.state == "failed":
            span = dataset.created_at, dataset.touched_at
            yield from _untrue(f"the dataset {dataset.id}", dataset.reason_code, dataset.reason, history.harms, span)
    for fault in history.faults:
        if 400 <= fault.status < 500:
            span = fault.at - CONSEQUENCE_SECONDS, fault.at
            if fault.code not in PASSING_CODES:
                yield from _untrue(f"the answer {fault.status} to {fault.asked}", fault.code, fault.message,
                                   history.harms, span)  # fmt: skip


def _untrue(
    what: str, code: str, reason: str, harms: Sequence[Harm], span: tuple[float, float | None]
) -> Iterator[str]:
    is_cause = TRUE_REASONS.get(code)
    begin, end = span[0] - 1, (span[1] or float("inf")) + CONSEQUENCE_SECONDS
    if not reason:
        yield f"{what} says nothing (code {code!r})"
    elif is_cause is None or not any(
        is_cause(harm) and harm.began_at <= end and harm.ended_at >= begin for harm in harms
    ):
        yield f"{what} says {code!r}: {reason}"


def double_results(facts: Facts) -> Iterator[str]:
    """Yield experiments with more than one result or job, and drafts launched twice."""
    for experiment in facts.experiments:
        if experiment.results > 1 or experiment.jobs != 1 or (experiment.results and experiment.state != "finished"):
            yield f"the experiment {experiment.id} ({experiment.state}) has {experiment.results} results and {experiment.jobs} jobs"
    twice = Counter(fact.draft_id for fact in facts.experiments)
    for draft_id, count in twice.items():
        if count > 1:
            yield f"the draft {draft_id} was launched {count} times"


def _incomplete(facts: Facts) -> Iterator[str]:
    for dataset in facts.datasets:
        if dataset.state == "ready" and not dataset.has_rows:
            yield f"the dataset {dataset.id} is ready without its rows"
        if dataset.state == "ready" and not dataset.sample and not dataset.has_original:
            yield f"the dataset {dataset.id} is ready without its original"
    for experiment in facts.experiments:
        if experiment.state == "finished" and not experiment.has_files:
            yield f"the experiment {experiment.id} is finished without its files"
        stray = [name for name in experiment.folders if name != experiment.artefacts]
        if experiment.state in FINAL and stray:
            yield f"the experiment {experiment.id} left {', '.join(stray)}"


def server_errors(history: History, facts: Facts) -> Iterator[str]:
    """Yield answers that promise nothing, histories of drafts that do not fit, and what the database finds in itself."""
    for fault in history.faults:
        if fault.status >= 500:
            yield _line(fault)
    yield from broken_histories(facts.drafts)
    if facts.database != "ok":
        yield f"the database says {facts.database}"


def _line(fault: Fault) -> str:
    return f"{fault.status} for {fault.asked}: {fault.message[:200]}"
