"""The application: three static files and a few JSON calls, for one browser on this machine and nobody else.

The address is 127.0.0.1. A token in the first link is good for one use and becomes a cookie that scripts cannot read;
every request must name this host, every call must come from this page (``Origin``), and the page may load and run
nothing but its own files.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from finextract.annotate.adjudicate import Side, placed
from finextract.annotate.lines import (
    EditError,
    Style,
    Units,
    edit_field,
    read_value,
    short_value,
    span_object,
    wire_span,
    wire_spans,
)
from finextract.annotate.store import Store
from finextract.annotate.suggest import Analyst, wire_issue
from finextract.entities import LABELS
from finextract.gold.check import check
from finextract.gold.codes import CODES
from finextract.gold.findings import Finding
from finextract.gold.jsonl import Line
from finextract.gold.rows import well_formed

STATIC = {
    "/": ("page.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
BIGGEST_BODY = 32 << 20
SNIPPET = 60
FILE_CODES = ("G1", "G405", "G5")


class Desk:
    """What the page works with: the file under edit, those beside it, and who reads the texts."""

    def __init__(self, store: Store, analyst: Analyst, sides: Sequence[Side] = ()) -> None:
        self.store, self.analyst, self.sides = store, analyst, sides
        self.names = _names([s.path for s in sides])
        self._summaries: dict[str, tuple[str, dict[str, Any]]] = {}
        self._of_file: dict[str, list[Finding]] = {}
        self._stop = threading.Event()

    # one row

    def _sides(self, line: Line) -> dict[str, dict[str, Any] | None]:
        row_id = (line.row or {}).get("id")
        return {name: side.row(row_id) for name, side in zip(self.names, self.sides, strict=True)}

    def view(self, key: str) -> dict[str, Any]:
        """Everything about a row."""
        with self.store.lock:
            line, version, decisions = self.store.line(key), self.store.version(key), self.store.decisions(key)
            mine = self.store.conflicts.get(key)
        row = line.row or {}
        text = row.get("text")
        out: dict[str, Any] = {
            "key": key,
            "version": version,
            "number": line.number,
            "id": row.get("id") if isinstance(row.get("id"), str) else None,
            "lang": row.get("lang") if isinstance(row.get("lang"), str) else None,
            "date": row.get("date") if isinstance(row.get("date"), str) else None,
            "text": text if isinstance(text, str) else line.text,
            "editable": isinstance(text, str) and isinstance(row.get("spans", []), list),
            "done": decisions.done,
            "conflict": None if mine is None else {"mine": _surfaces(mine), "disk": _surfaces(line.text)},
            "problems": [{"code": p.code, "message": p.message, "meant": p.meant} for p in line.problems],
            "spans": [],
            "findings": [],
            "suggestions": [],
            "sides": [],
        }
        if line.row is None or not isinstance(text, str):
            return out
        units = Units.of(text)
        sides = self._sides(line)
        view = self.analyst.view(line, decisions.refused, sides)
        out["spans"] = wire_spans(line, units)
        readings = {(e.start, e.end, str(e.label)): e for e in self.analyst.read(row).grammar}
        for span, node in zip(out["spans"], row.get("spans") or (), strict=True):
            entity = readings.get((node["start"], node["end"], str(node.get("label")))) if well_formed(node) else None
            value = entity.value.to_dict() if entity is not None and entity.value is not None else None
            span["reads"] = short_value(span["label"], value, span["text"])
        out["findings"] = [wire_issue(i, units) for i in view.findings]
        out["findings"] += [_wire_finding(f) for f in self._of_file.get(key, ())]
        out["suggestions"] = [
            {**s, "start": units.units(s["start"]), "end": units.units(s["end"])} for s in view.suggestions
        ]
        out["confidence"] = view.confidence
        for name, other in sides.items():
            same = other is not None and other.get("text") == text
            spans = [wire_span("", s, units) for s in placed(other)] if other is not None and same else []
            out["sides"].append(
                {"name": name, "missing": other is None, "other_text": other is not None and not same, "spans": spans}
            )
        return out

    def summary(self, key: str) -> dict[str, Any]:
        """A row in the list, with findings and suggestions counted."""
        out = self._outline(key)
        line, decisions = self.store.line(key), self.store.decisions(key)
        if "open" not in out:
            view = self.analyst.view(line, decisions.refused, self._sides(line))
            out["errors"] = sum(CODES[i.code].severity == "error" for i in view.findings)
            out["errors"] += sum(f.severity == "error" for f in self._of_file.get(key, ()))
            out["open"], out["confidence"] = len(view.suggestions), view.confidence
        return out

    def _outline(self, key: str) -> dict[str, Any]:
        """A row in the list, as far as that takes no reading."""
        line, decisions = self.store.line(key), self.store.decisions(key)
        row = line.row or {}
        counts = dict.fromkeys(LABELS, 0)
        for s in row["spans"] if isinstance(row.get("spans"), list) else ():
            if isinstance(s, dict) and s.get("label") in counts:
                counts[s["label"]] += 1
        sound = isinstance(row.get("text"), str)
        return {
            "key": key,
            "number": line.number,
            "id": row["id"] if isinstance(row.get("id"), str) else "",
            "snippet": (row["text"] if sound else line.text)[:SNIPPET],
            "labels": list(counts.values()),
            "done": decisions.done,
            "conflict": key in self.store.conflicts,
            **({} if sound else {"errors": max(len(line.problems), 1), "open": 0, "confidence": 1.0}),
        }

    # the calls of the page; each gets the request's JSON object

    def open(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self.store.refresh()
        with self.store.lock:
            keys, revision = list(self.store.keys), self.store.revision
        rows = [self._listed(k) for k in keys]
        gone = [{"key": k, "mine": _surfaces(v)} for k, v in self.store.conflicts.items() if k not in set(keys)]
        return {
            "file": str(self.store.path),
            "sides": self.names,
            "labels": list(LABELS),
            "model": self.analyst.model,
            "revision": revision,
            "rows": [r for r in rows if r is not None],
            "gone": gone,
        }

    def _listed(self, key: str) -> dict[str, Any] | None:
        """A summary without reading anything anew: that of the background's work, if it is of this version."""
        try:
            version = self.store.version(key)
            known = self._summaries.get(key)
            if known is not None and known[0] == version:
                return known[1]
            return self._outline(key)
        except EditError:
            return None

    def row(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self.store.refresh()
        return self.view(_text(body, "key"))

    def edit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        key, spans = _text(body, "key"), body.get("spans")
        if not isinstance(spans, list) or not all(isinstance(s, dict) for s in spans):
            raise EditError("A204", "spans is no list of objects")
        row = self.store.line(key).row or {}
        self.analyst.read(row)
        by = body.get("by")

        def guess(start: int, end: int, label: str) -> dict[str, Any] | None:
            return self.analyst.guess(row, start, end, label)

        self.store.edit(key, _text(body, "version"), spans, guess, by if isinstance(by, str) else None)
        return self._fresh(key)

    def _fresh(self, key: str) -> dict[str, Any]:
        return {"row": self.view(key), "summary": self._remember(key)}

    def _remember(self, key: str) -> dict[str, Any]:
        version = self.store.version(key)
        summary = self.summary(key)
        self._summaries[key] = version, summary
        return summary

    def value(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A typed value, checked: the span's JSON with it, and what the grammar reads instead if that differs."""
        line = self.store.line(_text(body, "key"))
        row, span = line.row or {}, body.get("span")
        if not isinstance(span, dict) or not isinstance(row.get("text"), str):
            raise EditError("A204", "span is no object")
        units, label = Units.of(row["text"]), _text(span, "label")
        start, end = units.code_points(span.get("start")), units.code_points(span.get("end"))
        surface = row["text"][start:end]
        raw = _text(span, "raw")
        old = span_object(raw) if raw else {}
        read = self.analyst.guess(row, start, end, label) if label != "COMPANY" else None
        typed = _text(body, "text")
        value = read if not typed.strip() and read is not None else read_value(label, typed, surface, old.get("value"))
        style = Style(line.text)
        if not raw:
            raw = style.dumps({"start": start, "end": end, "label": label, "text": surface})
        return {
            "raw": edit_field(raw, "value", value, style),
            "short": short_value(label, value, surface),
            "reads": short_value(label, read, surface),
            "contradicts": read is not None and read != value,
        }

    def tokens(self, body: Mapping[str, Any]) -> dict[str, Any]:
        row = self.store.line(_text(body, "key")).row or {}
        edges = self.analyst.tokens(row)
        units = Units.of(str(row.get("text") or ""))
        return {"edges": None if edges is None else [units.units(e) for e in edges]}

    def decide(self, body: Mapping[str, Any]) -> dict[str, Any]:
        key = _text(body, "key")
        sids = body.get("sids") if isinstance(body.get("sids"), list) else [""]
        for sid in sids or ():
            self.store.decide(key, _text(body, "op"), body.get("on") is True, str(sid))
        return self._fresh(key)

    def resolve(self, body: Mapping[str, Any]) -> dict[str, Any]:
        key = _text(body, "key")
        self.store.resolve(key, _text(body, "take"))
        return self._fresh(key) if key in self.store.keys else {"row": None}

    def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The rows whose text or id holds the words, whatever the case."""
        wanted = _text(body, "text").casefold()
        with self.store.lock:
            pairs = list(zip(self.store.keys, self.store.lines, strict=True))
        out = []
        for key, line in pairs:
            row = line.row or {}
            if wanted in str(row.get("text", line.text)).casefold() or wanted in str(row.get("id", "")).casefold():
                out.append(key)
        return {"keys": out}

    def poll(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What is new since a revision."""
        since = body.get("since")
        since = since if isinstance(since, int) else 0
        with self.store.lock:
            revision, structure, problem = self.store.revision, self.store.structure, self.store.problem
            changed = self.store.changed_since(since)
            unsaved, total = self.store.unsaved, len(self.store.keys)
        rows = [r for k in changed[:2000] if (r := self._listed(k)) is not None]
        versions = {r["key"]: self.store.version(r["key"]) for r in rows}
        return {
            "revision": revision if len(changed) <= 2000 else since,
            "moved": structure > since,
            "rows": rows,
            "versions": versions,
            "unsaved": unsaved,
            "problem": problem,
            "read": len(self._summaries),
            "total": total,
        }

    # in the background

    def start(self) -> None:
        """Read all rows, so that the list can be filtered by what was found."""
        threading.Thread(target=self._survey, name="survey", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _survey(self) -> None:
        self._stop.wait(1.0)  # the first page comes first
        checked = b""
        while not self._stop.is_set():
            with self.store.lock:
                keys = list(self.store.keys)
            for key in keys:
                if self._stop.is_set():
                    return
                try:
                    known = self._summaries.get(key)
                    if known is not None and known[0] == self.store.version(key):
                        continue
                    self._remember(key)
                    self.store.touch(key)
                except EditError:
                    continue
                self._stop.wait(0.002)
            with self.store.lock:
                disk = self.store.disk
            if disk != checked:
                self._check_file()
                checked = disk
            self._stop.wait(2.0)

    def _check_file(self) -> None:
        """Findings that no row shows by itself: duplicates, splits, names that differ."""
        try:
            report = check([self.store.path], grammar=False, jobs=1)
        except OSError:
            return
        with self.store.lock:
            keys = list(self.store.keys)
        new: dict[str, list[Finding]] = {}
        for f in report.findings:
            if f.code.startswith(FILE_CODES) and f.code not in ("G504", "G507") and 0 < f.line <= len(keys):
                new.setdefault(keys[f.line - 1], []).append(f)
        changed = {k for k in {*new, *self._of_file} if new.get(k) != self._of_file.get(k)}
        self._of_file = new
        for key in changed:
            self._summaries.pop(key, None)


def _names(paths: Sequence[Path]) -> list[str]:
    """Short names that tell the files apart."""
    if len({p.name for p in paths}) == len(paths):
        return [p.name for p in paths]
    return [str(p) for p in paths]


def _surfaces(line: str) -> list[str]:
    """What a version of a row marks, in a few words."""
    try:
        spans = json.loads(line).get("spans")
        return [
            f"{s.get('label')} {s.get('text')} {short_value(s.get('label'), s.get('value'), s.get('text'))}".rstrip()
            for s in spans
        ]
    except (ValueError, AttributeError, TypeError):
        return []


def _wire_finding(f: Finding) -> dict[str, Any]:
    return {
        "code": f.code,
        "severity": f.severity,
        "message": f.message,
        "meant": f.meant,
        "start": None,
        "end": None,
        "span": None,
    }


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise EditError("A204", f"{key} is no string")
    return value


class Guard:
    """Lets in what comes from this machine's own page, and puts the headers on everything that goes out."""

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self.app, self.port = app, port
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"} | ({"127.0.0.1", "localhost"} if port == 80 else set())
        self.cookie = f"finextract-{port}"
        self._token: str | None = token
        self._session = secrets.token_urlsafe(32)
        self._lock = threading.Lock()

    def redeem(self, token: str) -> bool:
        """Whether this is the token; it is good once."""
        with self._lock:
            good = self._token is not None and hmac.compare_digest(token.encode(), self._token.encode())
            if good:
                self._token = None
            return good

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in HEADERS.items())]
            await send(message)

        request = Request(scope, receive)
        response = self._refuse(request)
        if response is None:
            await self.app(scope, receive, guarded)
        else:
            await response(scope, receive, guarded)

    def _refuse(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if host not in self.hosts:
            return _error(421, "A401", "this server answers to 127.0.0.1 only")
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return _error(403, "A402", "the request comes from another page")
        if request.method not in ("GET", "POST"):
            return _error(405, "A405", "GET and POST only")
        if request.method == "POST":
            if origin is None or site != "same-origin":
                return _error(403, "A402", "the request does not come from this page")
            if request.headers.get("content-type") != "application/json":
                return _error(415, "A406", "JSON only")
        if request.method == "GET" and request.url.path == "/" and "token" in request.query_params:
            if not self.redeem(request.query_params["token"]):
                return _error(403, "A403", "this link was used before; start the server again for another one")
            response = RedirectResponse("/", 303)
            response.set_cookie(self.cookie, self._session, httponly=True, samesite="strict", path="/")
            return response
        if not hmac.compare_digest(request.cookies.get(self.cookie, "").encode(), self._session.encode()):
            return _error(403, "A404", "open the link that the server has printed")
        return None


def _json(data: object, status: int = 200) -> Response:
    # ASCII: a text may hold half of a surrogate pair, which UTF-8 cannot
    return Response(json.dumps(data, separators=(",", ":")), status, media_type="application/json")


def _error(status: int, code: str, message: str) -> Response:
    return _json({"error": {"code": code, "message": message}}, status)


def build(desk: Desk, port: int, token: str) -> Guard:
    """The application, behind its guard."""

    def static(name: str, kind: str) -> Callable[[Request], Response]:
        content = files("finextract.annotate").joinpath("static", name).read_bytes()
        return lambda request: Response(content, media_type=kind)

    def call(act: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            data = b""
            async for chunk in request.stream():
                data += chunk
                if len(data) > BIGGEST_BODY:
                    return _error(413, "A407", "too much at once")
            try:
                body = json.loads(data)
                if not isinstance(body, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                return _error(400, "A204", "the request is no JSON object")
            try:
                return _json(await run_in_threadpool(act, body))
            except EditError as error:
                status = {"A101": 404, "A102": 409}.get(error.code, 422)
                return _error(status, error.code, str(error))

        return endpoint

    routes = [Route(path, static(*entry), methods=["GET"]) for path, entry in STATIC.items()]
    calls = (desk.open, desk.row, desk.edit, desk.value, desk.tokens, desk.decide, desk.resolve, desk.search, desk.poll)
    routes += [Route(f"/api/{act.__name__}", call(act), methods=["POST"]) for act in calls]
    return Guard(Starlette(routes=routes), port, token)


def serve(desk: Desk, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; ``ready`` gets the link. What is left is written at the end."""
    import uvicorn

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        port = sock.getsockname()[1]
        token = secrets.token_urlsafe(24)
        config = uvicorn.Config(
            build(desk, port, token),
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        desk.store.start()
        desk.start()
        sock.listen(128)
        # uvicorn passes the signal on when it has shut down; then the last writing is still to be done
        signal.signal(signal.SIGTERM, _leave)
        ready(f"http://127.0.0.1:{port}/?token={token}")
        try:
            uvicorn.Server(config).run(sockets=[sock])
        finally:
            desk.stop()
            desk.store.close()


def _leave(*_: object) -> None:
    raise SystemExit(0)
