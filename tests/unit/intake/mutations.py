"""Ways in which a sender's message may come out otherwise: each takes a Slack message event and returns another one.

Deterministic, so that a failing test says the same twice. What a mutation cannot change it returns as it is.
"""

import copy
import re
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
Mutation = Callable[[Event], Event]

LANGUAGES: dict[str, dict[str, str]] = {
    "german": {
        "repository": "Repository", "repo": "Repositorium", "branch": "Zweig", "commit": "Commit", "author": "Autor",
        "message": "Nachricht", "status": "Status", "state": "Zustand", "result": "Ergebnis", "workflow": "Arbeitsablauf",
        "job": "Auftrag", "project": "Projekt", "environment": "Umgebung", "service": "Dienst", "severity": "Schweregrad",
        "priority": "Priorität", "namespace": "Namensraum", "cluster": "Cluster", "node": "Knoten", "duration": "Dauer",
        "description": "Beschreibung", "summary": "Zusammenfassung", "reason": "Grund", "triggered by": "Ausgelöst von",
        "sync status": "Synchronisierungsstatus", "health status": "Gesundheitsstatus", "pipeline": "Pipeline", "event": "Ereignis",
    },
    "french": {
        "repository": "Dépôt", "repo": "Dépôt", "branch": "Branche", "commit": "Commit", "author": "Auteur", "message": "Message",
        "status": "Statut", "state": "État", "result": "Résultat", "workflow": "Flux de travail", "job": "Tâche",
        "project": "Projet", "environment": "Environnement", "service": "Service", "severity": "Gravité",
        "priority": "Priorité", "namespace": "Espace de noms", "node": "Nœud", "duration": "Durée", "description": "Description",
        "summary": "Résumé", "reason": "Raison", "triggered by": "Déclenché par", "event": "Événement", "cluster": "Grappe",
    },
    "spanish": {
        "repository": "Repositorio", "repo": "Repositorio", "branch": "Rama", "commit": "Confirmación", "author": "Autor",
        "message": "Mensaje", "status": "Estado", "state": "Estado", "result": "Resultado", "workflow": "Flujo de trabajo",
        "job": "Trabajo", "project": "Proyecto", "environment": "Entorno", "service": "Servicio", "severity": "Gravedad",
        "priority": "Prioridad", "namespace": "Espacio de nombres", "node": "Nodo", "duration": "Duración",
        "description": "Descripción", "summary": "Resumen", "reason": "Razón", "triggered by": "Iniciado por", "cluster": "Clúster",
    },
    "portuguese": {
        "repository": "Repositório", "repo": "Repositório", "branch": "Ramo", "author": "Autor", "message": "Mensagem",
        "status": "Situação", "state": "Estado", "result": "Resultado", "workflow": "Fluxo de trabalho", "job": "Tarefa",
        "project": "Projeto", "environment": "Ambiente", "service": "Serviço", "severity": "Severidade",
        "priority": "Prioridade", "namespace": "Espaço de nomes", "node": "Nó", "duration": "Duração",
        "description": "Descrição", "summary": "Resumo", "reason": "Motivo", "triggered by": "Acionado por",
    },
    "japanese": {
        "repository": "リポジトリ", "repo": "リポジトリ", "branch": "ブランチ", "commit": "コミット", "author": "作成者",
        "message": "メッセージ", "status": "ステータス", "state": "状態", "result": "結果", "workflow": "ワークフロー", "job": "ジョブ",
        "project": "プロジェクト", "environment": "環境", "service": "サービス", "severity": "重大度", "priority": "優先度",
        "namespace": "名前空間", "node": "ノード", "duration": "所要時間", "description": "説明", "summary": "概要", "reason": "理由",
        "triggered by": "実行者", "sync status": "同期ステータス", "health status": "ヘルスステータス", "cluster": "クラスタ",
    },
}  # fmt: skip
_LABEL = re.compile(r"(?m)(^|[*•●\n] ?)([A-Za-z][A-Za-z ]{1,20}?)(\*?:)")
_TEXT_KEYS = frozenset({"text", "pretext", "title", "value", "fallback", "footer", "author_name"})
_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>")
_WRAPPED = re.compile(r"<[^>]*>|:[a-z0-9_+-]+:|https?://\S+")


