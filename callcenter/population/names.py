"""Made-up names: English, and Chinese in simplified and traditional characters.

Common family and given names are combined at random; no list of real people is behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_GIVEN_TEXT = """
Olivia Amelia Grace Freya Emily Sophie Alice Hannah Ruby Molly Priya Zainab Leila Maria Ingrid
Niamh Siobhan Chloe Zoë Renée Patrick Oliver George Arthur Leo Harry Oscar Theo James Thomas
Samuel Daniel Adam Omar Ravi Kwame Mateus Jürgen Björn Seán Liam Ethan Jack Henry William
"""
_FAMILY_TEXT = """
Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Edwards
Hughes Green Hall Wood Harris Martin Jackson Clarke Turner Hill Cooper Ward Morris Moore King
Baker Harrison Morgan Allen Scott Khan Begum Singh O'Brien O'Connor Murphy Kelly Byrne
McDonald MacLeod Müller Schröder Fernández García Novák Kowalski Nguyen Okafor Mensah
Smith-Jones Fitzgerald
"""
# Each: simplified, traditional, Latin.
_HAN_FAMILY_TEXT = """
王王Wang 李李Li 张張Zhang 刘劉Liu 陈陳Chen 杨楊Yang 黄黃Huang 赵趙Zhao 吴吳Wu 周周Zhou 徐徐Xu
孙孫Sun 马馬Ma 朱朱Zhu 胡胡Hu 林林Lin 郭郭Guo 何何He 高高Gao 罗羅Luo 郑鄭Zheng 梁梁Liang 谢謝Xie
宋宋Song 唐唐Tang 许許Xu 邓鄧Deng 冯馮Feng 韩韓Han 曹曹Cao 曾曾Zeng 彭彭Peng 萧蕭Xiao 蔡蔡Cai
潘潘Pan 田田Tian 董董Dong 袁袁Yuan 叶葉Ye 苏蘇Su 卢盧Lu 蒋蔣Jiang 余余Yu 杜杜Du
"""
_HAN_GIVEN_TEXT = """
小明小明Xiaoming 伟偉Wei 芳芳Fang 娜娜Na 静靜Jing 敏敏Min 丽麗Li 强強Qiang 磊磊Lei 军軍Jun
洋洋Yang 勇勇Yong 杰傑Jie 涛濤Tao 超超Chao 明明Ming 秀英秀英Xiuying 桂芳桂芳Guifang
建国建國Jianguo 建华建華Jianhua 志强志強Zhiqiang 志明志明Zhiming 淑芬淑芬Shufen 美玲美玲Meiling
雅婷雅婷Yating 怡君怡君Yijun 家豪家豪Jiahao 俊杰俊傑Junjie 子涵子涵Zihan 宇轩宇軒Yuxuan
欣怡欣怡Xinyi 佳慧佳慧Jiahui 嘉欣嘉欣Jiaxin 文华文華Wenhua 国荣國榮Guorong 晓东曉東Xiaodong
思远思遠Siyuan 梦洁夢潔Mengjie 诗涵詩涵Shihan 浩然浩然Haoran 天宇天宇Tianyu 丽华麗華Lihua
惠珍惠珍Huizhen 金凤金鳳Jinfeng 玉兰玉蘭Yulan 伟明偉明Weiming
"""
_GIVEN, _FAMILY, _HAN_FAMILY, _HAN_GIVEN = (
    tuple(text.split()) for text in (_GIVEN_TEXT, _FAMILY_TEXT, _HAN_FAMILY_TEXT, _HAN_GIVEN_TEXT)
)


@dataclass(frozen=True, slots=True)
class Name:
    """``shown``: as the bank writes it; the Latin parts are what a telephone network may send."""

    shown: str
    given: str
    family: str


def family_name(rng: Random, language: str) -> str:
    """The raw entry for a family (all members share it), to be given to ``full_name``."""
    return rng.choice(_FAMILY if language == "en" else _HAN_FAMILY)


def full_name(rng: Random, language: str, family: str) -> Name:
    if language == "en":
        given = rng.choice(_GIVEN)
        return Name(f"{given} {family}", given, family)
    first, last = _split(rng.choice(_HAN_GIVEN)), _split(family)
    written = 0 if language == "zh-Hans" else 1
    if rng.random() < 0.15:  # some are on file in Latin letters, family name first
        return Name(f"{last[2]} {first[2]}", first[2], last[2])
    return Name(last[written] + first[written], first[2], last[2])


def network_name(rng: Random, name: Name) -> str | None:
    """The caller name a network would send: often none, else in either order, cut at 15."""
    drawn = rng.random()
    if drawn < 0.45:
        return None
    if drawn < 0.60:
        return name.shown
    if drawn < 0.80:
        return f"{name.family} {name.given}".upper()[:15]
    if drawn < 0.90:
        return f"{name.given[0]} {name.family}".upper()[:15]
    return rng.choice(("WIRELESS CALLER", "Anonymous", "UNKNOWN", "ACME LTD", "O'BRIEN & SONS"))


def _split(entry: str) -> tuple[str, str, str]:
    """``张張Zhang`` into its three spellings."""
    latin = next(i for i, char in enumerate(entry) if char.isascii())
    half = latin // 2
    return entry[:half], entry[half:latin], entry[latin:]
