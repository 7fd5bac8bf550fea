"""Web pages made of clean texts: the article amid menus, banners, comments and related links, in several layouts.

Everything around an article is made here, so that it is known exactly which words belong to it.
"""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby

import regex

from citewell.corpus.article import Span
from citewell.corpus.blocks import Kind, blocks, heading_words

_ITEM_MARK = regex.compile(r"^(?:[-*+•–]|(?P<number>\d{1,3})[.)])[ \t]+")
_TOPICS = ("Markets", "Politics", "Science", "Travel", "Sport", "Weather", "Culture", "Opinion")
_TEASERS = (
    "Harbour wall to be raised again before the winter storms arrive",
    "Why the night train is full and the day train is not",
    "A small bakery that kept its oven burning for ninety years",
    "What the new school timetable means for rural buses",
    "Seven walks along the coast for people who dislike hills",
)
_COMMENTS = (
    ("marigold77", "I have been saying this for years and nobody listened to me. Thank you for writing it down at last!"),
    ("Old Tom", "Not convinced. My cousin works there and he tells quite another story about all of it, I can assure you."),
    ("penny_l", "Does anybody know whether the second part has been published yet? I cannot find it on the site."),
)  # fmt: skip
_COOKIES = (
    "We and our 143 partners store cookies on your device to personalise content and advertisements. You can change your "
    "choice at any time in the settings."
)


def article_html(text: str) -> str:
    """The blocks of a text as elements: headings, paragraphs, lists, tables, code."""
    found = [(block.kind, block.span.of(text)) for block in blocks(text, Span(0, len(text)))]
    elements: list[str] = []
    for kind, group in groupby(found, key=lambda pair: _container(pair[0])):
        words = [block for _, block in group]
        if kind is Kind.TABLE_ROW:
            elements += _tables(words)
        elif kind is Kind.LIST_ITEM:
            elements += _lists(words)
        elif kind is Kind.HEADING:
            elements += [
                f"<h{1 if not elements and i == 0 else 2}>{escape(heading_words(w))}</h2>"
                for i, w in enumerate(words)
            ]
        elif kind is Kind.CODE:
            elements.append(f"<pre><code>{escape(chr(10).join(words[1:-1]))}</code></pre>")
        else:
            elements += [f"<p>{escape(' '.join(block.split()))}</p>" for block in words]
    return "\n".join(elements).replace(
        "</h2>", "</h1>", 1 if elements and elements[0].startswith("<h1>") else 0
    )


def _container(kind: Kind) -> Kind:
    return Kind.TABLE_ROW if kind is Kind.TABLE_HEAD else kind


def _tables(rows: Sequence[str]) -> Iterator[str]:
    lines = [line.strip() for row in rows for line in row.split("\n") if line.strip()]
    rules = [i for i, line in enumerate(lines) if not regex.search(r"[\p{L}\p{N}]", line)]
    starts = [rule - 1 for rule in rules] or [0]
    for first, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        header, *body = [line for line in lines[first:end] if regex.search(r"[\p{L}\p{N}]", line)]
        drawn = "".join(f"<tr>{_cells(line, 'td')}</tr>\n" for line in body)
        yield f"<table><thead><tr>{_cells(header, 'th')}</tr></thead>\n<tbody>{drawn}</tbody></table>"


def _cells(row: str, tag: str) -> str:
    return "".join(f"<{tag}>{escape(cell.strip())}</{tag}>" for cell in row.strip("|").split("|"))


def _lists(items: Sequence[str]) -> Iterator[str]:
    """Bullets, and what counts from one, as lists; other numbered items as the paragraphs that they are."""
    for _, group in groupby(items, key=lambda item: bool(_number(item))):
        members = list(group)
        numbers = [_number(item) for item in members]
        counted = numbers == [str(i) for i in range(1, len(members) + 1)]
        if counted or not numbers[0]:
            lines = (f"<li>{escape(_ITEM_MARK.sub('', ' '.join(item.split())))}</li>\n" for item in members)
            yield f"<{'ol' if counted else 'ul'}>\n{''.join(lines)}</{'ol' if counted else 'ul'}>"
        else:
            yield from (f"<p>{escape(' '.join(item.split()))}</p>" for item in members)


