"""The recording of ``make demo`` that README.md and the site show first.

``python -m tools.recording`` runs the demo in a terminal and keeps what it prints, with its times, as an asciicast.
`svg` makes the animated picture of it; ``make generate`` writes that too.
"""