def _said(event: Event) -> Event:
    """Return the part that is the message: of an edit the new one."""
    return event["message"] if event.get("subtype") == "message_changed" else event


def _texts(thing: Any, change: Callable[[str], str], key: str = "") -> Any:
    """Change every text that a reader sees; ids, addresses and types stay."""
    if isinstance(thing, dict):
        return {name: _texts(each, change, name) for name, each in thing.items() if name != "previous_message"} | (
            {"previous_message": thing["previous_message"]} if "previous_message" in thing else {}
        )
    if isinstance(thing, list):
        return [_texts(each, change, key) for each in thing]
    if isinstance(thing, str) and key in _TEXT_KEYS:
        return change(thing)
    return thing


def _field_lists(thing: Any) -> list[list[Any]]:
    found = []
    if isinstance(thing, dict):
        for name, each in thing.items():
            if name == "previous_message":
                continue
            if name == "fields" and isinstance(each, list):
                found.append(each)
            found += _field_lists(each)
    elif isinstance(thing, list):
        for each in thing:
            found += _field_lists(each)
    return found


def fields_missing(event: Event) -> Event:
    event = copy.deepcopy(event)
    for each in _field_lists(event):
        if len(each) > 1:
            del each[1::2]
    return event


def reordered(event: Event) -> Event:
    event = copy.deepcopy(event)
    for each in _field_lists(event):
        each.reverse()
    said = _said(event)
    blocks = said.get("blocks") or []
    if len(blocks) > 2:
        said["blocks"] = [blocks[0], *reversed(blocks[1:])]
    return event


def labels_in(language: str) -> Mutation:
    table = LANGUAGES[language]
    colon = "：" if language == "japanese" else ":"

    def swap(found: re.Match[str]) -> str:
        word = table.get(found[2].strip().lower())
        return f"{found[1]}{word}{found[3].replace(':', colon)}" if word else found[0]

    def change(event: Event) -> Event:
        event = _texts(copy.deepcopy(event), lambda text: _LABEL.sub(swap, text))
        for fields in _field_lists(event):
            for each in fields:
                if isinstance(each, dict) and isinstance(each.get("title"), str):
                    each["title"] = table.get(each["title"].lower(), each["title"])
        return event

    return change


def emoji_added(event: Event) -> Event:
    return _texts(copy.deepcopy(event), lambda text: f":bell: {text} :point_down:" if text.strip() else text)


def emoji_removed(event: Event) -> Event:
    return _texts(copy.deepcopy(event), lambda text: re.sub(r":[a-z][a-z0-9_+-]*:", "", text))


def as_blocks(event: Event) -> Event:
    """Attachments become sections; the colour is gone."""
    event = copy.deepcopy(event)
    said = _said(event)
    blocks: list[Event] = list(said.get("blocks") or [])
    for part in said.pop("attachments", None) or []:
        title = part.get("title") or ""
        if title and part.get("title_link"):
            title = f"<{part['title_link']}|{title}>"
        for text in (part.get("pretext"), f"*{title}*" if title else "", part.get("text"), part.get("footer")):
            if text:
                blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
        shown = [
            {"type": "mrkdwn", "text": f"*{each['title']}*\n{each['value']}" if each.get("title") else each["value"]}
            for each in part.get("fields") or []
        ]
        blocks += [{"type": "section", "fields": shown[at : at + 10]} for at in range(0, len(shown), 10)]
        blocks += part.get("blocks") or []
        for action in part.get("actions") or []:
            if action.get("url"):
                blocks.append(
                    {
                        "type": "section",
                        "text": {"type": "mrkdwn", "text": f"<{action['url']}|{action.get('text', 'Open')}>"},
                    }
                )
    said["blocks"] = blocks
    return event


def as_attachments(event: Event) -> Event:
    """Blocks move into an attachment."""
    event = copy.deepcopy(event)
    said = _said(event)
    blocks = said.pop("blocks", None)
    if blocks:
        said["attachments"] = [{"id": 9, "blocks": blocks}, *(said.get("attachments") or [])]
    return event


