"""Dashboards without a browser, played by Locust, in an environment of its own."""
