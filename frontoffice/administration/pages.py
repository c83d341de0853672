"""The pages of the settings, put together."""

from frontoffice.administration import office_pages, service_pages, text_pages
from frontoffice.administration.shell import pages

__all__ = ["office_pages", "pages", "service_pages", "text_pages"]
