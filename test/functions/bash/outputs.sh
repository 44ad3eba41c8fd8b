# Writes its input to both streams, itself and by a program. It fails: else its standard output would be its value.
name=$(cat)
echo "$name prints"
echo "$name prints" >&2
sh -c "echo $name runs; echo $name runs >&2"
printf '%s ends' "$name" >&2
exit 1
