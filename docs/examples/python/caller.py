"""Who calls this service, from the headers that its Envoy wrote: the contract of docs/identity.md.

    caller = read_caller(request.method, request.headers.items(), service="bucket", now=time.time())
    if "bucket:read" not in caller.get("permissions", []): ...

Headers are (name, value) pairs as they came, so that one which came twice is seen twice. Nothing here verifies a
signature: Envoy did, and the service must be reachable through its Envoy alone.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

MAX_HEADER, MAX_TEXT, MAX_LIST, MAX_ACTORS = 16_384, 2_048, 1_024, 8
AUTHORIZATION = re.compile(r"(?:Bearer|Service) [A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")
WORKLOAD = re.compile(r"system:serviceaccount:[^:]+:[^:]+")
SPIFFE = re.compile(r"spiffe://([a-z0-9._-]{1,255})/ns/([a-z0-9-]{1,63})/sa/([a-z0-9.-]{1,253})")
PAIR = re.compile(r'[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;=]*))(;|,|\Z)')
ABSENT = object()


class Refused(Exception):
    """The request must be refused: `code` is token_malformed or audience_mismatch (401), or unavailable (503)."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def read_caller(method: str, headers, service: str, now: float, gateways=("istio-ingress",)) -> dict:
    bag: dict[str, list[str]] = {}
    for name, value in headers:
        bag.setdefault(name.lower(), []).append(value)
    peer = _peer(",".join(bag["x-forwarded-client-cert"])) if "x-forwarded-client-cert" in bag else None
    with_peer = {"peer": peer} if peer else {}
    # Envoy checks no token on a CORS preflight.
    preflight = method == "OPTIONS" and "origin" in bag and "access-control-request-method" in bag
    payload = None if preflight else _verified_payload(bag)
    if payload is not None:
        return _token_holder(payload, service, now) | with_peer
    if peer is None or peer["namespace"] in gateways:
        return {"kind": "anonymous"} | with_peer
    subject = f"system:serviceaccount:{peer['namespace']}:{peer['serviceAccount']}"
    return {"kind": "workload", "proof": "mtls", "id": subject} | with_peer


def _verified_payload(bag: dict) -> dict | None:
    """Counts only beside a token whose payload segment is the same text, each of them once."""
    authorization, payload = bag.get("authorization", []), bag.get("x-jwt-payload", [])
    if len(authorization) != 1 or len(payload) != 1:
        return None
    if len(authorization[0]) > MAX_HEADER:
        raise Refused("token_malformed", "The token is too long.")
    match = AUTHORIZATION.fullmatch(authorization[0])
    if match is None or match[1] != payload[0]:
        return None
    try:
        raw = base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4))
        claims = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (binascii.Error, ValueError) as error:
        raise Refused("token_malformed", "The token's payload is not JSON.") from error
    canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    if canonical != payload[0] or not isinstance(claims, dict):
        raise Refused("token_malformed", "The token's payload is no JSON object in canonical base64url.")
    return claims


def _no_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def _token_holder(payload: dict, service: str, now: float) -> dict:
    if service not in _texts(payload, "aud"):
        raise Refused("audience_mismatch", "The token is for another audience.")
    issuer, subject = _required(payload, "iss"), _required(payload, "sub")
    expires = _claim(payload, "services", service, "expires")
    if expires is not ABSENT and (isinstance(expires, bool) or not isinstance(expires, (int, float))):
        raise _malformed("services", service, "expires")
    granted = _texts(payload, "services", service, "permissions")
    permissions = [] if expires is not ABSENT and expires <= now else granted
    common = {"id": subject, "issuer": issuer, "permissions": permissions}
    is_user = "user" in payload
    if not is_user and (WORKLOAD.fullmatch(subject) or _text(payload, "client_id") == subject):
        return {"kind": "workload", "proof": "token"} | common
    user = common | {"id": _text(payload, "user", "id") or subject, "roles": _texts(payload, "user", "roles")}
    if email := _text(payload, "user", "email"):
        user["email"] = email
    if "session" in payload:
        device = _text(payload, "session", "device")
        user["session"] = {"id": _required(payload, "session", "id")} | ({"device": device} if device else {})
    actors = _actors(payload)
    return {"kind": "userViaWorkload", "actors": actors} | user if actors else {"kind": "user"} | user


def _actors(payload: dict) -> list[str]:
    """The outermost `act` is who acts now (RFC 8693 section 4.1)."""
    chain, path = [], ["act"]
    while _claim(payload, *path) is not ABSENT:
        if len(chain) == MAX_ACTORS:
            raise _malformed("act")
        chain.append(_required(payload, *path, "sub"))
        path.append("act")
    return chain


def _claim(payload: dict, *path: str):
    value = payload
    for name in path:
        if value is ABSENT:
            return ABSENT
        if not isinstance(value, dict):
            raise _malformed(*path)
        value = value.get(name, ABSENT)
    return value


def _required(payload: dict, *path: str) -> str:
    value = _text(payload, *path)
    if value is None:
        raise _malformed(*path)
    return value


def _text(payload: dict, *path: str) -> str | None:
    value = _claim(payload, *path)
    if value is ABSENT:
        return None
    if isinstance(value, str) and 0 < len(value) <= MAX_TEXT:
        return value
    raise _malformed(*path)


def _texts(payload: dict, *path: str) -> list[str]:
    value = _claim(payload, *path)
    if value is ABSENT:
        return []
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list) and len(texts) <= MAX_LIST and all(isinstance(t, str) and len(t) <= MAX_TEXT for t in texts):
        return texts
    raise _malformed(*path)


def _malformed(*path: str) -> Refused:
    return Refused("token_malformed", f"The claim {'.'.join(path)} has another shape than expected.")


def _peer(header: str) -> dict | None:
    """The last element is the one that this service's own Envoy wrote; those before it are hearsay."""
    uris: list[str] = []
    position, end = 0, ","
    while end:
        match = PAIR.match(header, position) if len(header) <= MAX_HEADER else None
        if match is None:
            raise Refused("unavailable", "The mesh did not write this client certificate header.")
        key, quoted, plain, end = match.groups()
        if key.lower() == "uri":
            uris.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        if end == ",":
            uris = []
        position = match.end()
    if len(uris) > 1:
        raise Refused("unavailable", "The client certificate header names more than one URI.")
    match = SPIFFE.fullmatch(uris[0]) if uris else None
    return dict(zip(("trustDomain", "namespace", "serviceAccount"), match.groups())) if match else None
