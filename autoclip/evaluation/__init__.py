"""How well clips hold what people would pick, against truth that is known."""