def _number(item: str) -> str | None:
    mark = _ITEM_MARK.match(item)
    return mark["number"] if mark else None


def _links(words: Sequence[str], css: str = "") -> str:
    mark = f' class="{css}"' if css else ""
    return (
        f"<ul{mark}>"
        + "".join(f'<li><a href="/{i}">{escape(w)}</a></li>' for i, w in enumerate(words))
        + "</ul>"
    )


def _head(title: str) -> str:
    said = escape(title, quote=True)
    return (
        f'<head><meta charset="utf-8"><title>{said} | The Harbour Courier</title><meta property="og:title" content="{said}">'
        '<meta name="author" content="Robin Vale"><meta property="article:published_time" content="2026-03-20T08:00:00Z">'
        '<link rel="canonical" href="https://courier.example/stories/42"><style>p{margin:1em}</style>'
        "<script>window.dataLayer = [];</script></head>"
    )


def _news(title: str, article: str) -> str:
    comments = "".join(
        f"<li><b>{who}</b><p>{words}</p><button>Reply</button></li>" for who, words in _COMMENTS
    )
    return f"""<!DOCTYPE html><html lang="en">{_head(title)}<body>
<div id="cookie-banner" role="dialog"><p>{_COOKIES}</p><button>Accept all</button><button>Settings</button></div>
<header><a href="/">The Harbour Courier</a><nav>{_links(_TOPICS)}</nav><form><input name="q"><button>Search</button></form></header>
<main><article>{article}</article>
<section class="share-buttons"><a href="#">Share on Mastodon</a><a href="#">Share by mail</a></section>
<section id="comments" class="comments"><h2>3 Comments</h2><ol>{comments}</ol></section></main>
<aside class="related"><h2>Related stories</h2>{_links(_TEASERS)}</aside>
<footer><p>Copyright 2026 The Harbour Courier. All rights reserved.</p>{_links(("Imprint", "Privacy", "Jobs"))}</footer>
</body></html>"""


def _boxes(title: str, article: str) -> str:
    comments = "".join(
        f'<div class="comment"><span class="user">{who}</span><div>{words}</div></div>'
        for who, words in _COMMENTS
    )
    return f"""<!DOCTYPE html><html lang="en">{_head(title)}<body><div class="consent-overlay"><div>{_COOKIES}</div>
<a class="btn">Agree</a></div><div class="topbar"><div class="menu">{_links(_TOPICS, "menu-items")}</div></div>
<div class="wrapper"><div class="breadcrumbs"><a href="/">Home</a> / <a href="/s">Stories</a></div>
<div class="article-body">{article}</div>
<div class="newsletter-signup"><p>Sign up for our newsletter and never miss a story again.</p></div>
<div class="related-posts"><div class="title">More from this section</div>{_links(_TEASERS)}</div>
<div id="disqus_thread" class="comments-area">{comments}</div></div>
<div class="sidebar"><div class="widget"><div>Most read</div>{_links(_TEASERS[::-1])}</div></div>
<div class="footer"><div>The Harbour Courier, Quay 1. Follow us on every network there is.</div></div></body></html>"""


def _blog(title: str, article: str) -> str:
    comments = "".join(
        f'<li class="comment"><article class="comment-body"><footer class="comment-meta"><b>{who}</b> says:</footer>'
        f'<div class="comment-content"><p>{words}</p></div></article></li>' for who, words in _COMMENTS
    )  # fmt: skip
    return f"""<!DOCTYPE html><html lang="en-GB">{_head(title)}<body class="single-post">
<a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<header id="masthead" class="site-header"><p class="site-title">The Harbour Courier</p>
<nav class="main-navigation">{_links(_TOPICS, "menu")}</nav></header>
<div id="content" class="site-content"><main id="main" class="site-main"><article id="post-42" class="post">
<div class="entry-content">{article}
<div class="sharedaddy"><h3 class="sd-title">Share this:</h3>{_links(("Print", "Mail", "Reddit"))}</div>
<div class="jp-relatedposts"><h3>You may also like</h3>{_links(_TEASERS)}</div></div>
<footer class="entry-footer"><span class="cat-links">Posted in <a href="/c">Harbour</a></span></footer></article>
<nav class="post-navigation"><a href="/41">Previous: {_TEASERS[0]}</a><a href="/43">Next: {_TEASERS[1]}</a></nav>
<div id="comments" class="comments-area"><h2 class="comments-title">3 thoughts on this</h2><ol class="comment-list">{comments}</ol>
<div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form><textarea></textarea></form></div></div></main>
<aside id="secondary" class="widget-area"><section class="widget widget_recent_entries"><h2>Recent Posts</h2>{_links(_TEASERS)}</section>
</aside></div><div id="cookie-law-info-bar"><span>{_COOKIES} <a>Accept</a></span></div>
<footer class="site-footer">Proudly powered by a very small server.</footer></body></html>"""


