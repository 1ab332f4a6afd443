"""Usage of the product: events without any data of users, and figures computed from them."""
