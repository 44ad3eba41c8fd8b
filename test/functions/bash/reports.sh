# Reports its start and its end on its standard error; its input is a name and how many milliseconds it lasts.
read -r name ms
echo "begin $name" >&2
sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
echo "end $name" >&2
printf '"%s"' "$name"
