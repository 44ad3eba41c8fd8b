# Ends with the exit code that it was given, after having said something.
echo 'said before'
exit "$(cat)"
