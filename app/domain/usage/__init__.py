"""How the product is used: events without a value of anybody's data, and the figures that follow from them."""
