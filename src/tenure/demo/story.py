"""The story: what two identity providers tell in a few weeks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenure.demo.providers import Entra, Okta


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens at a provider: `tell` sends the requests that this provider sends then."""

    title: str
    tell: Callable[[Okta], None] | Callable[[Entra], None]
    provider: type[Okta] | type[Entra]


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
    Step("Maria is assigned; her accounts were there before", _adopt, Okta),
    Step('"Dev users" of Okta is "software_dev" in the applications', _dev_users, Okta),
    Step('"Marketing" is not there yet: made on the fly, and joined', _marketing, Entra),
    Step("Noor gets another phone and e-mail", _contact, Entra),
    Step("Ines Keller is Ines Brandt now: her accounts are renamed where that can be", _rename, Entra),
    Step("Ada moves from Dev users to the Platform team", _move, Okta),
    Step("Béla and Tomás leave", _leave, Okta),
    Step("Tomás is hired again", _rehire, Okta),
)
