"""What each word of the command line does: a file a kind, nothing heavy imported before a command needs it."""
