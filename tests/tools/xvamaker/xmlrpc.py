# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as xapi writes them into ova.xml: numbers and strings untyped, dates, booleans and doubles typed."""


class Date(str):
    """YYYYMMDDThh:mm:ssZ"""


class Raw(str):
    """Text that goes into the document as it is."""


def escape(text):
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(plain, entity)
    return text


def value(item, pretty=False, depth=0):
    """The <value> element; pretty puts white space between the elements, as some writers do."""
    begin, end = ("\n" + "  " * (depth + 1), "\n" + "  " * depth) if pretty else ("", "")
    if isinstance(item, bool):
        inner = f"<boolean>{int(item)}</boolean>"
    elif isinstance(item, float):
        inner = f"<double>{item:g}</double>"
    elif isinstance(item, Date):
        inner = f"<dateTime.iso8601>{item}</dateTime.iso8601>"
    elif isinstance(item, Raw):
        inner = str(item)
    elif isinstance(item, dict):
        inner = begin + "<struct>" + "".join(
            f"{begin}<member>{begin}<name>{escape(key)}</name>{begin}{value(member, pretty, depth + 1)}{begin}</member>"
            for key, member in item.items()) + f"{begin}</struct>{end}"
    elif isinstance(item, (list, tuple)):
        inner = f"{begin}<array>{begin}<data>" + "".join(
            begin + value(member, pretty, depth + 1) for member in item) + f"{begin}</data>{begin}</array>{end}"
    else:
        inner = escape(str(item))
    return f"<value>{inner}</value>"
