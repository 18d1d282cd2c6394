# ruff: noqa: E501  (a text and its translation are a line)
"""The texts of the sample in German."""

TEXTS = {
    "Try the Sample": "Beispiel ausprobieren",
    "Open a new scene with a short clip, its takes and a character that moves. Needs no server": "Eine neue Szene mit einem kurzen Clip, seinen Fassungen und einer bewegten Figur öffnen. Braucht keinen Server",
    "Play": "Abspielen",
    "Start the playback at once": "Sofort abspielen",
    "Go to Object Mode first": "Geh erst in den Objektmodus",
    "{count} takes; '{name}' wears the best one": "{count} Fassungen; „{name}“ trägt die beste",
    "The sample {name} cannot be copied: {reason}.": "Das Beispiel {name} lässt sich nicht kopieren: {reason}.",
}
