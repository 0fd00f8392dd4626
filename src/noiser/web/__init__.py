"""The web: the page that runs in a browser, and the server of page and API."""
