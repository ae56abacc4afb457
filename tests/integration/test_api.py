"""HTTP over a real server: signing in, tickets, health, the console's files, errors, headers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from callcenter.api.session import _cookie_name
from tests.console_kit import AMY, Site, site

PASSWORD = "correct horse"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as found:
        yield found


@pytest.fixture
async def http(here: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on our own page."""
    async with httpx.AsyncClient(
        base_url=here.url, headers={"Origin": here.url}, timeout=30
    ) as client:
        yield client


async def sign_in(
    http: httpx.AsyncClient, user: str = "amy", password: str = PASSWORD
) -> httpx.Response:
    return await http.post("/api/v1/session", json={"user": user, "password": password})


def problem(response: httpx.Response) -> str:
    """The code of a problem, after looking at its form."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:callcenter:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    code: str = body["code"]
    return code


async def test_from_password_to_console(here: Site, http: httpx.AsyncClient) -> None:
    """Sign in, get a ticket, open the channel, sign out: the console is closed."""
    answer = await sign_in(http)
    assert answer.status_code == 200
    assert answer.json() == {
        "user": "amy", "name": "Amy Wong", "role": "agent", "device": "PJSIP/1001",
        "language": "en",
    }  # fmt: skip
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("cc=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await http.get("/api/v1/session")).json()["user"] == "amy"
    ticket = (await http.post("/api/v1/ws-tickets", json={})).json()
    assert ticket["expires"] > here.desk.now()
    async with here.browser() as browser:
        await browser.hello(ticket["ticket"])
        await browser.read("welcome")
        assert (await http.delete("/api/v1/session")).status_code == 204
        assert (await browser.closed())[0] == 4401
    assert problem(await http.get("/api/v1/session")) == "not_signed_in"
    assert problem(await http.post("/api/v1/ws-tickets", json={})) == "not_signed_in"


def test_cookie_behind_tls() -> None:
    """Behind TLS the cookie is Secure and bound to the host by its name."""
    scope = {"type": "http", "headers": [(b"host", b"cc.example")], "path": "/"}
    assert _cookie_name(Request({**scope, "scheme": "https"})) == "__Host-cc"
    assert _cookie_name(Request({**scope, "scheme": "http"})) == "cc"


async def test_ticket_of_a_sign_in_that_ended(here: Site, http: httpx.AsyncClient) -> None:
    """Signing out takes back tickets that were not used yet."""
    await sign_in(http)
    ticket = (await http.post("/api/v1/ws-tickets", json={})).json()["ticket"]
    await http.delete("/api/v1/session")
    assert here.doors.redeem(ticket) is None


async def test_signing_in_again_ends_the_sign_in_before(http: httpx.AsyncClient) -> None:
    """A second sign-in of one browser gives a new cookie; the old one is worth nothing."""
    await sign_in(http)
    old = http.cookies["cc"]
    await sign_in(http)
    assert http.cookies["cc"] != old
    http.cookies.set("cc", old)
    http.cookies.jar.clear()
    refused = await http.get("/api/v1/session", headers={"Cookie": f"cc={old}"})
    assert problem(refused) == "not_signed_in"


async def test_wrong_password_and_unknown_user(http: httpx.AsyncClient) -> None:
    """Both are told the same."""
    wrong, unknown = await sign_in(http, "amy", "wrong"), await sign_in(http, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert problem(wrong) == "wrong_password"


async def test_guessing(here: Site, http: httpx.AsyncClient) -> None:
    """After five failures the account waits, even for the right password, and is told how long."""
    for _ in range(5):
        assert (await sign_in(http, "amy", "wrong")).status_code == 401
    throttled = await sign_in(http, "amy")
    assert problem(throttled) == "too_many_tries"
    assert 0 < int(throttled.headers["retry-after"]) <= 900
    assert (await sign_in(http, "ben")).status_code == 200
    assert 'callcenter_sign_ins_total{result="throttled"} 1.0' in here.metrics.render().decode()


async def test_guessing_many_accounts(http: httpx.AsyncClient) -> None:
    """After twenty failures over any accounts the address waits."""
    for number in range(20):
        assert (await sign_in(http, f"user{number}", "wrong")).status_code == 401
    assert problem(await sign_in(http, "amy")) == "too_many_tries"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Origin": "http://evil.example"}, 403, "foreign_origin"),
        ({"Origin": "null"}, 403, "foreign_origin"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "foreign_origin"),
        ({}, 403, "foreign_origin"),
        ({"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"}, 415, "not_json"),
        ({"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}, 200, None),
    ],
)
async def test_requests_of_other_sites(
    here: Site, headers: dict[str, str], status: int, code: str | None
) -> None:
    """Only our own pages may change anything, and only with JSON."""
    async with httpx.AsyncClient(base_url=here.url, timeout=30) as http:
        content = json.dumps({"user": "amy", "password": PASSWORD})
        answer = await http.post("/api/v1/session", content=content, headers=headers)
    assert answer.status_code == status
    if code is not None:
        assert problem(answer) == code


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"user": 1, "password": "x"}', "/user"),
        ('{"user": "a"}', "/password"),
        ('{"user": "a", "password": "x", "role": "admin"}', "/role"),
        ('{"user": "", "password": "x"}', "/user"),
        ('{"user": "a", "password": "' + "x" * 2000 + '"}', "/password"),
        ("[]", ""),
    ],
)
async def test_wrong_fields(http: httpx.AsyncClient, body: str, pointer: str) -> None:
    """Wrong fields are named by a JSON pointer."""
    answer = await http.post(
        "/api/v1/session", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert problem(answer) == "invalid"
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "xxxx" not in answer.text


async def test_body_too_large(http: httpx.AsyncClient) -> None:
    """A body beyond the limit is refused while it is being read."""
    answer = await http.post("/api/v1/session", json={"user": "a", "password": "x" * 200_000})
    assert problem(answer) == "too_large"


async def test_unknown_address_and_method(http: httpx.AsyncClient) -> None:
    """Unknown addresses and methods are problems too; the method's answer says what is allowed."""
    assert problem(await http.get("/api/v1/nothing")) == "not_found"
    wrong = await http.put("/api/v1/session", json={})
    assert problem(wrong) == "method_not_allowed"
    assert wrong.headers["allow"] == "DELETE, GET, POST"


