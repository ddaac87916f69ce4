"""Words and phrases that must not come back: ``make prose`` lists them.

codespell reads the words from ``words.txt``, with replacements. To allow a word on a line, such as in a quoted text,
end the line with the comment ``codespell:ignore WORD``. This package finds the phrases, which codespell cannot find.
"""
