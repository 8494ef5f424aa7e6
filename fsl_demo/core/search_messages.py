"""What is told of searching, in sentences; `errors` has all others."""

from __future__ import annotations

SEARCH_MESSAGES = {
    "search_empty": "Nothing to look for yet. Type what the pictures show, in a sentence or a word.",
    "search_long": "The sentence has {length} characters; at most {limit} fit. Shorten it.",
    "search_script": "{model} does not read this script. Type it in English.",
    "words_need_workspace": "Words are searched in a workspace only. Leave --data out.",
    "search_one": "Say one thing to look for: a sentence, words, or a picture.",
    "vectors_lost": "Vectors of {count} pictures were lost with their file; they are made again.",
    "index_broken": "The index of the pictures was lost or damaged; it is made again from their vectors.",
}
