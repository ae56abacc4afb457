"""The fields of a callback form as they are sent, by widget and by page, and why one is refused.

One model reads both, so a browser with script can send nothing that one without cannot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter.callback_ports import CallbackRefused, Denial
from callcenter.callbacks.forms import Form, FormRefused, LinkRefused, TooLate
from callcenter.callbacks.typed import MOST_NAME, MOST_WORDS
from callcenter.callbacks.work import Challenge, Solution
from callcenter.callbacks.zones import is_zone

from .callback_page_texts import LANGUAGES, Language, say, why
from .callback_times import instant
from .intake import CODE, LINE, TEXT
from .public import Refusal

ASCII: Final = r"^[!-~]*$"

T = TypeVar("T", bound=BaseModel)


class Sent(BaseModel):
    """What is refused here never comes to booking."""

    model_config = ConfigDict(strict=True, extra="forbid")


class WorkSent(Sent):
    salt: Annotated[str, Field(max_length=256, pattern=r"^[0-9a-f]*$")]
    counter: Annotated[int, Field(ge=0, lt=1 << 31)] | None = None
    """`null`: not computed; who waited as long as they were told may send that."""


class NumberSent(Sent):
    number: Annotated[str, Field(min_length=1, max_length=64, pattern=LINE)]
    region: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""


class AskSent(Sent):
    """What somebody wants, before they asked to be called."""

    words: Annotated[str, Field(max_length=MOST_WORDS, pattern=TEXT)] = ""
    reason: Annotated[str, Field(pattern=f"{CODE}|^$")] = ""
    language: Annotated[str, Field(max_length=16, pattern=ASCII)] = ""


class AnsweredSent(Sent):
    """What became of the answers that were shown."""

    opened: Annotated[
        list[Annotated[str, Field(max_length=200, pattern=LINE)]], Field(max_length=20)
    ] = []
    solved: bool | None = None
    number: Annotated[str, Field(max_length=64, pattern=LINE)] = ""
    region: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""


class FormSent(Sent):
    """A whole form."""

    token: Annotated[str, Field(min_length=1, max_length=512, pattern=ASCII)]
    number: Annotated[str, Field(min_length=1, max_length=64, pattern=LINE)]
    region: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    name: Annotated[str, Field(max_length=MOST_NAME, pattern=LINE)] = ""
    language: Annotated[str, Field(max_length=16, pattern=ASCII)] = ""
    zone: Annotated[str, Field(max_length=64, pattern=ASCII)] = ""
    when: Annotated[str, Field(min_length=1, max_length=40, pattern=ASCII)]
    """``now``, or when the chosen slot opens: ISO 8601 with an offset."""
    reason: Annotated[str, Field(pattern=f"{CODE}|^$")] = ""
    words: Annotated[str, Field(max_length=MOST_WORDS, pattern=TEXT)] = ""
    consent: bool = False
    website: Annotated[str, Field(max_length=200)] = ""
    work: WorkSent | None = None
    code: Annotated[str, Field(max_length=16, pattern=LINE)] = ""
    deflection: Annotated[str, Field(max_length=80, pattern=ASCII)] = ""
    customer: Annotated[str, Field(max_length=512, pattern=ASCII)] = ""

    def form(self, site: str, address: str, language: Language) -> Form:
        """For booking. Raises ``Refusal`` 422."""
        wrong = []
        when = None if self.when == "now" else instant(self.when)
        if self.when != "now" and when is None:
            wrong.append(("when", "when", why(language, "when")))
        if self.zone and not is_zone(self.zone):
            wrong.append(("zone", "zone", why(language, "zone")))
        if wrong:
            raise Refusal(422, "invalid", language, errors=wrong)
        return Form(
            site=site, address=address, token=self.token, number=self.number, region=self.region,
            name=" ".join(self.name.split()), language=language, zone=self.zone, when=when,
            reason=self.reason, words=self.words.strip(), consent=self.consent,
            website=self.website, code=self.code.strip(), deflection=self.deflection,
            customer=self.customer,
            work=None if self.work is None else Solution(
                salt=self.work.salt, counter=self.work.counter
            ),
        )  # fmt: skip


def read_json(kind: type[T], body: bytes, language: Language) -> T:
    """Raises ``Refusal`` 400 for what is no JSON, 422 for wrong fields."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        if any(found["type"] == "json_invalid" for found in error.errors(include_url=False)):
            raise Refusal(400, "bad_request", language) from None
        raise Refusal(422, "invalid", language, errors=_errors(error, language)) from None


