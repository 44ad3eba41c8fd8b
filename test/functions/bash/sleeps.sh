# Says which processes it consists of, and never ends unless it was told to answer.
if [ "$(cat)" = '"answer"' ]; then
  echo "$PPID"
  exit
fi
sleep 1000 &
echo "$PPID $$ $!" >&2
wait
