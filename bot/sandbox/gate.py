"""Who may talk to the sandbox: Host and Origin, the tokens, and the headers of every answer.

It listens on 127.0.0.1 only. The Host check stops DNS rebinding; the Origin check stops other pages in the person's
browser; the token in the URL stops other users of the machine.
"""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BaseHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; img-src 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def local_hosts(port: int) -> frozenset[str]:
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})


def _own_port(request: web.Request) -> int:
    """Read the port that this request really came in on (never the Host header)."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return int(name[1]) if name else 0


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign Host and Origin headers with 403; put the security headers on every answer."""
    hosts = local_hosts(_own_port(request))
    origin = request.headers.get("Origin")
    if request.headers.get("Host", "") not in hosts:
        return web.Response(text="wrong Host", status=403, headers=_HEADERS)
    if origin is not None and origin.removeprefix("http://") not in hosts:
        return web.Response(text="wrong Origin", status=403, headers=_HEADERS)
    try:
        response = await handler(request)
    except ConnectionError:  # the client died in the middle of its request: nobody reads what is answered
        return web.Response(status=400)
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


def client_may_go(handler: BaseHandler) -> BaseHandler:
    """Wrap a handler of web.Server: a client that dies in the middle of its request is no error worth a traceback."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConnectionError:
            return web.Response(status=400)

    return handle


def is_local(request: web.BaseRequest) -> bool:
    """Whether the Host header names this machine and the port that the request came in on."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return request.headers.get("Host", "") in local_hosts(int(name[1]) if name else 0)


async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on streamed answers too (aiohttp's on_response_prepare signal)."""
    del request
    response.headers.update(_HEADERS)


def same(given: str, *wanted: str) -> bool:
    """Compare tokens in constant time."""
    return any(hmac.compare_digest(given.encode(), each.encode()) for each in wanted)


def bearer(request: web.Request) -> str:
    header = request.headers.get("Authorization", "")
    return header[7:].strip() if header[:7].lower() == "bearer " else ""
