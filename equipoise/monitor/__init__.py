"""What goes on between the players: lost variety, numbers that are no longer finite."""
