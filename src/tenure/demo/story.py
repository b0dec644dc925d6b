"""The story: what two identity providers tell in a few weeks, and what Jira should hold at the end of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tenure.demo.providers import Entra, Okta


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens at a provider: `tell` sends the requests that this provider sends then."""

    title: str
    tell: Callable[[Okta], None] | Callable[[Entra], None]
    provider: type[Okta] | type[Entra]


@dataclass(frozen=True, slots=True)
class Expected:
    """An account as Jira should hold it when the story has ended."""

    name: str
    email: str
    display_name: str
    active: bool = True
    phone: str | None = None
    groups: frozenset[str] = field(default_factory=frozenset)


ESTATE = """\
# The estate of the demo: two identity providers, one Jira.
sources:
  okta: {kind: scim, token: {env: TENURE_DEMO_OKTA}}
  entra: {kind: scim, token: {env: TENURE_DEMO_ENTRA}}
targets:
  jira:
    kind: jira
    url: "@JIRA@"
    auth: {bearer: {env: TENURE_DEMO_JIRA}}
    source: [okta, entra]
    mode: full
    adopt: match
    match: [[username, email]]
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
      properties: {phone: phoneNumbers.work}
    rename: {made: follow, adopted: never}
    groups:
      mapping: {Dev users: [software_dev]}
      on_the_fly: {match: '.*', except: '^tmp-', name: '$0', create: true, existing: join}
      keep_foreign_members: true
    leaver: {action: deactivate}
    rate: {per_second: 200, concurrency: 8}
    compare: 6h
    protected: [admin, 'svc-*']
"""


def _join_okta(okta: Okta) -> None:
    okta.assign("ada", "ada.byron@example.com", "Ada", "Byron", phone="+44 20 7946 0001")
    okta.assign("bela", "bela.nagy@example.com", "Béla", "Nagy")
    okta.assign("tomas", "tomas.ruiz@example.com", "Tomás", "Ruiz")


def _join_entra(entra: Entra) -> None:
    entra.assign("noor", "noor.haddad@example.com", "Noor", "Haddad", phone="+49 30 5550 0100")
    entra.assign("ines", "ines.keller@example.com", "Ines", "Keller")


def _adopt(okta: Okta) -> None:
    okta.assign("maria", "mwolf@example.com", "Maria", "Wolf", mail="maria.wolf@example.com", phone="+49 40 5550 0142")


def _dev_users(okta: Okta) -> None:
    okta.push_group("dev", "Dev users", ["ada", "maria", "tomas"])


def _marketing(entra: Entra) -> None:
    entra.push_group("marketing", "Marketing", ["noor", "ines"])


def _contact(entra: Entra) -> None:
    entra.change("noor", mail="n.haddad@example.com", phone="+49 30 5550 0199")


def _rename(entra: Entra) -> None:
    entra.rename("ines", "ines.brandt@example.com", "Ines", "Brandt")


def _move(okta: Okta) -> None:
    okta.push_group("platform", "Platform team", ["ada"])
    okta.take_out("dev", "ada")


def _leave(okta: Okta) -> None:
    okta.set_active("bela", False)
    okta.set_active("tomas", False)


def _rehire(okta: Okta) -> None:
    okta.set_active("tomas", True)


STEPS = (
    Step("Three people join at Okta", _join_okta, Okta),
    Step("Two people join at Entra ID", _join_entra, Entra),
    Step("Maria is assigned; her Jira account was there before", _adopt, Okta),
    Step('"Dev users" of Okta is "software_dev" in Jira', _dev_users, Okta),
    Step('"Marketing" is not there yet: made on the fly, and joined', _marketing, Entra),
    Step("Noor gets another phone and e-mail", _contact, Entra),
    Step("Ines Keller is Ines Brandt now: her account is renamed", _rename, Entra),
    Step("Ada moves from Dev users to the Platform team", _move, Okta),
    Step("Béla and Tomás leave", _leave, Okta),
    Step("Tomás is hired again", _rehire, Okta),
)

EXPECTED = (
    Expected("ada.byron", "ada.byron@example.com", "Ada Byron", True, "+44 20 7946 0001", frozenset({"Platform team"})),
    Expected("bela.nagy", "bela.nagy@example.com", "Béla Nagy", active=False),
    Expected("tomas.ruiz", "tomas.ruiz@example.com", "Tomás Ruiz", groups=frozenset({"software_dev"})),
    Expected("noor.haddad", "n.haddad@example.com", "Noor Haddad", True, "+49 30 5550 0199", frozenset({"Marketing"})),
    Expected("ines.brandt", "ines.brandt@example.com", "Ines Brandt", groups=frozenset({"Marketing"})),
    Expected(
        "mwolf",
        "maria.wolf@example.com",
        "Maria Wolf",
        True,
        "+49 40 5550 0142",
        frozenset({"jira-software-users", "software_dev"}),
    ),
)
ADOPTED = "mwolf"
