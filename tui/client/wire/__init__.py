"""Connections, and single requests over them: HTTP, TLS, proxies, retries, and where a URL may lead."""
