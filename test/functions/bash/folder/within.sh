# Lies in a folder, and finds the code root as its working directory.
echo "$PWD"
