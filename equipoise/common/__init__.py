"""The ground floor: errors, input checks, addressed randomness and atomic files. Imports nothing of Equipoise."""
