"""What a customer is told when a callback cannot be booked, in English and Chinese. Pure.

Spoken to somebody who did nothing wrong: what is the matter, and what helps. `public` decides which
refusal they hear of: some are told in the words of another, so that a form does not tell strangers
about the person a number belongs to.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from callcenter.callback_ports import Denial

Language: TypeAlias = Literal["en", "zh-Hans", "zh-Hant"]

_ALIKE: Final[dict[Denial, Denial]] = {
    "blocked": "number_cap",
    "prefix": "number_cap",
    "prefix_cap": "number_cap",
    "address_cap": "site_cap",
    "spend_cap": "site_cap",
}


def public(why: Denial) -> Denial:
    """The refusal that is told. A blocked number sounds like one that was asked for too often: who
    does not want to be called is nobody's business, nor which beginnings are refused. That two
    refusals take different time is not hidden: a number that is booked shows the same in any case.
    """
    return _ALIKE.get(why, why)


def language_of(wished: str, offered: tuple[str, ...] = ("en", "zh-Hans", "zh-Hant")) -> Language:
    """The language to speak, of those that are ``offered``: ``zh-TW`` is read as ``zh-Hant``;
    what is not offered becomes the first one."""
    asked = wished.strip().replace("_", "-").casefold()[:35]
    found = "en"
    if asked.split("-")[0] == "zh":
        traditional = {"hant", "tw", "hk", "mo"} & set(asked.split("-"))
        found = "zh-Hant" if traditional and "hans" not in asked else "zh-Hans"
    elif asked.split("-")[0] != "en":
        found = offered[0] if offered else "en"
    if found not in offered and offered:
        others = [one for one in offered if one[:2] == found[:2]]
        found = (others or list(offered))[0]
    return next((one for one in MESSAGES if one == found), "en")


def message(why: Denial, language: str) -> str:
    """What the customer reads."""
    return MESSAGES[language_of(language)][public(why)]


def number_hint(language: str) -> str:
    return _HINTS[language_of(language)]


_HINTS: Final[dict[Language, str]] = {
    "en": "With the area code. From another country, begin with + and the country code.",
    "zh-Hans": "请填写含区号的号码；其他国家或地区的号码请以 + 和国家代码开头。",
    "zh-Hant": "請填寫含區碼的號碼；其他國家或地區的號碼請以 + 和國碼開頭。",
}

MESSAGES: Final[dict[Language, dict[Denial, str]]] = {
    "en": {
        "number_bad": "We cannot read this as a phone number. Please check it: digits only, with "
        "the area code.",
        "number_withheld": "We need a number that we can call. Please enter one.",
        "country": "We cannot call numbers in this country. Please give a number in one of the "
        "countries listed.",
        "kind": "We cannot call this number. Please check it, or give a mobile or landline number.",
        "prefix": "We cannot book a callback to this number at the moment. Please call us, or give "
        "another number.",
        "blocked": "We cannot book a callback to this number at the moment. Please call us, or "
        "give another number.",
        "open_one": "You or this number have a callback already: its link lets you see, move or "
        "cancel it. If you share the number with others, give one of your own.",
        "number_cap": "We cannot book a callback to this number at the moment. Please call us, or "
        "give another number.",
        "prefix_cap": "We cannot book a callback to this number at the moment. Please call us, or "
        "give another number.",
        "address_cap": "Very many callbacks are being asked for. Please try again in an hour, or "
        "call us.",
        "site_cap": "Very many callbacks are being asked for. Please try again in an hour, or call "
        "us.",
        "spend_cap": "Very many callbacks are being asked for. Please try again in an hour, or "
        "call us.",
        "slot_taken": "Somebody else just took this time. Please choose another one.",
        "slot_unknown": "This time is no longer on offer. Please choose another one.",
        "closed": "We cannot call you at that time. Please choose another one.",
        "off": "We are not taking callbacks right now. Please call us, or try again later.",
        "form": "The form was open for too long or was sent already. Nothing you typed is lost: "
        "please send it once more.",
        "work": "Very many forms are coming in. Please wait a moment while we check that this one "
        "comes from a person.",
        "code": "We sent a code to this number. Please enter it here.",
        "code_wrong": "That is not the code we sent. Please check it and try again.",
        "text": "We cannot read this text. Please write it again, and shorter.",
        "store": "We could not save this just now. Nothing you typed is lost: please try again in "
        "a minute.",
    },
    "zh-Hans": {
        "number_bad": "无法识别这个电话号码。请检查：只填数字，并包含区号。",
        "number_withheld": "请填写一个我们可以拨打的号码。",
        "country": "我们无法拨打该国家或地区的号码。请填写所列国家或地区的号码。",
        "kind": "我们无法拨打这个号码。请检查，或填写手机或固定电话号码。",
        "prefix": "目前无法为这个号码预约回电。请致电我们，或填写其他号码。",
        "blocked": "目前无法为这个号码预约回电。请致电我们，或填写其他号码。",
        "open_one": "您或这个号码已有一个预约的回电。可通过确认信息中的链接查看、改期或取消。"
        "如果与他人共用这个号码，请填写您自己的号码，或在那次回电之后再预约。",
        "number_cap": "目前无法为这个号码预约回电。请致电我们，或填写其他号码。",
        "prefix_cap": "目前无法为这个号码预约回电。请致电我们，或填写其他号码。",
        "address_cap": "目前预约回电的人很多。请一小时后再试，或致电我们。",
        "site_cap": "目前预约回电的人很多。请一小时后再试，或致电我们。",
        "spend_cap": "目前预约回电的人很多。请一小时后再试，或致电我们。",
        "slot_taken": "这个时间刚被他人预约。请另选时间。",
        "slot_unknown": "这个时间已不可预约。请另选时间。",
        "closed": "我们无法在该时间给您回电。请另选时间。",
        "off": "目前暂不接受回电预约。请致电我们，或稍后再试。",
        "form": "表单打开时间过长或已提交。您填写的内容都还在，请再提交一次。",
        "work": "目前提交的表单很多。请稍候，我们正在确认这份表单由真人填写。",
        "code": "我们已向这个号码发送验证码。请在此输入。",
        "code_wrong": "验证码不正确。请检查后重试。",
        "text": "无法读取这段文字。请重新填写，并写短一些。",
        "store": "暂时无法保存。您填写的内容都还在，请一分钟后再试。",
    },
    "zh-Hant": {
        "number_bad": "無法識別這個電話號碼。請檢查：只填數字，並包含區碼。",
        "number_withheld": "請填寫一個我們可以撥打的號碼。",
        "country": "我們無法撥打該國家或地區的號碼。請填寫所列國家或地區的號碼。",
        "kind": "我們無法撥打這個號碼。請檢查，或填寫手機或市話號碼。",
        "prefix": "目前無法為這個號碼預約回電。請致電我們，或填寫其他號碼。",
        "blocked": "目前無法為這個號碼預約回電。請致電我們，或填寫其他號碼。",
        "open_one": "您或這個號碼已有一個預約的回電。可透過確認訊息中的連結查看、改期或取消。"
        "如果與他人共用這個號碼，請填寫您自己的號碼，或在那次回電之後再預約。",
        "number_cap": "目前無法為這個號碼預約回電。請致電我們，或填寫其他號碼。",
        "prefix_cap": "目前無法為這個號碼預約回電。請致電我們，或填寫其他號碼。",
        "address_cap": "目前預約回電的人很多。請一小時後再試，或致電我們。",
        "site_cap": "目前預約回電的人很多。請一小時後再試，或致電我們。",
        "spend_cap": "目前預約回電的人很多。請一小時後再試，或致電我們。",
        "slot_taken": "這個時間剛被他人預約。請另選時間。",
        "slot_unknown": "這個時間已無法預約。請另選時間。",
        "closed": "我們無法在該時間給您回電。請另選時間。",
        "off": "目前暫不接受回電預約。請致電我們，或稍後再試。",
        "form": "表單開啟時間過長或已送出。您填寫的內容都還在，請再送出一次。",
        "work": "目前送出的表單很多。請稍候，我們正在確認這份表單由真人填寫。",
        "code": "我們已向這個號碼傳送驗證碼。請在此輸入。",
        "code_wrong": "驗證碼不正確。請檢查後重試。",
        "text": "無法讀取這段文字。請重新填寫，並寫短一些。",
        "store": "暫時無法儲存。您填寫的內容都還在，請一分鐘後再試。",
    },
}
