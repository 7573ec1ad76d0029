"""The position of a crop: following people, following motion, or fixed."""
