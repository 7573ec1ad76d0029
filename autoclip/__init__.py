"""Turn long videos into highlight clips with natural boundaries. A plain library that needs no service."""
