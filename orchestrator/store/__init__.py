"""Where everything durable is kept. SQLite embedded; the rows are the same wherever they lie."""
