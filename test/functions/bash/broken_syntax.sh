# Is not Bash.
if then
