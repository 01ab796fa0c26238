"""The workspace as it looks at the start: four channels, three people, the bot in three of the channels."""

from dataclasses import dataclass

from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Seed:
    """Ids of the people that others need to know of."""

    approver: str
    other: str
    guest: str


def seed_workspace(workspace: Workspace) -> Seed:
    bot = workspace.app.user_id
    ana = workspace.add_person("ana", "Ana Ruiz").id
    ben = workspace.add_person("ben", "Ben Okafor").id
    gia = workspace.add_person("gia", "Gia Guest", is_restricted=True).id
    everyone = {ana, ben, gia}
    workspace.add_channel("platform-alerts", everyone | {bot}, topic="Clusters, deploys and what breaks in them")
    workspace.add_channel("ci-alerts", {ana, ben, bot}, topic="Failed builds and tests")
    workspace.add_channel("payments-oncall", {ana, ben, bot}, topic="On call for payments")
    workspace.add_channel("general", everyone, topic="Everything else")
    return Seed(approver=ana, other=ben, guest=gia)
