# Writes down that it runs, and waits for a gate if there is one.
wish=$(cat)
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<< "$wish"; }
member id >> "$(member runs)"
gate=$(member gate)
until [ -z "$gate" ] || [ -e "$gate" ]; do sleep 0.01; done
printf '"%s"' "$(member id)"
