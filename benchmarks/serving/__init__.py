"""How fast and how accurate the service is, compared with other servers."""
