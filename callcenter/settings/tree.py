"""The settings tree: every option with its type and default.

``config/callcenter.toml`` lists them for people. Secrets never appear in ``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Where browsers find the engine."""

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_origins: tuple[str, ...] = ()
    """Origins allowed besides the engine's own, such as ``https://console.example.org``."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded-* headers are believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    url: str = "sqlite:///var/callcenter.db"
    """An SQLAlchemy URL. SQLite paths are relative to where the engine is started."""
    keep_decisions_days: float = 30.0
    """How long routing decisions are kept with their trace."""
    keep_told_waits_days: float = 365.0
    """How long waits that were told to callers are kept."""
    keep_reservations_days: float = 30.0
    """How long reservations that are over are kept."""
    keep_audit_days: float = 730.0
    keep_predictions_days: float = 365.0
    """How long predictions are kept with what they were made from."""
    keep_callbacks_days: float = 730.0
    """How long callbacks that are over are kept, with their attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """The Asterisk to listen to."""

    host: str = "127.0.0.1"
    port: int = 5038
    user: str = "callcenter"
    secret: str = field(default="", repr=False)
    tls: bool = False
    tls_ca: str | None = None
    """A PEM file to trust instead of the system's authorities."""
    auth: Literal["md5", "plain"] = "md5"
    control_members: bool = True
    """Pause and unpause queue members as agents become ready, take breaks and wrap up."""
    devices: tuple[str, ...] = ()
    """Shell patterns of the centre's own phones (``PJSIP/desk-*``), where they are not named like
    extensions (``PJSIP/1001``) and are members of no queue."""
    trunks: tuple[str, ...] = ()
    """Shell patterns of endpoints that lead outside though they are named like extensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSettings:
    region: str = "GB"
    """ISO 3166-1 code: how numbers without a country code are read."""
    time_zone: str = "Europe/London"
    """When today begins."""
    currency: str = "GBP"
    pack: str = "finance"
    """Reasons, outcomes, break reasons and knowledge of a trade: a file in ``config/packs``."""
    wrapup_seconds: float | None = 120.0
    """Wrap-up ends by itself after this long; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """From ``after`` seconds of waiting on, whoever satisfies ``want`` may take the call."""

    after: float
    want: str = ""
    """An expression over skills, such as ``cards >= 3 and english``; empty: members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions:
    """Minutes until a customer is called again, and how often, after attempts that ended so."""

    minutes: float
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOptions:
    """How a queue of the engine calls back (docs/callbacks.md)."""

    offered: bool = False
    """Whether this queue calls back at all."""
    first: Literal["agent", "customer"] = "customer"
    preview_seconds: float = 0.0
    dial_seconds: float = 30.0
    machine: Literal["connect", "hang_up", "message"] = "connect"
    message_after: int = 0
    """A message is left by the last attempt only (0), or from this attempt on."""
    max_attempts: int = 3
    retries: dict[str, RetryOptions] = field(default_factory=dict)
    """By cause: busy, no_answer, congestion, declined, machine, abandoned, agent_gone, unknown."""
    caller_id: str = ""
    notice_minutes: float = 30.0
    """The earliest slot is so far ahead."""
    days_ahead: int = 14
    slot_minutes: int = 15
    """Slots begin so far apart, and their window is as long."""
    staff: tuple[str, ...] = ()
    """Agents planned, such as ``mon-fri 08:00-18:00 12``; none: learned from who took calls at
    that time in the weeks before."""
    handle_seconds: float = 0.0
    """Average talk and wrap-up of a call; 0: as measured."""
    patience_seconds: float = 0.0
    """Average patience of callers in line; 0: as measured."""
    service_level: float = 0.8
    """Slots are offered as long as so many callers are still answered within ``threshold``."""
    most_waiting: int = 200
    """No more open callbacks than this."""
    longest_wait_minutes: float = 240.0
    """A callback for now is kept in line at most so long."""
    poor_below: float = 0.8
    """Fewer promises kept than this share of the last 20: no more offers until it is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOptions:
    """A website that offers callbacks: who sees its form, and what is on it."""

    queue: str
    name: str = ""
    """Of the centre, as customers know it."""
    origins: tuple[str, ...] = ()
    """Websites whose pages may contain the form, such as ``https://www.example.org``; the hosted
    page works without."""
    languages: tuple[Literal["en", "zh-Hans", "zh-Hant"], ...] = ("en", "zh-Hans", "zh-Hant")
    reasons: tuple[str, ...] = ()
    """Reasons to choose from, codes or heads of the pack; none: the pack's heads."""
    answers: bool = True
    """Show likely answers before the form is sent."""
    contact: str = ""
    """Whom to ask about personal data: an e-mail address or a URL, shown under the form."""
    consent: str = ""
    """A text with its own, unticked box; empty: none is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksSettings:
    """Callbacks of all queues: how they are dialled, and who may ask for them."""

    dial: str = ""
    """The channel that leads outside, such as ``PJSIP/{number}@trunk`` or
    ``Local/{number}@outside/n``; ``{number}`` is E.164, ``{digits}`` the same without the plus.
    Empty: nobody can be called back."""
    public_url: str = ""
    """Where customers reach this engine, for links in confirmations: ``https://call.example.org``.
    """
    countries: tuple[str, ...] = ()
    """ISO 3166-1 codes of the countries that are called; none: that of the centre alone."""
    kinds: tuple[str, ...] = ("mobile", "fixed", "fixed_or_mobile")
    """Kinds of numbers that are called; premium, shared_cost, satellite and unknown ones never."""
    blocked_prefixes: tuple[str, ...] = ()
    """E.164 beginnings that are never called."""
    per_number_day: int = 3
    per_prefix_hour: int = 20
    per_address_hour: int = 5
    per_site_hour: int = 200
    spend_hour: int = 300
    """So many are accepted an hour in all."""
    least_fill_seconds: float = 2.0
    """Nobody fills in the form faster."""
    pressure: int = 30
    """Posts to a site within a minute from which on browsers have to work for a token (PBKDF2)."""
    confirm: Literal["none", "code"] = "none"
    """``code``: whoever we do not know enters a code that ``hook`` sends to the number."""
    hook: str = ""
    """A URL of the house that is told of codes, confirmations and last attempts (docs)."""
    hook_secret: str = field(default="", repr=False)
    """Signs what the hook is sent."""
    dry_run: bool = False
    """Rules against abuse only write down what they would refuse."""
    link_days: float = 30.0
    """How long the links of a confirmation work."""
    law: str = ""
    """A law pack of ``config/law``; empty: no rule but the queue's hours."""
    sites: dict[str, SiteOptions] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """A queue; all but ``threshold`` has an effect only where the engine distributes."""

    threshold: float = 20.0
    """Service-level threshold, seconds."""
    distribution: Literal["exchange", "engine"] = "exchange"
    """Who chooses the agent: the exchange's own app_queue, or the engine."""
    steps: tuple[StepOptions, ...] = ()
    """Who may take a call, widening with time; none: members of the queue."""
    credit: float = 0.0
    """Seconds that its calls are treated as having waited already: its priority."""
    ring_seconds: float = 15.0
    auto_answer: bool = False
    sticky_seconds: float = 0.0
    """How long a caller waits for the agent they last talked to; 0: not at all."""
    max_wait: float = 0.0
    """After so many seconds the call is sent on; 0: never."""
    overflow: str = ""
    """Another queue of the engine, to which calls are sent on."""
    when_empty: Literal["wait", "overflow", "leave"] = "wait"
    when_closed: Literal["leave", "overflow"] = "leave"
    hours: tuple[str, ...] = ()
    """Such as ``mon-fri 08:00-18:00``, in the centre's time zone; none: always open."""
    holidays: tuple[str, ...] = ()
    """Dates on which it is closed."""
    announce_seconds: float = 0.0
    """How often a waiting caller is told their place and the expected wait; 0: never."""
    callback: CallbackOptions = field(default_factory=CallbackOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonOptions:
    """What a likely reason changes, where its probability is above ``above``."""

    reason: str
    above: float
    queue: str = ""
    """Go to this queue of the engine; the place in line is kept."""
    want: str = ""
    """Only agents who also satisfy this, for ``want_seconds``."""
    want_seconds: float = 60.0
    credit: float = 0.0
    """Seconds that the call is treated as having waited already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingSettings:
    """How the engine chooses, over all its queues."""

    skills: tuple[str, ...] = ()
    """Skills that exist here; none named: any name is one."""
    tiers: dict[str, float] = field(default_factory=dict)
    """Tier of the customer to the seconds it counts as having waited already."""
    max_credit: float = 600.0
    """No call overtakes one that came more than so many seconds before it."""
    sticky_days: float = 14.0
    """How long the agent a caller last talked to is remembered for them."""
    retry_seconds: float = 60.0
    """How long a call is kept from an agent who did not answer or refused it."""
    missed_policy: Literal["missed", "ready"] = "missed"
    """An agent who did not answer: not ready until they say so, or ready again."""
    occupancy_cap: float = 0.85
    """Outbound work is given only to agents whose occupancy is below it."""
    reasons: tuple[ReasonOptions, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionSettings:
    listening_visible: bool = True
    """Whether agents see that a supervisor listens."""
    pause_limit: float = 120.0
    """A paused recording goes on by itself after so many seconds."""
    transfer_targets: tuple[str, ...] = ()
    """Numbers and extensions besides the centre's own that calls may be transferred to, as shell
    patterns (``+4420*``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionSettings:
    """Why customers call, what to answer, and how it is learned (docs/prediction.md)."""

    on: bool = True
    off_queues: tuple[str, ...] = ()
    """Queues in which nothing is predicted."""
    sure: float = 0.15
    """A likeliest reason below this is a guess: nothing is said."""
    deadline: float = 0.05
    """Seconds within which a model must have answered; then the rules do, and it may patch the
    card afterwards."""
    models: str = "var/models"
    """The folder of trained models; relative to where the engine is started."""
    encoder: Literal["none", "semantic", "semantic-en"] = "none"
    """What reads words besides the built-in models: an optional package of this name."""
    refit_calls: int = 500
    """Models are trained again after so many confirmed reasons; 0: never by count."""
    refit_hours: float = 24.0
    """And after so many hours; 0: never by time."""
    train_days: float = 180.0
    """Models learn from so many days."""
    promote: Literal["gate", "never"] = "gate"
    """Whether a better model becomes the one in use by itself, or only by hand."""
    answers: Literal["choice", "best"] = "choice"
    """Whether agents see several answers, or the best one."""
    automatic_above: float = 0.85
    """An answer surer than this is opened by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    """What other systems of the house may tell: happenings, pages, conditions, words."""

    token: str = field(default="", repr=False)
    """They send it as ``Authorization: Bearer``; empty: nothing is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    node: str = "main"
    """Names this engine where several share one database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """auto: for people on a terminal, JSON otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    centre: CentreSettings = field(default_factory=CentreSettings)
    queues: dict[str, QueueOptions] = field(default_factory=dict)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    supervision: SupervisionSettings = field(default_factory=SupervisionSettings)
    prediction: PredictionSettings = field(default_factory=PredictionSettings)
    intake: IntakeSettings = field(default_factory=IntakeSettings)
    callbacks: CallbacksSettings = field(default_factory=CallbacksSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    log: LogSettings = field(default_factory=LogSettings)
