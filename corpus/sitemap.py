"""A sitemap: addresses, of pages or of other sitemaps, with when each last changed if it says so. Runs in a child process."""

from citewell.corpus.listed import Sitemap
from citewell.corpus.xml import local_name, words_of, xml_of

MOST_PLACES = 50_000  # as the protocol has it


def read_sitemap(content: bytes) -> Sitemap:
    """Raises ValueError for what is broken, no sitemap or too long: what was left out would pass for vanished."""
    root = xml_of(content)
    if local_name(root) not in ("urlset", "sitemapindex"):
        raise ValueError(f"no sitemap ({local_name(root)})")
    places = []
    for each in root:
        said = {local_name(part): words_of(part) for part in each}
        if local_name(each) in ("url", "sitemap") and said.get("loc"):
            places.append((said["loc"], said.get("lastmod", "")))
    if len(places) > MOST_PLACES:
        raise ValueError(f"a sitemap of {len(places):,} addresses; it may have {MOST_PLACES:,}")
    return Sitemap(local_name(root) == "sitemapindex", tuple(places))