async def test_health(tmp_path: Path) -> None:
    """Alive always; ready only when every part is, and each part says why not."""
    why: dict[str, str | None] = {"store": None, "exchange": "wrong secret for user callcenter"}

    def broken() -> str | None:
        raise OSError

    checks: dict[str, Callable[[], str | None]] = {
        name: (lambda name=name: why[name])  # type: ignore[misc]
        for name in why
    }
    async with (
        site(tmp_path, checks=checks) as here,
        httpx.AsyncClient(base_url=here.url, timeout=30) as http,
    ):
        assert (await http.get("/healthz")).json() == {"alive": True}
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {
            "ready": False,
            "parts": {
                "store": {"ready": True, "why": None},
                "exchange": {"ready": False, "why": "wrong secret for user callcenter"},
            },
        }
        why["exchange"] = None
        assert (await http.get("/readyz")).status_code == 200
        checks["store"] = broken
        assert (await http.get("/healthz")).status_code == 200


async def test_check_that_fails(tmp_path: Path) -> None:
    """A check that raises counts as not ready and does not break the answer."""

    def broken() -> str | None:
        raise OSError("secret detail")

    async with (
        site(tmp_path, checks={"store": broken}) as here,
        httpx.AsyncClient(base_url=here.url, timeout=30) as http,
    ):
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["store"]["why"] == "The check itself failed: OSError."


async def test_metrics(here: Site, http: httpx.AsyncClient) -> None:
    """The numbers are there in Prometheus' text format."""
    async with here.browser(AMY) as browser:
        await browser.command("1", "agent.state", d={"state": "break", "reason": "fun"})
        answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "callcenter_console_sessions 1.0" in answer.text
    assert 'callcenter_console_commands_total{kind="bad_choice"} 1.0' in answer.text
    assert 'callcenter_console_welcomes_total{kind="snapshot"} 1.0' in answer.text


async def test_security_headers(http: httpx.AsyncClient) -> None:
    """Every answer carries them, errors too; answers of the API are not kept anywhere."""
    for path in ("/", "/healthz", "/api/v1/session", "/nothing"):
        headers = (await http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["permissions-policy"].startswith("microphone=(self)")
        assert "server" not in headers
    assert (await http.get("/api/v1/session")).headers["cache-control"] == "no-store"


# --- the console's files ------------------------------------------------------------------------


def build(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    files = {"index.html": "<!doctype html>", "assets/main-AB12.js": "let x = 1;" * 500}
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "secret.txt").write_text("not in the manifest")
    (folder / "manifest.json").write_text(
        json.dumps({
            name: "sha384-" + base64.b64encode(hashlib.sha384(text.encode()).digest()).decode()
            for name, text in files.items()
        })
    )  # fmt: skip


async def test_console_not_built(http: httpx.AsyncClient) -> None:
    """Without a build the page says what to do."""
    answer = await http.get("/")
    assert answer.status_code == 503
    assert "make console" in answer.text


async def test_console_files(tmp_path: Path) -> None:
    """The page is asked for again each time, hashed files never; nothing else is served."""
    build(tmp_path / "static")
    async with (
        site(tmp_path) as here,
        httpx.AsyncClient(base_url=here.url, timeout=30) as http,
    ):
        page = await http.get("/")
        assert page.text == "<!doctype html>"
        assert page.headers["cache-control"] == "no-cache"
        again = await http.get("/", headers={"If-None-Match": page.headers["etag"]})
        assert again.status_code == 304
        script = await http.get("/assets/main-AB12.js")
        assert script.text == "let x = 1;" * 500
        assert script.headers["content-encoding"] == "gzip"
        assert "immutable" in script.headers["cache-control"]
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        plain = await http.get("/assets/main-AB12.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.text == script.text
        assert (await http.head("/")).status_code == 200
        for path in ("/secret.txt", "/manifest.json", "/assets/../secret.txt", "/%2e%2e/x"):
            assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("damage", ["changed", "missing", "outside", "no json"])
async def test_damaged_console(tmp_path: Path, damage: str) -> None:
    """Files that are not what was built are not served; the page names the file."""
    folder = tmp_path / "static"
    build(folder)
    script, manifest = folder / "assets/main-AB12.js", folder / "manifest.json"
    if damage == "changed":
        script.write_text("evil()")
    elif damage == "missing":
        script.unlink()
    elif damage == "outside":
        manifest.write_text('{"../x": "sha384-"}')
    else:
        manifest.write_text("{")
    async with (
        site(tmp_path) as here,
        httpx.AsyncClient(base_url=here.url, timeout=30) as http,
    ):
        answer = await http.get("/")
        assert answer.status_code == 503
        assert "damaged" in answer.text
        named = {"changed": "main-AB12.js", "missing": "main-AB12.js", "outside": "../x"}
        assert named.get(damage, "") in answer.text
