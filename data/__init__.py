"""The books the product ships, their contracts, and the readers that check them."""