def read_fields(kind: type[T], fields: Mapping[str, Any], language: Language) -> T:
    """The same for what a page's form sent. Raises ``Refusal`` 422."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise Refusal(422, "invalid", language, errors=_errors(error, language)) from None


def _errors(error: ValidationError, language: Language) -> list[tuple[str, str, str]]:
    errors: dict[str, tuple[str, str, str]] = {}
    for found in error.errors(include_url=False, include_input=False)[:20]:
        field = ".".join(str(step) for step in found["loc"])[:64]
        code = _code(found["type"], found.get("ctx", {}))
        if code == "missing" and field == "when":
            code = "when"
        errors.setdefault(field, (field, code, why(language, code)))
    return list(errors.values())


def _code(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "missing" or (kind == "string_too_short" and context.get("min_length") == 1):
        return "missing"
    if kind in ("string_too_long", "too_long"):
        return "too_long"
    if kind == "string_pattern_mismatch" and context.get("pattern") in (LINE, TEXT):
        return "text"
    return "unknown_field" if kind == "extra_forbidden" else "wrong"


_FIELDS: Final[Mapping[str, str]] = {
    "number_bad": "number", "number_withheld": "number", "country": "number", "kind": "number",
    "prefix": "number", "blocked": "number", "slot_taken": "when", "slot_unknown": "when",
    "closed": "when", "code": "code", "code_wrong": "code", "text": "words",
}  # fmt: skip
"""Where the message stands, if booking names no field."""


def status_of(code: str) -> int:
    """What a reason is in HTTP."""
    if code in ("slot_taken", "slot_unknown", "open_one", "off"):
        return 409
    if code in ("form", "work", "code"):
        return 403
    if code.endswith("_cap"):
        return 429
    return 503 if code == "store" else 422


def refused(error: CallbackRefused, language: Language) -> Refusal:
    """Why booking said no, as far as the customer may be told, and how to go on."""
    code: Denial = error.why
    message, more = "", dict[str, Any]()
    headers = {}
    if isinstance(error, FormRefused):
        code, message = error.code, error.message
        if error.token:
            more["token"] = error.token
        if error.challenge is not None:
            more["work"] = challenge_told(error.challenge)
        if error.wait > 0.0:
            more["wait"] = math.ceil(error.wait)
            headers["Retry-After"] = str(math.ceil(error.wait))
        if error.links:
            more["links"] = dict(error.links)
    message = message or why(language, code)
    status = status_of(code)
    if status == 503:
        headers.setdefault("Retry-After", "5")
    field = error.field or _FIELDS.get(code, "")
    errors = [(field, code, message)] if field else []
    return Refusal(
        status, code, language, message=message, errors=errors, more=more, headers=headers
    )


def link_refused(error: LinkRefused | TooLate, language: Language) -> Refusal:
    if isinstance(error, TooLate):
        code = "calling" if error.why == "now" else "ended"
        message = say(language, "state_dialling" if error.why == "now" else "too_late")
        return Refusal(409, code, language, message=message)
    if error.why == "over":
        return Refusal(410, "link_over", language, message=say(language, "link_over"))
    return Refusal(403, "link_wrong", language, message=say(language, "link_bad"))


def challenge_told(challenge: Challenge) -> dict[str, str | int]:
    return {
        "algorithm": challenge.algorithm,
        "salt": challenge.salt,
        "iterations": challenge.iterations,
        "target": challenge.target,
        "max": challenge.max,
    }


def tongue(text: str, otherwise: Language, among: Sequence[Language] = LANGUAGES) -> Language:
    """The language a form names, if the site has it."""
    return next((one for one in among if one == text), otherwise)
