# Answers with the method of its event.
method=$(grep -o '"httpMethod":"[A-Z]*"' | head -n 1 | cut -d '"' -f 4)
echo "{\"statusCode\": 201, \"headers\": {\"X-Method\": \"$method\"}, \"body\": \"\\\"$method\\\"\"}"
