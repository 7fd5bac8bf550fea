"""A mail (.eml): its words as plain text, else those of its HTML part. Runs in a child process."""

from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from citewell.corpus.article import Draft
from citewell.corpus.fields import one_line
from citewell.corpus.html import parsed
from citewell.corpus.markup import text_of
from citewell.corpus.plain import first_title
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise


def read_mail(content: bytes, name: str) -> Draft:
    """Raises ValueError for a mail without words."""
    mail = message_from_bytes(content, policy=default)
    body = mail.get_body(preferencelist=("plain", "html"))
    text = normalise(_words(body)) if isinstance(body, EmailMessage) else ""
    if not text.strip():
        raise ValueError("no text in the mail")
    date = getattr(mail["date"], "datetime", None)
    identifier = one_line(mail["message-id"])
    return Draft(
        text=text,
        title=one_line(mail["subject"]) or first_title(text) or name,
        reader=recipe_of(Format.MAIL),
        author=one_line(mail["from"]),
        published=date.date().isoformat() if isinstance(date, datetime) else None,
        metadata={"message_id": identifier} if identifier else {},
    )


def _words(part: EmailMessage) -> str:
    try:
        words = str(part.get_content())
    except LookupError:  # a charset that nobody knows
        raw = part.get_payload(decode=True)
        words = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    if part.get_content_type() != "text/html":
        return words
    tree = parsed(words)
    body = tree.find("body")
    return text_of(tree if body is None else body) + "\n"
