"""What a group opens and an account holds in Jira; who is anonymized, and whom nobody is matched to."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import stamina
from starlette.applications import Starlette

from tenure.connector import Target
from tenure.model.capability import Mode
from tenure.model.change import AnonymizeAccount, ChangeKind, Handle, Outcome
from tenure.model.error import NotFound, RateLimited, Rejected, Unreachable
from tenure.model.secret import Secret
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    Apart,
    ByKey,
    ByName,
    GroupOpens,
    MembersOf,
    NotThere,
    ReadComplete,
    RightSeen,
    RightsOfAccount,
    RightsOfGroups,
    TaskOf,
    TaskSeen,
    TaskState,
    Unread,
)
from tenure.targets import TARGETS
from tenure.targets.atlassian.jira_rights import MOST_PROJECTS, NEVER_TOLD
from tenure.wire import PacedLimiter
from tenure_sandbox.atlassian.jira import Jira
from tenure_sandbox.atlassian.jira.rights import Actor
from tenure_sandbox.atlassian.jira.state import Led, Role
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .recorder import Recorder
from .test_jira import fault, jira

TASK = "/jira/rest/api/2/user/anonymization"
HDIAZ = Handle("JIRAUSER10004", "hdiaz")


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def app() -> Starlette:
    return build()


def state_of(app: Starlette) -> Jira:
    state: Jira = app.state.world.applications["jira"]
    return state


def with_service_desk(app: Starlette) -> None:
    state_of(app).roles["jira-servicedesk"] = Role("jira-servicedesk", "Jira Service Management", (), (), False)


async def told(target: Target, what: Any) -> tuple[set[RightSeen], ReadComplete]:
    seen = [one async for one in target.read(what)]
    assert isinstance(seen[-1], ReadComplete)
    rights = {one for one in seen if isinstance(one, RightSeen)}
    assert seen[-1].count == len(rights) == len(seen) - 1
    return rights, seen[-1]


async def opened(target: Target) -> tuple[dict[str, set[RightSeen]], list[Any]]:
    """What each group opens, and how the reading ended."""
    seen, groups = [one async for one in target.read(RightsOfGroups())], dict[str, set[RightSeen]]()
    for one in seen:
        if isinstance(one, GroupOpens):
            groups.setdefault(one.group, set()).add(one.right)
    return groups, [one for one in seen if not isinstance(one, GroupOpens)]


async def account(target: Target, what: ByKey | ByName) -> AccountSeen:
    (one, _) = [seen async for seen in target.read(what)]
    assert isinstance(one, AccountSeen)
    return one


async def apart(target: Target) -> dict[str, Apart]:
    listed = [one async for one in target.read(Accounts())]
    assert isinstance(listed[-1], ReadComplete)
    return {one.name: one.apart for one in listed if isinstance(one, AccountSeen) and one.apart}


async def test_what_groups_open_is_one_pass_over_schemes_and_projects(app: Starlette) -> None:
    network = Recorder(app)
    rights, (end,) = await opened(jira(network))
    assert rights["software_dev"] == {
        RightSeen("permission scheme", "Default Permission Scheme", "EDIT_ISSUES"),
        RightSeen("project role", "OPS", "Developers"),
    }
    assert end == ReadComplete(
        "rights of groups", sum(map(len, rights.values())), {"projects": 1, "unknown": NEVER_TOLD}
    )
    assert RightSeen("application", "Jira Software", "use") in rights["jira-software-users"]
    assert "helpdesk" not in rights
    asked = [path for _, path in network.calls]
    assert len([path for path in asked if "/role/" in path]) == 2, "one request for each role of the project"
    assert not [path for path in asked if "component" in path]


async def test_what_an_account_holds_and_leads_by_itself(app: Starlette) -> None:
    target = jira(Recorder(app))
    role, _ = await told(target, RightsOfAccount("JIRAUSER10001", "tbecker"))
    assert role == {RightSeen("project role", "OPS", "Developers")}
    granted, _ = await told(target, RightsOfAccount("pnowak", "pkowal"))
    assert granted == {RightSeen("permission scheme", "Default Permission Scheme", "DELETE_ALL_COMMENTS")}
    assert (await told(target, RightsOfAccount("JIRAUSER10002", "lchen")))[0] == {RightSeen("lead", "OPS", "project")}
    leads, _ = await told(target, RightsOfAccount("oivanov", "oivanov"))
    assert leads == {RightSeen("lead", "OPS: Network", "component")}
    with pytest.raises(NotFound):
        await told(target, RightsOfAccount("nobody", "nobody"))


async def test_somebody_who_bears_the_former_name_of_another_holds_nothing_of_theirs(app: Starlette) -> None:
    state_of(app).rename(state_of(app).accounts["hdiaz"], "pnowak")  # the key of Paula, to whom a scheme grants
    assert (await told(jira(Recorder(app)), RightsOfAccount("JIRAUSER10004", "pnowak")))[0] == set()


async def test_a_project_that_is_closed_is_named_and_the_reading_is_not_whole(app: Starlette) -> None:
    await fault(app, "status", status=403, path="/jira/rest/api/2/project/10000/role/10100")
    rights, (closed,) = await opened(jira(Recorder(app)))
    assert rights["jira-administrators"] == {RightSeen("project role", "OPS", "Administrators")}
    assert isinstance(closed, Unread)
    assert closed.what.startswith("project OPS (")


async def test_no_more_projects_are_asked_than_a_table_may_cost(app: Starlette) -> None:
    state = state_of(app)
    lead = state.accounts["admin"]
    for number in range(MOST_PROJECTS + 5):
        state.projects[f"P{number}"] = Led(str(20000 + number), f"P{number}", f"P{number}", lead)
    network = Recorder(app)
    rights, end = await told(jira(network), RightsOfAccount("admin", "admin"))
    assert len(rights) == MOST_PROJECTS + 5, "the list of projects tells every lead"
    assert f"roles and components of projects beyond the first {MOST_PROJECTS}" in end.proof["unknown"]  # type: ignore[operator]
    assert len(network.calls) < 10 + 3 * MOST_PROJECTS
    assert (await opened(jira(network)))[1] == [
        Unread(f"roles and components of projects beyond the first {MOST_PROJECTS}")
    ]


async def test_an_actor_of_no_kind_is_nobodys_right(app: Starlette) -> None:
    def without_kind(request: httpx2.Request, body: Any) -> Any:
        if "/role/" in request.url.path:
            body["actors"] = [{"name": actor["name"]} for actor in body["actors"]]
        return body

    rights, unread = await opened(jira(Recorder(app, bend=without_kind)))
    assert "jira-administrators" not in rights
    assert Unread("who jira-administrators is, with the role Administrators in OPS") in unread


async def test_a_table_that_is_disturbed_is_not_kept(app: Starlette) -> None:
    target = jira(Recorder(app))
    state_of(app).rights.actors[("OPS", "10002")].append(Actor(10250, "user", "JIRAUSER10002"))
    await fault(app, "status", status=500, path="/jira/rest/api/2/role")
    with pytest.raises(Unreachable):
        await told(target, RightsOfAccount("JIRAUSER10001", "tbecker"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app.test") as out:
        await out.delete("/_faults")
    assert (
        RightSeen("project role", "OPS", "Administrators")
        in (await told(target, RightsOfAccount("JIRAUSER10002", "lchen")))[0]
    )


async def test_members_say_that_groups_inside_are_not_told_apart(app: Starlette) -> None:
    state_of(app).nest("helpdesk", "software_dev")
    seen = [one async for one in jira(Recorder(app)).read(MembersOf("helpdesk"))]
    assert isinstance(seen[-1], ReadComplete)
    assert "through a group inside it" in str(seen[-1].proof["unknown"])


async def test_anonymizing_is_promised_with_its_task_and_seen_later(app: Starlette) -> None:
    network = Recorder(app)
    target = jira(network)
    answer = await target.apply(AnonymizeAccount(HDIAZ))
    assert (answer.outcome, answer.shown) == (Outcome.PENDING, {})
    assert "task 10100" in answer.detail
    again = await target.apply(AnonymizeAccount(HDIAZ))
    assert again.outcome is Outcome.PENDING, "it is under way, and not asked for again"
    assert network.calls.count(("POST", "/rest/api/2/user/anonymization")) == 1
    for _ in range(5):
        seen = await account(target, ByKey(HDIAZ.key))
    assert (seen.apart, seen.active, seen.name) == (Apart.ANONYMIZED, False, "jirauser10004")
    assert await apart(target) == {"jirauser10004": Apart.ANONYMIZED}
    done = await target.apply(AnonymizeAccount(HDIAZ))
    assert (done.outcome, done.shown) == (Outcome.ALREADY, {"person": None})


async def test_an_account_of_the_old_kind_is_gone_with_its_key(app: Starlette) -> None:
    target = jira(Recorder(app))
    await target.apply(AnonymizeAccount(Handle("mwolf", "mwolf")))
    for _ in range(5):
        (seen, _) = [one async for one in target.read(ByKey("mwolf"))]
    assert isinstance(seen, NotThere)
    assert (await target.apply(AnonymizeAccount(Handle("mwolf", "mwolf")))).outcome is Outcome.ALREADY


async def test_while_another_is_anonymized_nothing_is_sent_and_it_is_tried_later(app: Starlette) -> None:
    network = Recorder(app)
    target = jira(network)
    await target.apply(AnonymizeAccount(HDIAZ))
    with pytest.raises(RateLimited) as caught:
        await target.apply(AnonymizeAccount(Handle("mwolf", "mwolf")))
    assert caught.value.retry_after == 30
    assert network.calls.count(("POST", "/rest/api/2/user/anonymization")) == 1


async def test_another_that_somebody_began_meanwhile_is_waited_for(app: Starlette) -> None:
    def begun(request: httpx2.Request, body: Any) -> Any:
        if request.url.path == f"{TASK}/progress" and "status" in body:
            body["status"] = "COMPLETED"  # it looked so when we asked
        return body

    target = jira(Recorder(app, bend=begun))
    await target.apply(AnonymizeAccount(HDIAZ))
    state_of(app).anonymizations[0].left = 99
    with pytest.raises(RateLimited):
        await target.apply(AnonymizeAccount(Handle("mwolf", "mwolf")))
    assert len(state_of(app).anonymizations) == 1


async def test_what_jira_finds_beforehand_is_told_and_nothing_is_sent(app: Starlette) -> None:
    network = Recorder(app)
    target = jira(network)
    await fault(app, "read_only", status=403, path=TASK)
    with pytest.raises(Rejected, match="USER_DISABLE: This user cannot be anonymized") as caught:
        await target.apply(AnonymizeAccount(HDIAZ))
    assert "{" not in str(caught.value)
    assert ("POST", "/rest/api/2/user/anonymization") not in network.calls


async def test_a_task_that_fails_leaves_the_account_and_is_begun_again(app: Starlette) -> None:
    target = jira(Recorder(app))
    await fault(app, "read_only", status=403, method="POST", path=TASK)
    assert (await target.apply(AnonymizeAccount(HDIAZ))).outcome is Outcome.PENDING
    for _ in range(4):
        assert (await account(target, ByKey(HDIAZ.key))).apart is None
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app.test") as out:
        await out.delete("/_faults")
    assert (await target.apply(AnonymizeAccount(HDIAZ))).outcome is Outcome.PENDING
    assert len(state_of(app).anonymizations) == 2


async def test_a_version_that_anonymizes_nobody_refuses_it_here() -> None:
    network = Recorder(build(jira_version="8.6.0"))
    settings = {"url": "http://app.test/jira", "auth": {"username": "admin", "password": Secret("admin")}}
    clock = JumpingClock()
    kind, limiter = TARGETS["jira"], PacedLimiter(clock, per_second=1000)
    chosen = kind.settings.model_validate(settings)
    target = kind.open(chosen, mode=Mode.FULL, limiter=limiter, clock=clock, transport=network)
    await target.check()
    assert ChangeKind.ANONYMIZE_ACCOUNT not in target.capabilities.operations
    sent = len(network.calls)
    with pytest.raises(Rejected, match=r"8\.6\.0 has no way"):
        await target.apply(AnonymizeAccount(HDIAZ))
    assert len(network.calls) == sent


@pytest.mark.parametrize("version", ["9.12.0", "10.3.24"])
async def test_a_name_in_two_directories_is_shadowed(version: str) -> None:
    app = build(jira_version=version)
    state_of(app).shadow("MWolf")
    target = jira(Recorder(app))
    assert await apart(target) == {"mwolf": Apart.SHADOWED}
    assert (await account(target, ByName("mwolf"))).apart is Apart.SHADOWED
    assert (await account(target, ByName("tbecker"))).apart is None


async def test_before_jira_tells_it_no_name_is_known_to_be_in_two_directories() -> None:
    app = build(jira_version="8.18.0")
    state_of(app).shadow("mwolf")
    assert await apart(jira(Recorder(app))) == {}


async def test_without_the_directories_nothing_is_listed(app: Starlette) -> None:
    await fault(app, "status", status=500, path="/jira/rest/api/2/user/duplicated/list")
    target = jira(Recorder(app))
    for what in (Accounts(), ByName("mwolf")):
        with pytest.raises(Unreachable):
            _ = [one async for one in target.read(what)]


async def test_with_a_service_desk_an_open_account_without_a_licence_is_a_customers(app: Starlette) -> None:
    with_service_desk(app)
    state_of(app).accounts["jroy"].active = False
    target = jira(Recorder(app))
    assert await apart(target) == {"hdiaz": Apart.CUSTOMER}
    assert (await account(target, ByKey(HDIAZ.key))).apart is Apart.CUSTOMER
    for name in ("mwolf", "skim"):
        assert (await account(target, ByName(name))).apart is None


async def test_without_a_service_desk_nobody_is_a_customer_and_no_group_is_read_for_it(app: Starlette) -> None:
    network = Recorder(app)
    assert await apart(jira(network)) == {}
    assert not [path for _, path in network.calls if "member" in path]


async def test_look_ups_that_follow_each_other_ask_once_what_is_apart(app: Starlette) -> None:
    network = Recorder(app)
    target = jira(network)
    for name in ("mwolf", "tbecker", "hdiaz"):
        await account(target, ByName(name))
    paths = [path for _, path in network.calls]
    assert paths.count("/rest/api/2/user/duplicated/list") == paths.count("/rest/api/2/applicationrole") == 1


async def first(target: Target, task: str) -> Any:
    return next(iter([one async for one in target.read(TaskOf(task))]))


@pytest.mark.parametrize(
    ("status", "errors", "state"),
    [
        ("COMPLETED", {}, TaskState.DONE),
        ("COMPLETED", {"USER_DISABLE": "It is locked."}, TaskState.FAILED),
        ("VALIDATION_FAILED", {}, TaskState.FAILED),
        ("WAITING", {}, TaskState.RUNNING),
    ],
)
async def test_a_task_is_told_by_its_state_and_its_errors(
    app: Starlette, status: str, errors: dict[str, str], state: TaskState
) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, "status": status} if request.url.path.endswith("/progress") and ended else body

    ended, target = False, jira(Recorder(app, bend))
    task = (await target.apply(AnonymizeAccount(HDIAZ))).task
    assert task is not None
    assert await first(target, task) == TaskSeen(task, TaskState.RUNNING, "in_progress")
    ended = True
    state_of(app).anonymizations[0].left, state_of(app).anonymizations[0].errors = 0, errors
    told = "; ".join(errors.values()) or status.lower()
    assert await first(target, task) == TaskSeen(task, state, told)
    assert await first(target, "1") == NotThere("1")
