"""Equipoise: generative adversarial networks that stay in balance, and proof that they did."""

__version__ = "0.1.0"
