"""A web page: its main text by trafilatura, without menus, banners, comments and related links. Runs in a child process."""

from copy import deepcopy

from lxml import etree, html
from trafilatura import bare_extraction
from trafilatura.settings import Document

from citewell.corpus.article import Draft
from citewell.corpus.characters import decoded_page
from citewell.corpus.container import better_of
from citewell.corpus.fields import if_usable, language, one_line, published
from citewell.corpus.markup import text_of
from citewell.corpus.plain import first_title
from citewell.corpus.reader import recipe_of
from citewell.corpus.sniff import Format
from citewell.corpus.text import normalise


def read_html(content: bytes, name: str) -> Draft:
    """Raises ValueError when there is no main text, or the page is nested too deeply."""
    tree = parsed(decoded_page(content))
    page = deepcopy(tree)  # what is not the article is cut out of the other
    said = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    try:
        found = bare_extraction(
            tree, with_metadata=True, include_comments=False, include_tables=True,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )  # fmt: skip
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None
    if not isinstance(found, Document) or found.body is None:
        raise ValueError("no main text in the page")
    text = normalise(better_of(text_of(found.body), page)) + "\n"
    if not text.strip():
        raise ValueError("no main text in the page")
    return Draft(
        text=text,
        title=one_line(found.title) or first_title(text) or name,
        reader=recipe_of(Format.HTML),
        author=one_line(found.author),
        published=if_usable(published, found.date),
        language=if_usable(language, said),
        metadata={"url": url} if (url := one_line(found.url)) else {},
    )


def parsed(characters: str) -> html.HtmlElement:
    """The tree of a page. Raises ValueError when there is none, or not all of it."""
    clean = characters.replace("\0", "\ufffd").encode("utf-8", "replace")
    parser = html.HTMLParser(encoding="utf-8", remove_pis=True, huge_tree=True)
    try:
        tree = html.document_fromstring(clean, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        tree = None
    faults = {fault.type_name for fault in parser.error_log}
    if "ERR_NO_MEMORY" in faults:
        raise MemoryError
    if "ERR_RESOURCE_LIMIT" in faults:
        raise ValueError("nested too deeply to be read")
    if tree is None:
        raise ValueError("no page in it")
    return tree
