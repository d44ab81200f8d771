"""A job's manifest as its report is told."""

from datetime import date

from model.monitoring.drift import Snapshot
from model.release.release import Release
from model.report.batch.numbers import BatchNumbers
from model.report.book.words import in_words
from model.scoring.job.manifest import JobManifest
from model.scoring.job.sums import OF_BAND, SUMMED
from model.scoring.job.terms import JobTerms
from model.whatif.book.scenario import BookScenario, overlay_lacks
from model.whatif.customer.scenario import CUTOFF, CustomerScenario


def batch_numbers(manifest: JobManifest, release: Release, day: date) -> BatchNumbers:
    """What a job came to, told on a day."""
    sums, contract = manifest.sums, release.contract
    totals = {name: value for name, value in zip(SUMMED, sums.totals.tolist(), strict=True) if value == value}
    snapshot: Snapshot = release.snapshot
    return BatchNumbers(
        contract,
        release.id,
        manifest.source,
        day.isoformat(),
        given=manifest.rows,
        refused=sums.refused,
        about=sums.about,
        totals=totals,
        segments=sums.segments,
        columns=OF_BAND,
        points=sums.points,
        bins=sums.bins,
        snapshot=snapshot,
        cutoff=CustomerScenario().values(contract)[CUTOFF],
        scenario=_scenario_words(release, manifest.terms),
        repeated=manifest.repeated,
        ignored=manifest.ignored,
        notes=manifest.notes,
    )


def _scenario_words(release: Release, terms: JobTerms) -> str:
    """What is assumed, in a sentence or two; "" for nothing."""
    if terms.scenario is None:
        return ""
    contract, day = release.contract, date.fromisoformat(terms.day)
    scenario, _ = BookScenario.from_query(contract, dict(terms.scenario))
    told = in_words(contract, scenario, day) or "Nothing is assumed"
    named = f"The saved scenario “{terms.name}”. " if terms.name else ""
    return f"{named}{told}. {overlay_lacks(contract, scenario, day)}".strip()
