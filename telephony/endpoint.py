"""Where the exchange is, how to reach it, and in words why it cannot be reached.

Makes Twisted endpoints and reads Twisted's failures; it must not connect by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from asterisk.ami.action import LoginAction
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import error, ssl
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from telephony.login import Credentials
from telephony.wire import WireError, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """One exchange. Times in seconds.

    `tls_ca`: a file with the certificates (PEM) that may sign the exchange's; None: the machine's
    own trusted ones. The certificate must be for `host`, name or address as written here.
    `backoff_first` to `backoff_most`: waits between attempts, doubled each time, with jitter;
    `refused_wait` after a login that was refused, so that no exchange locks us out.
    """

    host: str
    port: int = 5038
    user: str
    secret: str = field(repr=False)
    auth: Literal["md5", "md5-or-plain", "plain"] = "md5"
    tls: bool = False
    tls_ca: Path | None = None
    connect_limit: float = 10.0
    backoff_first: float = 0.5
    backoff_most: float = 30.0
    refused_wait: float = 30.0

    def __post_init__(self) -> None:
        if not self.host or not self.host.isprintable():
            raise ValueError("the exchange's host is empty or not printable")
        if not 0 < self.port < 65536:
            raise ValueError(f"the exchange's port is {self.port}, not one of 1 to 65535")
        try:
            encode(LoginAction(self.user, self.secret))
        except WireError as problem:
            raise ValueError(
                f"the exchange's {problem.header.lower()} cannot be used: {problem.reason}"
            ) from None

    @property
    def place(self) -> str:
        """Host and port for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.user, self.secret, self.auth)


# What we use of Twisted's interfaces, in a form that a type checker reads without zope's plugin.


class Endpoint(Protocol):
    """Something to connect to (IStreamClientEndpoint)."""

    def connect(self, factory: Factory, /) -> Deferred[IProtocol]: ...


class Timer(Protocol):
    """A call to come (IDelayedCall)."""

    def getTime(self) -> float: ...  # noqa: N802 - Twisted's name

    def active(self) -> bool: ...

    def cancel(self) -> None: ...


class Timers(Protocol):
    """Monotonic time and calls at a moment of it (IReactorTime)."""

    def seconds(self) -> float: ...

    def callLater(  # noqa: N802 - Twisted's name
        self, delay: float, callable: Callable[[], object], /
    ) -> Timer: ...


class Tcp(Protocol):
    """A connection, plain or TLS (ITCPTransport)."""

    def write(self, data: bytes) -> None: ...

    def loseConnection(self) -> None: ...  # noqa: N802 - Twisted's name

    def abortConnection(self) -> None: ...  # noqa: N802 - Twisted's name

    def setTcpNoDelay(self, enabled: bool) -> None: ...  # noqa: N802 - Twisted's name


def endpoint_of(reactor: Any, settings: LinkSettings) -> Endpoint:
    """The endpoint for these settings. Raises ValueError for an unusable `tls_ca`."""
    plain: Any = HostnameEndpoint(
        reactor, settings.host, settings.port, timeout=settings.connect_limit
    )
    if not settings.tls:
        return cast(Endpoint, plain)
    options = ssl.optionsForClientTLS(settings.host, trustRoot=_trust(settings.tls_ca))
    return cast(Endpoint, wrapClientTLS(options, plain))


def _trust(path: Path | None) -> Any:
    if path is None:
        return ssl.platformTrust()  # type: ignore[no-untyped-call]
    try:
        blocks = path.read_bytes().split(b"-----BEGIN CERTIFICATE-----")[1:]
        certificates = [
            ssl.Certificate.loadPEM(b"-----BEGIN CERTIFICATE-----" + block) for block in blocks
        ]
    except (OSError, SSL.Error) as problem:
        raise ValueError(f"the exchange's tls_ca {path} cannot be read: {problem}") from problem
    if not certificates:
        raise ValueError(f"the exchange's tls_ca {path} holds no certificate in PEM form")
    return ssl.trustRootFromCertificates(certificates)  # type: ignore[no-untyped-call]


def in_words(failure: Failure, settings: LinkSettings, *, greeted: bool) -> str:
    """Why there is no line, for the operator. `greeted`: the peer had said that it is an AMI."""
    problem = failure.value
    place = settings.place
    if isinstance(problem, error.DNSLookupError):
        return f"the host name {settings.host!r} cannot be resolved"
    if isinstance(problem, error.ConnectionRefusedError):
        return (
            f"nothing listens at {place}: is Asterisk running, and does manager.conf have "
            "'enabled = yes' with this port and address?"
        )
    if isinstance(problem, error.TimeoutError):
        return f"{place} does not answer within {settings.connect_limit:g} s: a firewall?"
    if isinstance(problem, error.NoRouteError):
        return f"there is no way to {place}: network unreachable"
    if isinstance(
        problem, SSL.Error | VerificationError | error.VerifyError | error.CertificateError
    ):
        return f"TLS with {place} fails: {_tls_words(problem, settings)}"
    if not greeted and isinstance(problem, error.ConnectionDone | error.ConnectionLost):
        wants = "" if settings.tls else "; is it the port for TLS?"
        return f"{place} closed the line without a greeting{wants}"
    if isinstance(problem, error.ConnectionDone):
        return f"{place} closed the line"
    if isinstance(problem, error.ConnectionLost):
        return f"the line to {place} broke"
    return f"no line to {place}: {problem}"


def _tls_words(problem: BaseException, settings: LinkSettings) -> str:
    if isinstance(problem, VerificationError):
        return f"its certificate is not for {settings.host!r}"
    text = str(problem)
    if "certificate verify failed" in text:
        signer = "tls_ca" if settings.tls_ca else "the machine's trusted certificates; set tls_ca"
        return f"its certificate is not signed by {signer}, or has expired"
    if "wrong version number" in text or "record layer failure" in text:
        return "the port answers without TLS; set tls to false or use the port for TLS"
    return text
