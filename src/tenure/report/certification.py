"""A certification as text, as JSON and as a page to hand on; and how far a target is certified, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tenure.model.certification import Certification, Judged, Standing, Step, Verdict
from tenure.report import words
from tenure.report.why import Line

JUDGED = {
    Judged.AS_EXPECTED: "as expected",
    Judged.NOT_AS_EXPECTED: "not as expected",
    Judged.CANNOT: "cannot be done here",
    Judged.NOT_TRIED: "not tried",
}
VERDICTS = {
    Verdict.CERTIFIED: "Certified",
    Verdict.NOT_AS_EXPECTED: "Not as expected",
    Verdict.READ_ONLY: "Not certified: only read",
    Verdict.BROKEN_OFF: "Not certified: broken off",
}
TONES = {
    Judged.AS_EXPECTED: "good",
    Judged.NOT_AS_EXPECTED: "bad",
    Judged.CANNOT: "plain",
    Judged.NOT_TRIED: "wait",
}
HEADINGS = ("Step", "Answered", "Seen", "ms", "Verdict")


def row(step: Step) -> tuple[str, ...]:
    """A step as a row of the table under `HEADINGS`."""
    texts = (step.asked, step.answered or "-", step.seen)
    return (*map(words.shown, texts), _ms(step), JUDGED[step.verdict])


def progress(step: Step) -> str:
    """A step that has just ended, in a line."""
    return f"{words.shown(step.asked)}: {JUDGED[step.verdict]}" + (f" ({_ms(step)} ms)" if step.answered else "")


def summed(found: Certification) -> Iterator[Line]:
    """What it came to, what is left, and what to do."""
    server = f"{found.kind} {words.shown(found.version or 'of a version that it does not tell')}"
    tone = {Verdict.CERTIFIED: "good", Verdict.NOT_AS_EXPECTED: "bad"}.get(found.verdict, "wait")
    yield Line(f"{VERDICTS[found.verdict]}: {words.shown(found.target)} ({server})", tone=tone)
    counts = ((found.count(verdict), JUDGED[verdict]) for verdict in Judged)
    yield Line(", ".join(f"{count} {told}" for count, told in counts if count))
    if found.why:
        yield Line(words.shown(found.why), "  because")
    for sentence in found.remains:
        yield Line(words.shown(sentence), "  still there", "bad")
    for sentence in to_do(found):
        yield Line(sentence, "  to do")


def to_do(found: Certification) -> Iterator[str]:
    """What to do after it."""
    if found.remains:
        yield f"`tenure certify {found.target}` again clears it first; or delete it there by hand"
    if found.verdict is Verdict.NOT_AS_EXPECTED and found.count(Judged.NOT_AS_EXPECTED):
        yield "look at each step that is not as expected: Tenure would meet the same with real people"
    elif found.verdict is Verdict.BROKEN_OFF:
        yield "mend what it says, and certify it again"


def as_json(found: Certification) -> dict[str, Any]:
    """The certification for programs; moments in ISO 8601."""
    told = asdict(found)
    return {**told, "began_at": found.began_at.isoformat(), "ended_at": found.ended_at.isoformat()}


def page(found: Certification, tenure: str) -> str:
    """The certification as one HTML document that needs nothing else; `tenure` is the version that made it."""
    environment = Environment(
        loader=PackageLoader("tenure.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(shown=words.shown, at=words.at)
    return environment.get_template("certification.html").render(
        found=found,
        tenure=tenure,
        verdict=VERDICTS[found.verdict],
        mode=words.MODES.get(found.mode, found.mode),
        counts=[(found.count(verdict), JUDGED[verdict], TONES[verdict]) for verdict in Judged],
        steps=[(step, JUDGED[step.verdict], TONES[step.verdict], _ms(step)) for step in found.steps],
        to_do=list(to_do(found)),
    )


def standing(found: Standing) -> str | None:
    """What there is to say of a target's certification, in a sentence without its name; None where nothing is.

    A target that does not write everything yet needs none.
    """
    if found.uncleared:
        return f"a certification may have left {', '.join(map(words.shown, found.uncleared))} there"
    if found.mode != "full":
        return None
    if found.verdict is None or found.at is None:
        return "not certified: nobody has tried out what this server in this version really does"
    when = words.at(found.at)
    if found.verdict is not Verdict.CERTIFIED:
        return f"not certified: something was not as expected at {when}"
    if not found.same_server:
        return f"not certified: it was certified at {when} on another server"
    if not found.same_version:
        return f"not certified: it was certified at {when} in version {words.shown(found.version)}, and has another now"
    return None


def _ms(step: Step) -> str:
    return f"{step.ms:.0f}" if step.answered else ""
