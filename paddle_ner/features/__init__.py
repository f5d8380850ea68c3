"""From examples to arrays, and back: tokenizer, tag schemes, windows over long text."""
