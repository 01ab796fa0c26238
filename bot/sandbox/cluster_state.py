"""The cluster's memory: objects under (plural, namespace, name), one resourceVersion, indexes, cached JSON.

An object that was stored is never changed in place: a write stores a new dict, so that what a reader holds stays as it
was and the JSON of an unchanged object is made once. Every `put` moves the resourceVersion, as etcd's revision does.
"""

import base64
import json
import random
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.cluster_errors import ApiError, bad_request
from bot.sandbox.cluster_kinds import BY_TYPE, Kind

Object = dict[str, Any]
Key = tuple[str, str, str]
Listener = Callable[[str, Object | None, Object | None], None]

FIRST_VERSION = 1000


def stamp(seconds: float) -> str:
    """A moment (epoch seconds) as Kubernetes writes times: RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str | None) -> float | None:
    """The moment of a timestamp that `stamp` wrote (fractions allowed), or None for none or another text."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def kind_of(found: Object) -> Kind:
    """The Kind of an object by its apiVersion and kind; ValueError for one that the sandbox does not know."""
    kind = BY_TYPE.get((str(found.get("apiVersion")), str(found.get("kind"))))
    if kind is None:
        raise ValueError(f"the sandbox knows no {found.get('apiVersion')} {found.get('kind')}")
    return kind


def controller_of(found: Object) -> Object | None:
    """The owner reference that controls the object, if one does."""
    for owner in found["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            reference: Object = owner
            return reference
    return None


def index_terms(plural: str, found: Object) -> set[str]:
    """What the object can be looked up by: its labels, its controller's uid, an event's subject."""
    meta = found["metadata"]
    terms = {f"l:{key}={value}" for key, value in (meta.get("labels") or {}).items()}
    if owner := controller_of(found):
        terms.add(f"o:{owner.get('uid')}")
    if plural == "events":
        subject = found.get("involvedObject") or {}
        terms |= {f"s:{subject.get('uid')}", f"n:{subject.get('name')}"}
    return terms


class Store:
    """The objects. `listeners` hear (plural, before, after) of every change, in order."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.version = FIRST_VERSION
        self.listeners: list[Listener] = []
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        self._index: dict[tuple[str, str, str], dict[str, None]] = {}
        self._terms: dict[Key, set[str]] = {}
        self._json: dict[str, tuple[Object, bytes]] = {}

    def new_uid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def get(self, plural: str, namespace: str, name: str) -> Object | None:
        return self._objects.get(plural, {}).get((namespace, name))

    def of_kind(self, plural: str, namespace: str | None = None) -> list[Object]:
        """All objects of a kind, of one namespace or of all, sorted by namespace and name."""
        table = self._objects.get(plural, {})
        if namespace is not None:
            return [table[key] for key in sorted(table) if key[0] == namespace]
        return [table[key] for key in sorted(table)]

    def having(self, plural: str, namespace: str, term: str) -> list[Object]:
        """The objects of a namespace under an index term (see `index_terms`), sorted by name."""
        table = self._objects.get(plural, {})
        return [table[(namespace, name)] for name in sorted(self._index.get((plural, namespace, term), ()))]

    def owned(self, plural: str, owner: Object) -> list[Object]:
        meta = owner["metadata"]
        return self.having(plural, meta.get("namespace", ""), f"o:{meta['uid']}")

    def put(self, found: Object) -> Object:
        """Stores `found` (whose parts the caller gives up) under the next resourceVersion; returns what is stored."""
        plural = kind_of(found).plural
        self.version += 1
        meta = {**found["metadata"], "resourceVersion": str(self.version)}
        found = {"apiVersion": found["apiVersion"], "kind": found["kind"], **found, "metadata": meta}
        place = (meta.get("namespace", ""), meta["name"])
        before = self._objects.get(plural, {}).get(place)
        self._objects.setdefault(plural, {})[place] = found
        self._reindex(plural, place, index_terms(plural, found))
        for listener in self.listeners:
            listener(plural, before, found)
        return found

    def remove(self, found: Object) -> None:
        plural, meta = kind_of(found).plural, found["metadata"]
        place = (meta.get("namespace", ""), meta["name"])
        if self._objects.get(plural, {}).pop(place, None) is None:
            return
        self.version += 1
        self._reindex(plural, place, set())
        self._json.pop(meta["uid"], None)
        for listener in self.listeners:
            listener(plural, found, None)

    def _reindex(self, plural: str, place: tuple[str, str], terms: set[str]) -> None:
        namespace, name = place
        key = (plural, namespace, name)
        before = self._terms.get(key, set())
        if terms == before:
            return
        for term in before - terms:
            names = self._index[plural, namespace, term]
            names.pop(name, None)
            if not names:
                del self._index[plural, namespace, term]
        for term in terms - before:
            self._index.setdefault((plural, namespace, term), {})[name] = None
        if terms:
            self._terms[key] = terms
        else:
            self._terms.pop(key, None)

    def json(self, found: Object) -> bytes:
        """The object as JSON, made once for each version of it."""
        uid = found["metadata"]["uid"]
        cached = self._json.get(uid)
        if cached and cached[0] is found:
            return cached[1]
        text = json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()
        self._json[uid] = (found, text)
        return text

    def _item(self, found: Object) -> bytes:
        """As `json`, without the kind and apiVersion, which a list says once."""
        head = json.dumps({"apiVersion": found["apiVersion"], "kind": found["kind"]}, separators=(",", ":"))
        whole = self.json(found)
        return b"{" + whole[len(head) :]

    def list_json(self, kind: Kind, items: Iterable[Object], meta: Object) -> bytes:
        head = json.dumps({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": meta})
        return head[:-1].encode() + b',"items":[' + b",".join(map(self._item, items)) + b"]}"


def page(items: list[Object], limit: int, token: str, version: int) -> tuple[list[Object], Object]:
    """One page of a sorted list and the ListMeta that belongs to it; ApiError 400 for a token that is none."""
    start = _start_after(token) if token else None
    if start is not None:
        items = [item for item in items if _place(item) > start]
    meta: Object = {"resourceVersion": str(version)}
    if limit and len(items) > limit:
        rest = len(items) - limit
        items = items[:limit]
        row = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": _place(items[-1])})
        meta |= {
            "continue": base64.urlsafe_b64encode(row.encode()).decode().rstrip("="),
            "remainingItemCount": rest,
        }
    return items, meta


def _place(item: Object) -> list[str]:
    return [item["metadata"].get("namespace", ""), item["metadata"]["name"]]


def _start_after(token: str) -> list[str]:
    try:
        row = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = row["start"]
    except (ValueError, KeyError, TypeError) as error:
        raise _bad_token() from error
    return [str(namespace), str(name)]


def _bad_token() -> ApiError:
    return bad_request(
        "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value"
    )
