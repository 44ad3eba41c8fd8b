# Opens its standard streams by their names.
echo 'to the log' > /dev/stderr
cat /dev/stdin > /dev/stdout
