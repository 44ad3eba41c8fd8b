# Gives the variables of its invocation.
printf '{"REQUEST_ID":"%s","FUNCTION_NAME":"%s","FUNCTION_VERSION":"%s"}' \
  "$REQUEST_ID" "$FUNCTION_NAME" "$FUNCTION_VERSION"
