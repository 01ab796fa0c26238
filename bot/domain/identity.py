"""What a fingerprint says about a thing, taken apart: posts of different senders name more or less of it."""

from bot.domain.values import value

PLACED = frozenset({"pod", "node", "argo", "ci", "flux"})
"""Kinds of fingerprints that carry a connection, and perhaps a place in it: `pod/default@prod-eu/shop/checkout:app`."""


@value
class Identity:
    """A fingerprint taken apart. `base` is the same for a post that names the place or the container and one that does not."""

    base: str
    place: str = ""
    container: str = ""

    def agrees(self, other: "Identity") -> bool:
        """Whether both can be about the same thing: nothing that both name differs.

        A CI post that names no place is one of github.com, or of another host that serves everybody: not of any host.
        """
        if self.base.startswith("ci/") and self.place != other.place:
            return False
        return self.base == other.base and all(
            not mine or not theirs or mine == theirs
            for mine, theirs in ((self.place, other.place), (self.container, other.container))
        )


def identity_of(fingerprint: str) -> Identity:
    """Return a fingerprint's parts. Those of words (`alert/…`) and of a sender's group have none but themselves."""
    kind, _, rest = fingerprint.partition("/")
    if kind not in PLACED:
        return Identity(base=fingerprint)
    where, _, what = rest.partition("/")
    connection, _, place = where.partition("@")
    container = ""
    if kind == "pod":
        what, _, container = what.partition(":")
    return Identity(base=f"{kind}/{connection}/{what}", place=place, container=container)
