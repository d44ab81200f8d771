"""Texts of strangers, each of which would be drawn as something else than it is written."""

TEXTS = (
    "[Sign *in*](https://evil.example) **now** `x` _y_ ~~z~~",
    "# heading",
    "- item",
    "1. item",
    "> quoted",
    "    code",
    ":red[red] :material/home: :smile: :+1: :abc",
    "$a$ and $b$ and $$c$$",
    "<b>bold</b> <img src=x onerror=alert(1)> &lt;i&gt; &amp;",
    "![p](https://evil.example/p.png)",
    "www.evil.example https://evil.example a@evil.example",
    "a -> b <- c -- d >= e <= f ~= g",
    "a\\*b \\[c](d)",
    "[a][b] [^1] [x] [ ] [output]",
    "WHATIF_MODEL_URL 12:30, 5 % | 3 < 4 & 5",
)