def _guide(title: str, article: str) -> str:
    tree = "".join(f"<li><a href='/{t}'>{t}</a>{_links(_TEASERS[:2])}</li>" for t in _TOPICS[:4])
    return f"""<!DOCTYPE html><html lang="en">{_head(title)}<body><div role="banner">{_links(("Guide", "Reference", "Blog"))}</div>
<div class="layout"><nav class="sidebar" aria-label="Main"><ul>{tree}</ul></nav>
<main role="main"><div class="breadcrumb">{_links(("Guide", "Harbour"))}</div><div itemprop="articleBody">{article}</div>
<div class="feedback"><h2>Was this page helpful?</h2><button>Yes</button><button>No</button></div>
<nav class="pager"><a href="/p">Previous</a><a href="/n">Next</a></nav></main>
<nav class="toc" aria-label="On this page"><p>On this page</p>{_links(_TEASERS[:3])}</nav></div>
<div class="cookie-notice" role="alertdialog"><p>{_COOKIES}</p><button>OK</button></div>
<footer role="contentinfo"><p>Content under a free licence. Edit this page. Report a problem.</p></footer></body></html>"""


def _hashed(title: str, article: str) -> str:
    """Names that a build tool made up say nothing of what a box is for."""
    comments = "".join(
        f'<div class="c9"><span class="d2">{who}</span><p class="d4">{words}</p></div>'
        for who, words in _COMMENTS
    )
    return f"""<!DOCTYPE html><html lang="en">{_head(title)}<body><div id="root"><div class="x1a"><div class="x7">{_links(_TOPICS)}</div></div>
<div class="k3f"><div class="k4">{article}</div><div class="q8"><p class="q1">Get the morning letter. One mail each day.</p></div>
<div class="m2">{_links(_TEASERS)}</div><div class="z5"><div class="z6">Discussion</div>{comments}</div></div>
<div class="w0"><span>{_COOKIES}</span><button>Fine</button></div><div class="f1"><span>The Harbour Courier, 2026</span></div>
</div></body></html>"""


def _tables_of_old(title: str, article: str) -> str:
    """A table lays out the page, as twenty years ago."""
    comments = "".join(f"<p><b>{who}</b> wrote:<br>{words}</p>" for who, words in _COMMENTS)
    return f"""<html>{_head(title)}<body bgcolor="#ffffff"><table width="100%" border="0"><tr><td colspan="3">
<font size="5">The Harbour Courier</font></td></tr><tr><td width="150" valign="top">{_links(_TOPICS)}</td>
<td valign="top">{article}<hr><b>Readers wrote</b>{comments}</td>
<td width="150" valign="top"><b>See also</b>{_links(_TEASERS)}</td></tr>
<tr><td colspan="3"><font size="1">{_COOKIES}</font></td></tr></table></body></html>"""


LAYOUTS: dict[str, Callable[[str, str], str]] = {
    "news": _news,
    "boxes": _boxes,
    "blog": _blog,
    "guide": _guide,
    "hashed": _hashed,
    "tables": _tables_of_old,
}


def page_of(title: str, text: str, layout: str) -> str:
    """A page in one of the layouts, around the text of an article."""
    return LAYOUTS[layout](title, article_html(text))
