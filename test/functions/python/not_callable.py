"""Has something of that name that cannot be called."""

handler = 1
