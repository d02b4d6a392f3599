"""Names of persons in what customers write, and what stands in their place."""

import re
from collections.abc import Collection, Iterable

NAME = "[name]"
# A word with a capital letter: a name's parts may have a hyphen or an apostrophe, or be an initial.
_WORD = r"[^\W\d_a-zà-öø-ÿßœąćęłńóśźżčďěňřšťůžğışőű](?:[\w'’-]*\w|\.)?"
# Between a name's parts, or before them.
_LINKS = ("van", "von", "de", "da", "di", "del", "dos", "der", "den", "la", "le", "zu", "and",
          "und", "et", "e", "y")  # fmt: skip
_LINK = rf"(?:(?:{'|'.join(_LINKS)})\s+)*"
_NAME = rf"{_LINK}{_WORD}(?:\s+{_LINK}{_WORD}){{0,2}}"
# After these, in some language, comes who somebody is.
_PRESENTED = (
    "my name is|i am called|name's|mein name ist|ich hei(?:ß|ss)e|je m['’]appelle|mon nom est|"
    "me llamo|mi nombre es|meu nome é|me chamo|mi chiamo|il mio nome è|mijn naam is|ik heet|"
    "this is|i['’]m|i am|ich bin|je suis|soy|sou o|sou a|sono"
)
_SPOKEN_TO = (
    "(?:spoke|speaking|talked|talking|chatted|dealt) (?:to|with)|asked for|thanks to|thank you,?|"
    "(?:sprach|gesprochen|telefoniert|gechattet) mit|mit|dank an|danke an|"
    "(?:parlé|discuté|échangé) (?:à|avec)|avec|merci à|grâce à|hablé con|gracias a|falei com|"
    "conversei com|ho parlato con|grazie a|gesproken met|called by|helped by|served by|"
    "agent|colleague|kollegin|kollege|collègue|conseill(?:er|ère)|advisor|representative|atendente"
)
_TITLED = (
    "mr|mrs|ms|dr|prof|herrn?|frau|monsieur|madame|mme|mlle|señora?|senhora?|"
    "srta|sra|sr|signora?|dhr|mevr|mevrouw"
)
_SIGNED = (
    "(?:kind |best |warm )?regards|sincerely|yours|cheers|(?:mit )?(?:freundlichen|besten|vielen) "
    "gr(?:ü|ue)(?:ß|ss)en|viele gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|cordialement|bien à vous|"
    "atenciosamente|abraços?|saludos|cordiali saluti|groeten"
)
# Only a word that is seldom written small elsewhere is a name after these.
_FREE = re.compile(rf"(?i:\b(?:{_PRESENTED}|{_SPOKEN_TO}))\s+(?P<name>{_NAME})")
_SURE = (
    re.compile(rf"(?i:\b(?:{_TITLED})\b\.?)\s+(?P<name>{_NAME})"),
    re.compile(rf"(?i:\b(?:{_SIGNED}))[,.!\s]+(?P<name>{_NAME})\s*[.!]?\s*$", re.MULTILINE),
)
# Words with a capital letter that are no names after such beginnings, in some language.
_SMALL = (
    "i a an the in on at to of and or but not no so very from for with by it is was your our my we "
    "you he she they this that again customer support service sales team phone chat email web "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december english german french "
    "der die das den dem ein eine einen einem ihr ihre ihrem ihren kunde kundin kunden mitarbeiter "
    "mitarbeiterin kollegin kollege kollegen service support team telefon hotline zufrieden "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag bitte sehr immer nicht "
    "le la les un une des du de au aux ce cette votre notre service client clients lundi mardi "
    "mercredi jeudi vendredi samedi dimanche très toujours pas "
    "o os as um uma do da dos das no na nos nas ao aos meu minha seu sua produto loja correios "
    "muito não entrega el los las una del mi su muy"
)
_NO_NAME = frozenset(_SMALL.split())
_PLAIN = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
# Of values with digits, such as "KAM 03", or of more words, nobody is called so.
_MOST_WORDS, _SHORTEST = 4, 3


def known_words(values: Iterable[str]) -> frozenset[str]:
    """The words of known names, such as those of agents; values that are no names have none."""
    found = set()
    for value in values:
        words = value.split()
        if 1 <= len(words) <= _MOST_WORDS and not re.search(r"\d", value):
            found |= {each for each in words if each[:1].isupper() and len(each) >= _SHORTEST}
    return frozenset(found)


def small_words(texts: Iterable[str]) -> frozenset[str]:
    """The words that are written small somewhere: with a capital, they are no names."""
    return frozenset(
        each for text in texts for each in _PLAIN.findall(text) if each == each.lower()
    )


def without_names(text: str, known: Collection[str] = (), small: Collection[str] = ()) -> str:
    """A text with `[name]` in place of names: known ones, and those that a text itself presents.

    Args:
        text: What somebody wrote.
        known: Words that are names, as `known_words` gives them.
        small: Words that are written small elsewhere, as `small_words` gives them.

    Examples:
        >>> without_names("I spoke to Anna Keller, who was kind. Regards, Tom")
        'I spoke to [name], who was kind. Regards, [name]'
        >>> without_names("Ich sprach mit Frau Müller. Mit Kunden so umzugehen!", small={"kunden"})
        'Ich sprach mit Frau [name]. Mit Kunden so umzugehen!'
    """
    spans = [match.span("name") for pattern in _SURE for match in pattern.finditer(text)]
    for match in _FREE.finditer(text):
        start, end = match.span("name")
        if end := _end_of_name(text, start, end, small):
            spans.append((start, end))
    if known:
        spans += [each.span() for each in _TOKEN.finditer(text) if _is_known(each[0], known)]
    last = len(text) + 1
    for start, end in sorted(spans, reverse=True):
        if end <= last:
            text, last = f"{text[:start]}{NAME}{text[end:]}", start
    return re.sub(rf"(?:{re.escape(NAME)}\s+)+{re.escape(NAME)}", NAME, text)


def _is_known(token: str, known: Collection[str]) -> bool:
    """Whether a word with a capital letter is a known name, or a part of one, in any capitals."""
    plain = token.removesuffix("'s").removesuffix("’s")
    return token[:1].isupper() and (plain in known or plain.title() in known)


def _end_of_name(text: str, start: int, end: int, small: Collection[str]) -> int:
    """Where a name ends that begins here: before the first word that is no name; 0 if at once."""
    last = 0
    for word in re.finditer(r"\S+", text[start:end]):
        if word[0] in _LINKS:
            continue
        plain = "".join(_PLAIN.findall(word[0])).lower()
        if plain in _NO_NAME or plain in small:
            break
        last = start + word.end()
    return last
