# Leaves a process behind that holds its output.
sleep 1000 &
echo "$!"
