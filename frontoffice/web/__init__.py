"""The web: the application, page helpers, access checks, the live feed and the root of the API."""
