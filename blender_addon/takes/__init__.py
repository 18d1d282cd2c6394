"""Takes in the add-on: asking for them, reading them from the wire, naming them. Knows no bpy."""
