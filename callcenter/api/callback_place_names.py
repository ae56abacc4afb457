"""Names of countries and of time zones' cities, for choices on the public pages.

A country that is not here is shown by its ISO code, a zone by the city of its IANA name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .callback_page_texts import LANGUAGES, Language

_COUNTRIES = """
AE United Arab Emirates|阿联酋|阿聯酋
AR Argentina|阿根廷|阿根廷
AT Austria|奥地利|奧地利
AU Australia|澳大利亚|澳洲
BD Bangladesh|孟加拉国|孟加拉
BE Belgium|比利时|比利時
BG Bulgaria|保加利亚|保加利亞
BR Brazil|巴西|巴西
CA Canada|加拿大|加拿大
CH Switzerland|瑞士|瑞士
CL Chile|智利|智利
CN China|中国|中國
CO Colombia|哥伦比亚|哥倫比亞
CY Cyprus|塞浦路斯|賽普勒斯
CZ Czechia|捷克|捷克
DE Germany|德国|德國
DK Denmark|丹麦|丹麥
EE Estonia|爱沙尼亚|愛沙尼亞
EG Egypt|埃及|埃及
ES Spain|西班牙|西班牙
FI Finland|芬兰|芬蘭
FR France|法国|法國
GB United Kingdom|英国|英國
GR Greece|希腊|希臘
HK Hong Kong|香港|香港
HR Croatia|克罗地亚|克羅埃西亞
HU Hungary|匈牙利|匈牙利
ID Indonesia|印度尼西亚|印尼
IE Ireland|爱尔兰|愛爾蘭
IL Israel|以色列|以色列
IN India|印度|印度
IS Iceland|冰岛|冰島
IT Italy|意大利|義大利
JP Japan|日本|日本
KE Kenya|肯尼亚|肯亞
KH Cambodia|柬埔寨|柬埔寨
KR South Korea|韩国|南韓
LT Lithuania|立陶宛|立陶宛
LU Luxembourg|卢森堡|盧森堡
LV Latvia|拉脱维亚|拉脫維亞
MA Morocco|摩洛哥|摩洛哥
MO Macao|澳门|澳門
MT Malta|马耳他|馬爾他
MX Mexico|墨西哥|墨西哥
MY Malaysia|马来西亚|馬來西亞
NG Nigeria|尼日利亚|奈及利亞
NL Netherlands|荷兰|荷蘭
NO Norway|挪威|挪威
NZ New Zealand|新西兰|紐西蘭
PH Philippines|菲律宾|菲律賓
PK Pakistan|巴基斯坦|巴基斯坦
PL Poland|波兰|波蘭
PT Portugal|葡萄牙|葡萄牙
RO Romania|罗马尼亚|羅馬尼亞
RS Serbia|塞尔维亚|塞爾維亞
RU Russia|俄罗斯|俄羅斯
SA Saudi Arabia|沙特阿拉伯|沙烏地阿拉伯
SE Sweden|瑞典|瑞典
SG Singapore|新加坡|新加坡
SI Slovenia|斯洛文尼亚|斯洛維尼亞
SK Slovakia|斯洛伐克|斯洛伐克
TH Thailand|泰国|泰國
TR Türkiye|土耳其|土耳其
TW Taiwan|台湾|台灣
UA Ukraine|乌克兰|烏克蘭
US United States|美国|美國
VN Vietnam|越南|越南
ZA South Africa|南非|南非
"""

_CITIES = """
Pacific/Honolulu Honolulu|檀香山|檀香山
America/Anchorage Anchorage|安克雷奇|安克拉治
America/Los_Angeles Los Angeles|洛杉矶|洛杉磯
America/Vancouver Vancouver|温哥华|溫哥華
America/Phoenix Phoenix|凤凰城|鳳凰城
America/Denver Denver|丹佛|丹佛
America/Chicago Chicago|芝加哥|芝加哥
America/Mexico_City Mexico City|墨西哥城|墨西哥城
America/Bogota Bogotá|波哥大|波哥大
America/Lima Lima|利马|利馬
America/New_York New York|纽约|紐約
America/Toronto Toronto|多伦多|多倫多
America/Halifax Halifax|哈利法克斯|哈利法克斯
America/Santiago Santiago|圣地亚哥|聖地牙哥
America/St_Johns St John’s|圣约翰斯|聖約翰斯
America/Sao_Paulo São Paulo|圣保罗|聖保羅
America/Argentina/Buenos_Aires Buenos Aires|布宜诺斯艾利斯|布宜諾斯艾利斯
Atlantic/Azores Azores|亚速尔群岛|亞速爾群島
Atlantic/Reykjavik Reykjavik|雷克雅未克|雷克雅維克
UTC UTC|协调世界时|世界協調時間
Africa/Casablanca Casablanca|卡萨布兰卡|卡薩布蘭卡
Europe/Dublin Dublin|都柏林|都柏林
Europe/Lisbon Lisbon|里斯本|里斯本
Europe/London London|伦敦|倫敦
Africa/Lagos Lagos|拉各斯|拉哥斯
Europe/Amsterdam Amsterdam|阿姆斯特丹|阿姆斯特丹
Europe/Berlin Berlin|柏林|柏林
Europe/Brussels Brussels|布鲁塞尔|布魯塞爾
Europe/Copenhagen Copenhagen|哥本哈根|哥本哈根
Europe/Madrid Madrid|马德里|馬德里
Europe/Oslo Oslo|奥斯陆|奧斯陸
Europe/Paris Paris|巴黎|巴黎
Europe/Prague Prague|布拉格|布拉格
Europe/Rome Rome|罗马|羅馬
Europe/Stockholm Stockholm|斯德哥尔摩|斯德哥爾摩
Europe/Vienna Vienna|维也纳|維也納
Europe/Warsaw Warsaw|华沙|華沙
Europe/Zurich Zurich|苏黎世|蘇黎世
Africa/Cairo Cairo|开罗|開羅
Africa/Johannesburg Johannesburg|约翰内斯堡|約翰尼斯堡
Asia/Jerusalem Jerusalem|耶路撒冷|耶路撒冷
Europe/Athens Athens|雅典|雅典
Europe/Bucharest Bucharest|布加勒斯特|布加勒斯特
Europe/Helsinki Helsinki|赫尔辛基|赫爾辛基
Europe/Kyiv Kyiv|基辅|基輔
Africa/Nairobi Nairobi|内罗毕|奈洛比
Asia/Riyadh Riyadh|利雅得|利雅德
Europe/Istanbul Istanbul|伊斯坦布尔|伊斯坦堡
Europe/Moscow Moscow|莫斯科|莫斯科
Asia/Dubai Dubai|迪拜|杜拜
Asia/Karachi Karachi|卡拉奇|喀拉蚩
Asia/Tashkent Tashkent|塔什干|塔什干
Asia/Kolkata Kolkata|加尔各答|加爾各答
Asia/Kathmandu Kathmandu|加德满都|加德滿都
Asia/Dhaka Dhaka|达卡|達卡
Asia/Urumqi Urumqi|乌鲁木齐|烏魯木齊
Asia/Bangkok Bangkok|曼谷|曼谷
Asia/Ho_Chi_Minh Ho Chi Minh City|胡志明市|胡志明市
Asia/Jakarta Jakarta|雅加达|雅加達
Asia/Hong_Kong Hong Kong|香港|香港
Asia/Kuala_Lumpur Kuala Lumpur|吉隆坡|吉隆坡
Asia/Macau Macao|澳门|澳門
Asia/Manila Manila|马尼拉|馬尼拉
Asia/Shanghai Shanghai|上海|上海
Asia/Singapore Singapore|新加坡|新加坡
Asia/Taipei Taipei|台北|台北
Australia/Perth Perth|珀斯|伯斯
Asia/Seoul Seoul|首尔|首爾
Asia/Tokyo Tokyo|东京|東京
Australia/Adelaide Adelaide|阿德莱德|阿德雷德
Australia/Brisbane Brisbane|布里斯班|布里斯本
Australia/Sydney Sydney|悉尼|雪梨
Pacific/Auckland Auckland|奥克兰|奧克蘭
"""


def _read(table: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for line in table.strip().splitlines():
        key, _, names = line.partition(" ")
        found[key] = tuple(names.split("|"))
    return found


COUNTRIES: Final[Mapping[str, tuple[str, ...]]] = _read(_COUNTRIES)
CITIES: Final[Mapping[str, tuple[str, ...]]] = _read(_CITIES)
"""Zones to choose from, west to east; any other zone may be asked for as well."""


def country_name(code: str, language: Language) -> str:
    names = COUNTRIES.get(code)
    return code if names is None else names[LANGUAGES.index(language)]


def city(zone: str, language: Language) -> str:
    """What people call the zone: its city."""
    names = CITIES.get(zone)
    if names is not None:
        return names[LANGUAGES.index(language)]
    return zone.rpartition("/")[2].replace("_", " ")
