# Tells which descriptors beyond the standard three a program of the function inherits.
found=$(for n in 3 4 5; do if (: <&$n) 2> /dev/null; then echo $n; fi; done)
printf '"%s"' "$found"
