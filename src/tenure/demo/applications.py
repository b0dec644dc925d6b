"""The five applications of the demo: how each is reached, and what it should hold when the story has ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

_TARGET = """\
  @NAME@:
    kind: @KIND@
    url: "@URL@"
    auth: @AUTH@
    source: [okta, entra]
    authority: @NAME@
    mode: full
    adopt: match
    match: [@MATCH@]
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
@PHONE@    rename: {made: @RENAME@, adopted: never}
    groups:
      mapping: {Dev users: [software_dev]}
      on_the_fly: {match: '.*', except: '^tmp-', name: '$0', create: true, existing: join}
      keep_foreign_members: true
    leaver: {action: deactivate}
    rate: {per_second: 200, concurrency: 8}
    compare: 6h
    protected: [admin, 'svc-*']
"""
_SOURCES = """\
# The estate of the demo: two identity providers, and the applications that they feed.
sources:
  okta: {kind: scim, token: {env: TENURE_DEMO_OKTA}}
  entra: {kind: scim, token: {env: TENURE_DEMO_ENTRA}}
targets:
"""
_DIRECTORY = "2f1c1f6e-0d4b-4c6e-9b1c-7a5d3c0f9e21"
_BEARER = "{bearer: {env: TENURE_DEMO_TOKEN}}"
_NAMED = "{username: admin, password: {env: TENURE_DEMO_PASSWORD}}"


@dataclass(frozen=True, slots=True)
class Expected:
    """An account as an application should hold it when the story has ended."""

    name: str
    email: str
    display_name: str
    active: bool = True
    phone: str | None = None
    groups: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Application:
    """One application: its name in the demo's configuration, for people, and its state's name at the sandbox.

    `everybody` is the group that its inhabitants are in. What it cannot do is said by the others: keep a `phone`,
    give an account another name (`renames`), close an account (`closes`), show an e-mail address (`shows_email`).
    """

    name: str
    title: str
    kind: str
    path: str
    auth: str = _BEARER
    everybody: str = "jira-software-users"
    phone: bool = True
    renames: bool = True
    closes: bool = True
    shows_email: bool = True

    def estate(self, base: str) -> str:
        """Its part of the configuration; `base` is the sandbox's address."""
        values = {
            "@NAME@": self.name,
            "@KIND@": self.kind,
            "@URL@": f"{base}{self.path}",
            "@AUTH@": self.auth,
            "@MATCH@": "[username, email]" if self.shows_email else "[username, display_name]",
            "@PHONE@": "      properties: {phone: phoneNumbers.work}\n" if self.phone else "",
            "@RENAME@": "follow" if self.renames else "never",
        }
        text = _TARGET
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    @property
    def state(self) -> str:
        """The name under which the sandbox tells what it holds."""
        return self.path.split("/")[1]

    def expected(self) -> tuple[Expected, ...]:
        """What it should hold in the end, as far as it can."""
        return tuple(self._of(one) for one in _EXPECTED)

    def _of(self, one: Expected) -> Expected:
        one = one if self.phone else replace(one, phone=None)
        one = one if self.closes else replace(one, active=True)
        if one.name == "ines.brandt" and not self.renames:
            one = replace(one, name="ines.keller")
        if one.name == ADOPTED:
            one = replace(one, groups=one.groups | {self.everybody})
        return one


APPLICATIONS = (
    Application("jira", "Jira", "jira", "/jira"),
    Application(
        "confluence",
        "Confluence",
        "confluence",
        "/confluence",
        everybody="confluence-users",
        phone=False,
        renames=False,
        shows_email=False,
    ),
    Application(
        "bitbucket",
        "Bitbucket",
        "bitbucket",
        "/bitbucket",
        auth=_NAMED,
        everybody="stash-users",
        phone=False,
        closes=False,
    ),
    Application("crowd", "Crowd", "crowd", "/crowd", auth=_NAMED),
    Application("cloud", "Atlassian Cloud", "atlassian-cloud", f"/cloud/scim/directory/{_DIRECTORY}", phone=False),
)
_EXPECTED = (
    Expected("ada.byron", "ada.byron@example.com", "Ada Byron", True, "+44 20 7946 0001", frozenset({"Platform team"})),
    Expected("bela.nagy", "bela.nagy@example.com", "Béla Nagy", active=False),
    Expected("tomas.ruiz", "tomas.ruiz@example.com", "Tomás Ruiz", groups=frozenset({"software_dev"})),
    Expected("noor.haddad", "n.haddad@example.com", "Noor Haddad", True, "+49 30 5550 0199", frozenset({"Marketing"})),
    Expected("ines.brandt", "ines.brandt@example.com", "Ines Brandt", groups=frozenset({"Marketing"})),
    Expected("mwolf", "maria.wolf@example.com", "Maria Wolf", True, "+49 40 5550 0142", frozenset({"software_dev"})),
)
ADOPTED = "mwolf"
LEAVER = "bela.nagy"


def estate(base: str, applications: Iterable[Application] = APPLICATIONS) -> str:
    """The configuration of the demo, with these applications at the sandbox at `base`."""
    return _SOURCES + "".join(one.estate(base) for one in applications)
