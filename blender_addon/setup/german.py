# ruff: noqa: E501  (a text and its translation are a line)
"""The texts of the server's set-up in German."""

TEXTS = {
    "Make an environment for the server and install it there. Shows size and source first": "Eine Umgebung für den Server anlegen und ihn dort installieren. Größe und Quelle werden vorher gezeigt",
    "Cancel Set-Up": "Einrichten abbrechen",
    "Stop the set-up; what it has made so far is removed": "Das Einrichten abbrechen; was bisher angelegt wurde, wird entfernt",
    "Remove Server": "Server entfernen",
    "Delete the server's environment that Set Up Server has made": "Die Umgebung des Servers löschen, die „Server einrichten“ angelegt hat",
    "Start Server": "Server starten",
    "Find the running server, or start one": "Den laufenden Server finden oder einen starten",
    "Copy Diagnostics": "Diagnose kopieren",
    "Copy a page about what works here to the clipboard, without names and paths of yours": "Eine Seite darüber, was hier funktioniert, in die Zwischenablage kopieren, ohne eigene Namen und Pfade",
    "Computed on": "Berechnet auf",
    "What the server shall compute on": "Worauf der Server rechnen soll",
    "Download: about {mb} MB, from {source}": "Herunterladen: etwa {mb} MB von {source}",
    "On disk: about {gb:.1f} GB": "Auf der Platte: etwa {gb:.1f} GB",
    "Copied; the server's own page follows in some seconds": "Kopiert; die Seite des Servers folgt in einigen Sekunden",
    "The set-up is running": "Das Einrichten läuft",
    "Blender may not go online at present.": "Blender darf zurzeit nicht ins Netz.",
    "There is no server that was set up here": "Hier wurde kein Server eingerichtet",
    "The server is connected": "Der Server ist verbunden",
    "Copied what Blender knows. There is no server to ask": "Kopiert, was Blender weiß. Es gibt keinen Server, der gefragt werden kann",
    "Open Network Preferences": "Netzwerk-Einstellungen öffnen",
    "Blender stays usable meanwhile. It can be cancelled.": "Blender bleibt dabei benutzbar. Es lässt sich abbrechen.",
    "Blender may not go online. Allow it in Preferences > System > Network, or set the server up by hand and name its Python in the preferences of Retake.": "Blender darf nicht ins Netz. Erlaube es unter Einstellungen > System > Netzwerk, oder richte den Server von Hand ein und nenne sein Python in den Einstellungen von Retake.",
    "This copy of the extension carries no server. Install the zip of your system, or name an environment that has the server under 'Server Python' in the preferences.": "Dieses Exemplar der Erweiterung enthält keinen Server. Installiere das Zip für dein System, oder nenne in den Einstellungen unter „Python des Servers“ eine Umgebung, die den Server hat.",
}
