"""The judgement of `tenure doctor`: what each fact about database, sources and targets means, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tenure.model.access import CredentialKind, SourceStanding, TokenState
from tenure.model.certification import Standing
from tenure.model.checkup import DatabaseFacts, Finding, Level
from tenure.model.duration import told
from tenure.model.seen import Health
from tenure.model.story import TargetState
from tenure.report import certification, holds, words
from tenure.report.why import Line

OLDEST_POSTGRES = 15
ENDS_SOON = timedelta(days=14)
LATELY = timedelta(days=1)
STUCK = timedelta(minutes=15)
OLD_READING = timedelta(hours=24)
SKEW_SECONDS = 5.0
LITTLE_SPACE, NO_SPACE = 2 * 2**30, 200 * 2**20
_TONES = {Level.OK: "good", Level.WARNING: "wait", Level.PROBLEM: "bad"}
_ORDER = list(Level)


def worst(findings: Sequence[Finding]) -> Level:
    """The worst level among them; ok when there are none."""
    return max((finding.level for finding in findings), key=_ORDER.index, default=Level.OK)


def of_database(facts: DatabaseFacts) -> Iterator[Finding]:
    """Version, migrations and clock."""
    about, version = "database", facts.version // 10_000
    if version < OLDEST_POSTGRES:
        do = f"upgrade it to {OLDEST_POSTGRES} or later"
        yield Finding(Level.PROBLEM, about, f"it is PostgreSQL {version}, which is too old", do)
    else:
        yield Finding(Level.OK, about, f"PostgreSQL {version} answers")
    if facts.at == facts.head:
        yield Finding(Level.OK, about, f"it is at migration {facts.at}, as this version needs")
    elif facts.at is None or facts.at < facts.head:
        what = f"it is at migration {facts.at or 'none'}, and this version needs {facts.head}"
        yield Finding(Level.PROBLEM, about, what, "start `tenure serve`: it migrates the database")
    else:
        what = f"it is at migration {facts.at}, which a later version made (this one knows {facts.head})"
        yield Finding(Level.PROBLEM, about, what, "use the version of Tenure that serves it")
    if abs(facts.skew) > SKEW_SECONDS:
        where = "ahead of" if facts.skew > 0 else "behind"
        what = f"its clock is {abs(facts.skew):.0f} s {where} the clock of this machine"
        yield Finding(Level.PROBLEM, about, what, "let both machines set their clocks by NTP")


def of_source(source: SourceStanding, tokens: Sequence[TokenState], now: datetime) -> Iterator[Finding]:
    """Tokens, when it was last heard, whether it is silent, refused or not confirmed."""
    about = f"source {source.name}"
    if not source.pushes:
        yield from _of_read_source(about, source, now)
        return
    yield from _of_tokens(source.name, tokens, now)
    if source.last_heard_at is None:
        do = f"let the identity provider push to /scim/{source.name}/v2 with its token"
        yield Finding(Level.WARNING, about, "it was never heard", do)
    elif not source.silent:
        yield Finding(Level.OK, about, f"it was last heard {told(now - source.last_heard_at)} ago")
    if source.silent and source.heartbeat:
        since = f"for {told(now - source.last_heard_at)}" if source.last_heard_at else "since it was set up"
        what = f"it was not heard {since}, and its heartbeat is {told(source.heartbeat)}"
        yield Finding(Level.PROBLEM, about, what, "see whether its provisioning runs, and what its log says of us")
    if source.refused_at is not None and now - source.refused_at < LATELY:
        what = f"somebody tried to sign in without a valid credential, last told {words.at(source.refused_at)}"
        yield Finding(Level.WARNING, about, what, "compare it at the identity provider with `tenure token list`")
    if source.confirmed_at is None:
        what = "its first load is not confirmed: nobody loses anything because it does not have them"
        do = f"when it has told us of everybody ({source.people} people now): tenure source confirm {source.name}"
        yield Finding(Level.WARNING, about, what, do)


def _of_read_source(about: str, source: SourceStanding, now: datetime) -> Iterator[Finding]:
    """When it was last read, and why not whole."""
    if source.read_at is None:
        yield Finding(Level.WARNING, about, "it was not read yet", f"tenure pull {source.name}")
    elif source.problem is not None:
        what = f"the last reading, {told(now - source.read_at)} ago: {words.shown(source.problem)}"
        yield Finding(Level.PROBLEM, about, what, f"tenure pull {source.name} --check, which names each line")
    else:
        what = f"it was read whole {told(now - source.read_at)} ago ({source.people} people)"
        yield Finding(Level.OK, about, what)
    if source.silent and source.heartbeat:
        what = f"it was not read whole for longer than its heartbeat, {told(source.heartbeat)}: nothing is taken away"
        yield Finding(Level.PROBLEM, about, what, f"tenure pull {source.name}")


def _of_tokens(source: str, tokens: Sequence[TokenState], now: datetime) -> Iterator[Finding]:
    about = f"source {source}"
    live = [token for token in tokens if token.live(now)]
    if not live:
        what = "every credential has ended" if tokens else "it has no credential, so that nobody can sign in"
        yield Finding(Level.PROBLEM, about, what, f"tenure token add {source}")
        return
    ending = [t for t in live if t.expires_at is not None and t.expires_at - now < ENDS_SOON and not _replaced(t, live)]
    for token in ending:
        assert token.expires_at is not None
        what = f"the token {token.name} ends in {told(token.expires_at - now)}"
        kind = "" if token.kind is CredentialKind.TOKEN else f" --kind {token.kind}"
        yield Finding(Level.WARNING, about, what, f"tenure token rotate {source}{kind}, and put the new one there")
    if not ending:
        count = f"{len(live)} credential{'s' if len(live) > 1 else ''}"
        yield Finding(Level.OK, about, f"{count} can sign in, and none that is needed ends within 14 days")


def _replaced(token: TokenState, live: Sequence[TokenState]) -> bool:
    """Whether another that lasts longer has been used since: the provider has it already."""
    used = token.last_used_at
    return any(
        other.last_used_at is not None
        and (used is None or other.last_used_at > used)
        and (other.expires_at is None or (token.expires_at is not None and other.expires_at > token.expires_at))
        for other in live
    )


def of_target(
    target: TargetState, oldest_due_at: datetime | None, compare: timedelta | None, now: datetime
) -> Iterator[Finding]:
    """State, mode, whole readings, what waits and what is stuck; `compare` is how often it is read whole, if known."""
    about = f"target {target.name}"
    running = target.state == "running"
    if not running:
        do = "mend what it says; it is probed every half minute, and goes on by itself"
        yield Finding(Level.PROBLEM, about, f"it is stopped: {words.shown(target.stop_reason)}", do)
    if target.mode == "observe":
        do = f"look at `tenure plan {target.name}`, and then choose another mode in the configuration"
        yield Finding(Level.WARNING, about, "its mode is observe (Preview only): nothing is written", do)
    elif running:
        yield Finding(Level.OK, about, f"it runs, its mode is {target.mode} ({words.MODES.get(target.mode, '')})")
    yield from _of_reading(target, compare, now)
    if target.waiting:
        count = f"{target.waiting} {'person or group waits' if target.waiting == 1 else 'people and groups wait'}"
        yield Finding(Level.WARNING, about, f"{count} for a decision", f"tenure plan {target.name} --held")
    if running and target.due and oldest_due_at is not None and now - oldest_due_at > STUCK:
        what = f"{target.due} are to be looked at, the oldest for {told(now - oldest_due_at)}"
        yield Finding(Level.PROBLEM, about, what, "see whether `tenure serve` runs, and what its log says")


def of_brake(target: str, frozen_by: str | None, caution: str | None) -> Iterator[Finding]:
    """Why nothing is written at a target, whatever its mode."""
    if frozen_by is not None:
        what = f"it is frozen by {words.shown(frozen_by)}: nothing is written"
        yield Finding(Level.WARNING, f"target {target}", what, f"tenure unfreeze {target}, when that is over")
    if caution is not None:
        do = f"see that its url is right; if this server is meant: tenure unfreeze {target} --accept-server"
        yield Finding(Level.PROBLEM, f"target {target}", f"{words.shown(caution)}: nothing is written", do)


def of_certification(target: str, found: Standing) -> Iterator[Finding]:
    """How far it is certified what the server that is there really does."""
    if told := certification.standing(found):
        do = f"tenure certify {target} --estate FILE"
        yield Finding(Level.WARNING, f"target {target}", told, do)
    elif found.certified and found.at is not None:
        yield Finding(Level.OK, f"target {target}", f"it was certified at {words.at(found.at)}")


def of_leavers(target: str, late: int) -> Iterator[Finding]:
    """People who left, and whose account is open for too long."""
    if late:
        who = "1 person who left has" if late == 1 else f"{late} people who left have"
        what = f"{who} an open account there for longer than the deadline"
        yield Finding(Level.PROBLEM, f"target {target}", what, "tenure report leaver")


def of_awaited(target: str, late: int) -> Iterator[Finding]:
    """People for whom what was done where the accounts are kept has not shown here for too long."""
    if late:
        who = "1 person has" if late == 1 else f"{late} people have"
        what = f"{who} waited for longer than a day for what another application does to show here"
        do = f"tenure report findings {target}, and see whether it still reads that directory"
        yield Finding(Level.PROBLEM, f"target {target}", what, do)


def of_promises(target: str, broken: int) -> Iterator[Finding]:
    """What the application said that it would do later, and did not."""
    if broken:
        what = f"it promised {broken} deletion{'s' if broken > 1 else ''} or anonymization{'s' if broken > 1 else ''}"
        do = f"tenure plan {target} --held tells why, and waits for your decision; of a late one, look at its own tasks"
        yield Finding(Level.PROBLEM, f"target {target}", f"{what} that failed, or that it does not finish", do)


def of_gate(target: str, name: str, people: int, *, shut: bool) -> Iterator[Finding]:
    """A gate that is shut, or holds somebody."""
    what = f"{holds.about(name)}: {people} wait for a decision" + (", and the gate is shut" if shut else "")
    yield Finding(Level.WARNING, f"target {target}", what, f"tenure plan {target} --held")


def _of_reading(target: TargetState, compare: timedelta | None, now: datetime) -> Iterator[Finding]:
    about, longest = f"target {target.name}", max(2 * compare, timedelta(hours=1)) if compare else OLD_READING
    if target.read_at is None:
        do = "let `tenure serve` run; until then nothing is created and nobody is taken away"
        yield Finding(Level.WARNING, about, "it has not been read whole yet", do)
    elif now - target.read_at > longest:
        what = f"the last complete reading is {told(now - target.read_at)} old"
        yield Finding(Level.WARNING, about, what, "see whether `tenure serve` runs, and what its log says")
    else:
        counted = f"{target.read_accounts} accounts"
        yield Finding(Level.OK, about, f"it was read whole {told(now - target.read_at)} ago ({counted})")
    if target.read_problem:
        what = f"the newest reading was not whole: {words.shown(target.read_problem)}"
        yield Finding(Level.WARNING, about, what, "what a reading does not show is not taken as gone; see its log")


def of_health(target: str, health: Health) -> Iterator[Finding]:
    """What an application said when it was asked."""
    about = f"target {target}"
    if not health.ok:
        do = "mend what it says, and look again"
        yield Finding(Level.PROBLEM, about, f"it cannot be used: {words.shown(health.detail)}", do)
    else:
        version = f", version {words.shown(health.version)}" if health.version else ""
        yield Finding(Level.OK, about, f"we sign in as {words.shown(health.account or 'nobody named')}{version}")
    for permission in health.missing:
        what = f"a permission is missing: {words.shown(permission)}"
        yield Finding(Level.PROBLEM, about, what, "give it to the account that we sign in with")


def of_folder(folder: str, free: int) -> Finding:
    """How many bytes are free where the data folder is."""
    what = f"{words.shown(folder)} has {free / 2**30:.1f} GiB free"
    if free < NO_SPACE:
        return Finding(Level.PROBLEM, "disk", what, "make room now: without it nothing can be written")
    if free < LITTLE_SPACE:
        return Finding(Level.WARNING, "disk", what, "make room")
    return Finding(Level.OK, "disk", what)


def as_json(findings: Sequence[Finding]) -> dict[str, object]:
    """The findings for programs."""
    listed = [{"level": f.level.value, "about": f.about, "what": f.what, "do": f.do} for f in findings]
    return {"level": worst(findings).value, "findings": listed}


def lines(findings: Sequence[Finding]) -> Iterator[Line]:
    """The findings for a terminal: by what they are about, the worst first, and a sentence that sums up."""
    for about in dict.fromkeys(finding.about for finding in findings):
        yield Line(about, tone="title")
        these = [finding for finding in findings if finding.about == about]
        for finding in sorted(these, key=lambda one: -_ORDER.index(one.level)):
            yield Line(finding.what, f"  {finding.level}", _TONES[finding.level])
            if finding.do:
                yield Line(finding.do, "    to do")
    count = {level: sum(finding.level is level for finding in findings) for level in Level}
    summed = ", ".join(
        f"{n} {level}{'s' if n > 1 and level is not Level.OK else ''}" for level, n in count.items() if n
    )
    yield Line(summed, tone=_TONES[worst(findings)])
