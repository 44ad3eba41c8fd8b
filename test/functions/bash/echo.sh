# Gives back what it was given.
cat
