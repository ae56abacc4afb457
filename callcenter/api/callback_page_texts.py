"""Everything the public callback pages and their errors say, in three languages.

Order of each entry: English, Simplified Chinese, Traditional Chinese. Words in braces are filled
in by ``say``; whoever puts the result into a page escapes it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh-Hans", "zh-Hant"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh-Hans", "zh-Hant")
OWN_NAMES: Final[Mapping[Language, str]] = {
    "en": "English",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
}

TEXTS: Final[Mapping[str, tuple[str, str, str]]] = {
    # The form.
    "title": ("We call you back", "我们给您回电", "我們給您回電"),
    "lead": (
        "Leave your number and choose when. You do not have to wait in line.",
        "留下您的号码并选择时间，不必在线等候。",
        "留下您的號碼並選擇時間，不必在線等候。",
    ),
    "languages": ("Language", "语言", "語言"),
    "optional": ("optional", "选填", "選填"),
    "number": ("Phone number", "电话号码", "電話號碼"),
    "number_hint": (
        "As you would dial it, or with + and the country code.",
        "按平时拨打的方式填写，或以 + 和国家/地区代码开头。",
        "按平時撥打的方式填寫，或以 + 和國家／地區代碼開頭。",
    ),
    "region": ("Country or region of the number", "号码所属国家/地区", "號碼所屬國家／地區"),
    "name": ("Your name", "您的姓名", "您的姓名"),
    "reason": ("What is it about?", "您要咨询什么？", "您要諮詢什麼？"),
    "reason_none": ("Please choose", "请选择", "請選擇"),
    "words": ("In your own words", "用您自己的话说", "用您自己的話說"),
    "words_hint": (
        "Please no passwords, PINs or card numbers.",
        "请勿填写密码、PIN 码或银行卡号。",
        "請勿填寫密碼、PIN 碼或銀行卡號。",
    ),
    "when": ("When shall we call?", "希望我们何时来电？", "希望我們何時來電？"),
    "when_field": ("Time", "时间", "時間"),
    "when_none": ("Please choose", "请选择", "請選擇"),
    "now": ("As soon as possible", "尽快", "盡快"),
    "now_between": (
        "As soon as possible: about {low} to {high} minutes",
        "尽快：约 {low} 至 {high} 分钟",
        "盡快：約 {low} 至 {high} 分鐘",
    ),
    "now_about": (
        "As soon as possible: about {high} minutes",
        "尽快：约 {high} 分钟",
        "盡快：約 {high} 分鐘",
    ),
    "now_within": (
        "As soon as possible: by {time} at the latest",
        "尽快：最迟 {time}",
        "盡快：最遲 {time}",
    ),
    "zone": ("Your time zone", "您的时区", "您的時區"),
    "show_times": ("Show times in this zone", "按此时区显示时间", "按此時區顯示時間"),
    "times_in": (
        "Times are those of {zone}.",
        "以下为{zone}时间。",
        "以下為{zone}時間。",
    ),
    "no_times": (
        "There are no times to choose from at the moment.",
        "目前没有可选的时间。",
        "目前沒有可選的時間。",
    ),
    "send": ("Call me back", "请给我回电", "請給我回電"),
    "website": ("Leave this empty", "请将此处留空", "請將此處留空"),
    "code": ("Code", "验证码", "驗證碼"),
    "code_hint": (
        "We have sent a code to your number. Enter it here.",
        "我们已向您的号码发送验证码，请在此输入。",
        "我們已向您的號碼發送驗證碼，請在此輸入。",
    ),
    "privacy": (
        "We use these details only to call you back. Questions about your data: {contact}",
        "我们仅将这些信息用于给您回电。有关个人数据的问题，请联系：{contact}",
        "我們僅將這些資料用於給您回電。有關個人資料的問題，請聯絡：{contact}",
    ),
    "privacy_alone": (
        "We use these details only to call you back.",
        "我们仅将这些信息用于给您回电。",
        "我們僅將這些資料用於給您回電。",
    ),
    "summary": ("Please look at this again", "请检查以下内容", "請檢查以下內容"),
    "off": (
        "We cannot take requests for callbacks at the moment. Please call us, or try again later.",
        "目前无法接受回电请求。请直接致电我们，或稍后再试。",
        "目前無法接受回電請求。請直接致電我們，或稍後再試。",
    ),
    # Likely answers, before the form is sent on.
    "answers": (
        "What we would tell you on the phone",
        "我们在电话中会这样答复您",
        "我們在電話中會這樣答覆您",
    ),
    "answers_lead": (
        "These are the words of our agents. Nothing is booked yet: if they answer your question,"
        " you need not wait for our call.",
        "以下是客服人员的答复用语。回电尚未预约：如果已解答您的问题，就不必等候我们来电。",
        "以下是客服人員的答覆用語。回電尚未預約：如果已解答您的問題，就不必等候我們來電。",
    ),
    "solved": ("Yes, that answers it", "是的，问题已解决", "是的，問題已解決"),
    "book_anyway": ("No, please call me back", "没有，请给我回电", "沒有，請給我回電"),
    "solved_title": ("Good to hear", "很高兴能帮到您", "很高興能幫到您"),
    "solved_lead": (
        "Nothing was booked and we will not call. You can ask for a call at any time.",
        "没有预约回电，我们不会致电。您可随时再次预约。",
        "沒有預約回電，我們不會致電。您可隨時再次預約。",
    ),
    "ask_all_the_same": ("Ask for a callback", "预约回电", "預約回電"),
    # The way out for those who cannot work for a token.
    "wait_title": ("One moment, please", "请稍候", "請稍候"),
    "wait_lead": (
        "Many requests come in at this moment. Nothing is lost: please send yours again after"
        " {time}, in about {seconds} seconds.",
        "目前请求较多。您填写的内容没有丢失：请在 {time} 之后（约 {seconds} 秒后）再次提交。",
        "目前請求較多。您填寫的內容沒有遺失：請在 {time} 之後（約 {seconds} 秒後）再次提交。",
    ),
    "wait_send": ("Send now", "现在提交", "現在提交"),
    "wait_ready": (
        "You can send it now.",
        "现在可以提交了。",
        "現在可以提交了。",
    ),
    # The confirmation and the status page.
    "booked_title": ("Your callback is booked", "回电已预约", "回電已預約"),
    "keep_link": (
        "Keep the link to this page: with it you can cancel or choose another time.",
        "请保存本页链接：您可以用它取消或更改时间。",
        "請儲存本頁連結：您可以用它取消或更改時間。",
    ),
    "to_status": ("See, move or cancel it", "查看、更改或取消", "查看、更改或取消"),
    "status_title": ("Your callback", "您的回电", "您的回電"),
    "ref": ("Reference", "编号", "編號"),
    "window": ("When", "时间", "時間"),
    "to_number": ("Number", "号码", "號碼"),
    "state": ("Status", "状态", "狀態"),
    "ending_in": ("ending in {digits}", "尾号 {digits}", "尾號 {digits}"),
    "ics": ("Add to your calendar", "添加到日历", "加入日曆"),
    "cancel": ("Cancel it", "取消回电", "取消回電"),
    "move": ("Choose another time", "更改时间", "更改時間"),
    "back": ("Back", "返回", "返回"),
    "cancel_title": ("Cancel this callback?", "要取消这次回电吗？", "要取消這次回電嗎？"),
    "cancel_lead": (
        "We will not call you then. You can book another one at any time.",
        "取消后我们不会致电。您可随时重新预约。",
        "取消後我們不會致電。您可隨時重新預約。",
    ),
    "cancel_do": ("Yes, cancel it", "是的，取消", "是的，取消"),
    "keep_do": ("No, keep it", "不，保留", "不，保留"),
    "cancelled_title": ("Your callback is cancelled", "回电已取消", "回電已取消"),
    "moved_title": ("Your callback has a new time", "回电时间已更改", "回電時間已更改"),
    "move_title": ("Choose another time", "更改时间", "更改時間"),
    "move_lead": (
        "It is at {window} now. It stays so until you choose another time.",
        "目前的时间是 {window}。在您选择新时间之前不会改变。",
        "目前的時間是 {window}。在您選擇新時間之前不會改變。",
    ),
    "move_do": ("Take this time", "确定更改", "確定更改"),
    "link_bad_title": ("This link does not work", "此链接无效", "此連結無效"),
    "link_bad": (
        "It is not complete, or it was changed. Open it from your confirmation once more.",
        "链接不完整或已被更改。请从确认信息中重新打开。",
        "連結不完整或已被更改。請從確認訊息中重新開啟。",
    ),
    "link_over_title": ("This link is over", "此链接已过期", "此連結已過期"),
    "link_over": (
        "It worked for a limited time. The callback is over, or can be asked for again.",
        "链接仅在有限时间内有效。回电已结束，您可重新预约。",
        "連結僅在有限時間內有效。回電已結束，您可重新預約。",
    ),
    "too_late_title": ("It cannot be changed now", "现在无法更改", "現在無法更改"),
    "too_late": (
        "It is being dialled, or it is over.",
        "正在拨打，或已经结束。",
        "正在撥打，或已經結束。",
    ),
    "not_found_title": ("There is nothing here", "没有此页面", "沒有此頁面"),
    "trouble_title": ("That did not work", "未能完成", "未能完成"),
    # What state a callback is in.
    "state_waiting": (
        "Booked; we will call you",
        "已预约，我们会致电给您",
        "已預約，我們會致電給您",
    ),
    "state_line": (
        "It is your turn soon; we will call as soon as somebody is free",
        "即将轮到您；一有空闲坐席我们就会致电",
        "即將輪到您；一有空閒客服我們就會致電",
    ),
    "state_dialling": (
        "We are calling you now",
        "我们正在给您打电话",
        "我們正在給您打電話",
    ),
    "state_talking": ("We are talking to you", "正在与您通话", "正在與您通話"),
    "state_retry": (
        "We could not reach you and will try again",
        "之前未能联系到您，我们会再次致电",
        "之前未能聯絡到您，我們會再次致電",
    ),
    "state_done": ("Done", "已完成", "已完成"),
    "state_called_in": (
        "Done: you called us meanwhile",
        "已完成：您已自行来电",
        "已完成：您已自行來電",
    ),
    "state_cancelled": ("Cancelled", "已取消", "已取消"),
    "state_expired": (
        "Over: we did not reach you in the time promised",
        "已结束：在承诺的时间内未能联系到您",
        "已結束：在承諾的時間內未能聯絡到您",
    ),
    "state_refused": ("We cannot call this number", "无法拨打此号码", "無法撥打此號碼"),
    # The page to try the form out.
    "try_title": ("Try the callback form", "试用回电表单", "試用回電表單"),
    "try_lead": (
        "This is the form as your visitors see it. What you send here is a real request.",
        "访客看到的表单如下。在此提交的是真实请求。",
        "訪客看到的表單如下。在此提交的是真實請求。",
    ),
    "try_snippet": (
        "Put these lines into your page:",
        "将以下代码放入您的网页：",
        "將以下程式碼放入您的網頁：",
    ),
    "try_origins": (
        "Pages of these sites may contain it:",
        "以下网站的页面可以嵌入：",
        "以下網站的頁面可以嵌入：",
    ),
    "try_no_origins": (
        "No website may contain it yet: set `origins` of this site in the engine's settings. The"
        " form's own page works without.",
        "尚未允许任何网站嵌入：请在引擎设置中填写此站点的 origins。独立表单页面无需设置。",
        "尚未允許任何網站嵌入：請在引擎設定中填寫此站點的 origins。獨立表單頁面無需設定。",
    ),
    "try_plain": ("The form's own page", "独立表单页面", "獨立表單頁面"),
    # What is wrong with a field or with the whole; by the reason's code.
    "why_missing": ("Please fill this in.", "请填写此项。", "請填寫此項。"),
    "why_too_long": ("This is too long.", "内容过长。", "內容過長。"),
    "why_wrong": ("This cannot be read.", "无法识别此内容。", "無法識別此內容。"),
    "why_unknown_field": (
        "There is no such field in this form.",
        "表单中没有此项。",
        "表單中沒有此項。",
    ),
    "why_text": (
        "This is too long, or holds characters that are no text.",
        "内容过长，或含有非文本字符。",
        "內容過長，或含有非文字字元。",
    ),
    "why_number_bad": (
        "This is not a telephone number we can read. Check the digits and the country.",
        "无法识别此电话号码。请检查号码和国家/地区。",
        "無法識別此電話號碼。請檢查號碼和國家／地區。",
    ),
    "why_number_withheld": (
        "We need a number to call.",
        "我们需要一个可以拨打的号码。",
        "我們需要一個可以撥打的號碼。",
    ),
    "why_country": (
        "We cannot call numbers of this country or region.",
        "我们无法拨打该国家/地区的号码。",
        "我們無法撥打該國家／地區的號碼。",
    ),
    "why_kind": (
        "We cannot call this kind of number. Please give a mobile or landline number.",
        "我们无法拨打此类号码。请填写手机或固定电话号码。",
        "我們無法撥打此類號碼。請填寫手機或市話號碼。",
    ),
    "why_prefix": (
        "We cannot call this number.",
        "我们无法拨打此号码。",
        "我們無法撥打此號碼。",
    ),
    "why_blocked": (
        "We cannot call this number.",
        "我们无法拨打此号码。",
        "我們無法撥打此號碼。",
    ),
    "why_open_one": (
        "A callback is booked already for you or for this number. To change it, use the link you"
        " were given. If you share this number with others, please give one of your own.",
        "您或这个号码已预约回电。如需更改，请使用当时提供的链接。如果与他人共用这个号码，请填写您自己的号码。",
        "您或這個號碼已預約回電。如需更改，請使用當時提供的連結。如果與他人共用這個號碼，請填寫您自己的號碼。",
    ),
    "why_cap": (
        "There have been too many requests. Please try again later, or call us.",
        "请求过多。请稍后再试，或直接致电我们。",
        "請求過多。請稍後再試，或直接致電我們。",
    ),
    "why_slot_taken": (
        "This time has just been taken. Please choose another one.",
        "该时间刚刚被占用，请选择其他时间。",
        "該時間剛剛被佔用，請選擇其他時間。",
    ),
    "why_slot_unknown": (
        "This time is not offered, or it is too late for it. Please choose another one.",
        "该时间不可选或已过，请选择其他时间。",
        "該時間不可選或已過，請選擇其他時間。",
    ),
    "why_closed": (
        "We cannot call at once at the moment. Please choose a time.",
        "目前无法立即回电，请选择一个时间。",
        "目前無法立即回電，請選擇一個時間。",
    ),
    "why_off": (
        "We cannot take requests for callbacks at the moment. Please call us, or try again later.",
        "目前无法接受回电请求。请直接致电我们，或稍后再试。",
        "目前無法接受回電請求。請直接致電我們，或稍後再試。",
    ),
    "why_form": (
        "The form was open for too long, or was sent too fast. Please send it once more.",
        "表单打开时间过长或提交过快，请再次提交。",
        "表單開啟時間過長或提交過快，請再次提交。",
    ),
    "why_work": (
        "Many requests come in at this moment. Please send the form again in a moment.",
        "目前请求较多，请稍候再次提交。",
        "目前請求較多，請稍候再次提交。",
    ),
    "why_code": (
        "Enter the code that we have sent to your number.",
        "请输入我们发送到您号码的验证码。",
        "請輸入我們發送到您號碼的驗證碼。",
    ),
    "why_code_wrong": (
        "This is not the code that we have sent, or it is too old.",
        "验证码不正确或已过期。",
        "驗證碼不正確或已過期。",
    ),
    "why_consent": (
        "We need your consent for this.",
        "需要您的同意才能继续。",
        "需要您的同意才能繼續。",
    ),
    "why_zone": ("There is no such time zone.", "没有此时区。", "沒有此時區。"),
    "why_when": ("Please choose a time.", "请选择时间。", "請選擇時間。"),
    "why_store": (
        "This cannot be stored at the moment. Nothing is lost: please send it again.",
        "暂时无法保存。您填写的内容没有丢失，请再次提交。",
        "暫時無法儲存。您填寫的內容沒有遺失，請再次提交。",
    ),
    "why_not_json": (
        "Send the body as Content-Type: application/json.",
        "请以 Content-Type: application/json 发送。",
        "請以 Content-Type: application/json 發送。",
    ),
    "why_not_form": (
        "The form was sent in a way we cannot read.",
        "无法识别表单的提交方式。",
        "無法識別表單的提交方式。",
    ),
    "why_foreign_origin": (
        "This form cannot be sent from that website.",
        "不能从该网站提交此表单。",
        "不能從該網站提交此表單。",
    ),
    "why_not_found": (
        "There is nothing here. The address is not complete, or it is old.",
        "没有此页面。地址不完整，或已失效。",
        "沒有此頁面。地址不完整，或已失效。",
    ),
    "why_too_large": (
        "That is more text than the form takes.",
        "内容超出表单允许的长度。",
        "內容超出表單允許的長度。",
    ),
    "why_invalid": ("Please look at this again.", "请检查填写的内容。", "請檢查填寫的內容。"),
    "why_bad_request": (
        "The request cannot be read.",
        "无法识别此请求。",
        "無法識別此請求。",
    ),
}
"""``why_`` entries are the messages of errors; ``state_`` entries those of the status page."""

_PLACES: Final[Mapping[str, int]] = {language: n for n, language in enumerate(LANGUAGES)}


def say(language: Language, key: str, **values: str | int) -> str:
    """The text of ``key``, filled in. Raises ``KeyError`` for a key that is not there."""
    text = TEXTS[key][_PLACES[language]]
    return text.format(**values) if values else text


_CAPS: Final = frozenset({"number_cap", "prefix_cap", "address_cap", "site_cap", "spend_cap"})


def why(language: Language, code: str) -> str:
    """The message for a reason's code (``callback_ports.Denial`` or one of the form's own)."""
    key = "why_cap" if code in _CAPS or code == "too_many_tries" else f"why_{code}"
    return say(language, key)