def markdown_links(event: Event) -> Event:
    return _texts(
        copy.deepcopy(event), lambda text: _LINK.sub(lambda at: f"[{at[2]}]({at[1]})" if at[2] else at[0], text)
    )


def raw_links(event: Event) -> Event:
    return _texts(copy.deepcopy(event), lambda text: _LINK.sub(lambda at: f"{at[2]} {at[1]}" if at[2] else at[1], text))


def more_sections(event: Event) -> Event:
    event = copy.deepcopy(event)
    said = _said(event)
    extra = [
        {"type": "divider"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Runbook:* <https://wiki.corp.example/runbooks/12|How to read this>"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Sent by the platform team. Questions: #help-platform"}]},
    ]  # fmt: skip
    said["blocks"] = [*(said.get("blocks") or []), *extra]
    if len(said["blocks"]) == len(extra) and said.get("text"):
        said["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": said["text"]}}, *extra]
    return event


def truncated(event: Event) -> Event:
    event = _texts(copy.deepcopy(event), lambda text: text[: max(60, len(text) * 6 // 10)])
    said = _said(event)
    if len(said.get("blocks") or []) > 2:
        said["blocks"] = said["blocks"][:-1]
    return event


def uppercase(event: Event) -> Event:
    def shout(text: str) -> str:
        parts, end = [], 0
        for found in _WRAPPED.finditer(text):
            parts += [text[end : found.start()].upper(), found[0]]
            end = found.end()
        return "".join([*parts, text[end:].upper()])

    return _texts(copy.deepcopy(event), shout)


def broadcast(event: Event) -> Event:
    """The bot repeats it as a broadcast reply under a neutral root of its own."""
    if event.get("subtype") in {"message_changed", "message_deleted", "thread_broadcast"}:
        return event
    event = copy.deepcopy(event)
    root = {"ts": "1782899000.000100", "bot_id": event.get("bot_id"), "text": "Deployment log of the day"}
    return {**event, "subtype": "thread_broadcast", "thread_ts": root["ts"], "root": root}


def edited(event: Event) -> Event:
    """The bot edits a placeholder into it."""
    if event.get("subtype") in {"message_changed", "message_deleted", "thread_broadcast"}:
        return event
    message = copy.deepcopy({name: each for name, each in event.items() if name not in {"channel", "event_ts"}})
    message["edited"] = {"user": "U0BOT", "ts": "1782900100.000000"}
    return {
        "type": "message", "subtype": "message_changed", "channel": event.get("channel"), "ts": "1782900100.000200",
        "event_ts": "1782900100.000200", "message": message,
        "previous_message": {**message, "text": "…", "blocks": [], "attachments": []},
    }  # fmt: skip


def text_only(event: Event) -> Event:
    """A bridge flattens everything to one text."""
    event = as_blocks(event)
    said = _said(event)
    lines = [said.get("text") or ""]
    for block in said.pop("blocks", []):
        if isinstance(block.get("text"), dict):
            lines.append(block["text"].get("text", ""))
        lines += [each.get("text", "") for each in block.get("fields") or []]
        for each in block.get("elements") or []:
            label = each.get("text")
            if each.get("url"):
                lines.append(f"<{each['url']}|{label.get('text') if isinstance(label, dict) else label}>")
            elif isinstance(label, str):
                lines.append(label)
    said["text"] = "\n".join(filter(None, lines))
    return event


def anonymous(event: Event) -> Event:
    """A webhook without a name: only what it says is left."""
    event = copy.deepcopy(event)
    said = _said(event)
    for name in ("app_id", "bot_profile", "username"):
        said.pop(name, None)
    return event


MUTATIONS: dict[str, Mutation] = {
    "fields missing": fields_missing,
    "reordered": reordered,
    **{f"labels in {language}": labels_in(language) for language in LANGUAGES},
    "emoji added": emoji_added,
    "emoji removed": emoji_removed,
    "as blocks": as_blocks,
    "as attachments": as_attachments,
    "markdown links": markdown_links,
    "raw links": raw_links,
    "more sections": more_sections,
    "truncated": truncated,
    "uppercase": uppercase,
    "broadcast": broadcast,
    "edited": edited,
    "text only": text_only,
    "anonymous": anonymous,
}
