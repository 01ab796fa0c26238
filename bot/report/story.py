"""Story: everything stored about one incident that a card, a modal or a note can tell."""

from bot.domain.alert import Alert, Target
from bot.domain.diagnosis import Diagnosis
from bot.domain.evidence import Dossier
from bot.domain.execution import Approval, Execution, Verification
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal
from bot.domain.values import value


@value
class Story:
    """One incident as stored, newest of each kind. `anyone_approves`: CODEHEALER_APPROVERS names somebody.

    `failed` is the error of a job that became a dead letter, `simulated` stamps the card, `tried` names earlier fixes.
    """

    incident: Incident
    alert: Alert
    dossier: Dossier | None = None
    diagnosis: Diagnosis | None = None
    proposal: Proposal | None = None
    approval: Approval | None = None
    execution: Execution | None = None
    verification: Verification | None = None
    anyone_approves: bool = False
    may_act: bool = True
    simulated: bool = False
    failed: str = ""

    @property
    def target(self) -> Target:
        """What the incident is about: the platform's word where there is one, else the alert's."""
        return self.dossier.target if self.dossier else self.incident.target
