#!/bin/sh
# Label a text from the shell: sh curl.sh 'http://127.0.0.1:8000' '王小明在北京大学读书。'
# An API key is taken from the variable PADDLE_NER_API_KEY, and not as an argument, which all users of a machine can see.
# Retries while the server loads or is busy: curl obeys Retry-After for the statuses 429 and 503.
set -eu
url=${1:?usage: curl.sh URL TEXT}
text=${2:?usage: curl.sh URL TEXT}

# The text becomes a JSON string in python3, since quotes and line breaks in it must be escaped.
printf '%s' "$text" |
  python3 -c 'import json, sys; print(json.dumps({"text": sys.stdin.buffer.read().decode("utf-8")}))' |
  curl --silent --show-error --fail-with-body --retry 3 --max-time 30 \
    --header 'Content-Type: application/json' --data-binary @- --config /dev/fd/3 "$url/predict" 3<<END
${PADDLE_NER_API_KEY:+header=X-API-Key:$PADDLE_NER_API_KEY}
END
echo
