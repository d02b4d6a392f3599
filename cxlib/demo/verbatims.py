"""What the demonstration's customers write: eight themes, in English, German and French."""

from types import MappingProxyType

# What a comment is about, by the reason of the contact, if nothing else stood out in it.
THEME_OF_REASON = MappingProxyType(
    {
        "how_to": "instructions",
        "access": "sign-in",
        "billing": "invoices",
        "contract": "invoices",
        "bug": "faults",
        "integration": "faults",
    }
)

# Theme → tone → language → sentences. Nobody praises being passed on, or a matter left open.
THEMES = MappingProxyType(
    {
        "handover": {
            "bad": {
                "en": ("I was passed from one person to the next.", "Three colleagues, and I explained it to each of them.", "They transferred me twice before anyone looked at it."),
                "de": ("Ich wurde von einem zum anderen weitergeleitet.", "Drei Kollegen, und jedem musste ich alles neu erklären.", "Zweimal weiterverbunden, bevor jemand nachgesehen hat."),
                "fr": ("On m'a renvoyé d'un service à l'autre.", "Trois personnes, et j'ai tout réexpliqué à chacune.", "Transféré deux fois avant que quelqu'un regarde mon dossier."),
            },
        },
        "resolution": {
            "bad": {
                "en": ("Still not solved, I have to get in touch again.", "The ticket was closed but the problem is still there.", "No solution after a week."),
                "de": ("Immer noch nicht gelöst, ich muss mich wieder melden.", "Das Ticket ist geschlossen, das Problem besteht weiter.", "Nach einer Woche noch keine Lösung."),
                "fr": ("Toujours pas résolu, je dois vous recontacter.", "Le ticket est fermé mais le problème demeure.", "Aucune solution après une semaine."),
            },
        },
        "waiting": {
            "good": {
                "en": ("Answered within moments.", "No queue at all this time.", "I had a reply faster than I expected."),
                "de": ("Sofort jemanden erreicht.", "Diesmal gar keine Warteschleife.", "Die Antwort kam schneller als erwartet."),
                "fr": ("Réponse immédiate.", "Aucune attente cette fois.", "J'ai eu une réponse plus vite que prévu."),
            },
            "bad": {
                "en": ("Too long a wait for so simple a question.", "I sat in the queue far too long.", "Waiting for an answer cost me half the morning."),
                "de": ("Zu lange Wartezeit für eine so einfache Frage.", "Viel zu lange in der Warteschleife.", "Das Warten hat mich den halben Vormittag gekostet."),
                "fr": ("Trop d'attente pour une question si simple.", "Je suis resté bien trop longtemps en file d'attente.", "L'attente m'a coûté la moitié de la matinée."),
            },
        },
        "staff": {
            "good": {
                "en": ("The agent was friendly and knew the product well.", "Kind, patient and competent.", "Your colleague listened and took the matter seriously."),
                "de": ("Der Mitarbeiter war freundlich und kannte das Produkt gut.", "Nett, geduldig und kompetent.", "Ihre Kollegin hat zugehört und die Sache ernst genommen."),
                "fr": ("L'agent était aimable et connaissait bien le produit.", "Gentil, patient et compétent.", "Votre collègue a écouté et pris le sujet au sérieux."),
            },
            "bad": {
                "en": ("The agent read from a script and did not listen.", "I knew more about the product than the person I spoke to.", "Rather curt, to be honest."),
                "de": ("Der Mitarbeiter las vom Blatt und hörte nicht zu.", "Ich kannte das Produkt besser als mein Gesprächspartner.", "Ehrlich gesagt recht kurz angebunden."),
                "fr": ("L'agent lisait un script et n'écoutait pas.", "Je connaissais mieux le produit que mon interlocuteur.", "Plutôt sec, pour être honnête."),
            },
        },
        "invoices": {
            "good": {
                "en": ("The invoice was corrected on the spot.", "Billing is finally easy to follow.", "My credit note came the same day."),
                "de": ("Die Rechnung wurde sofort korrigiert.", "Die Abrechnung ist endlich verständlich.", "Die Gutschrift kam noch am selben Tag."),
                "fr": ("La facture a été corrigée sur-le-champ.", "La facturation est enfin lisible.", "L'avoir est arrivé le jour même."),
            },
            "bad": {
                "en": ("The invoice does not match our contract.", "We were billed for seats that we do not have.", "I cannot work out what this charge is for."),
                "de": ("Die Rechnung passt nicht zu unserem Vertrag.", "Uns wurden Plätze berechnet, die wir nicht haben.", "Ich verstehe nicht, wofür dieser Betrag ist."),
                "fr": ("La facture ne correspond pas à notre contrat.", "On nous a facturé des licences que nous n'avons pas.", "Je ne comprends pas à quoi correspond ce montant."),
            },
        },
        "sign-in": {
            "good": {
                "en": ("My password was reset in a minute.", "Access for the new colleague worked at once.", "Single sign-on is set up, and it works."),
                "de": ("Mein Passwort war in einer Minute zurückgesetzt.", "Der Zugang für den neuen Kollegen ging sofort.", "Die Anmeldung ist eingerichtet und läuft."),
                "fr": ("Mot de passe réinitialisé en une minute.", "L'accès du nouveau collègue a marché tout de suite.", "L'authentification unique est en place et fonctionne."),
            },
            "bad": {
                "en": ("I am locked out of my account again.", "The reset link never arrives.", "Every week somebody here cannot log in."),
                "de": ("Ich bin schon wieder aus meinem Konto ausgesperrt.", "Der Link zum Zurücksetzen kommt nie an.", "Jede Woche kann sich hier jemand nicht anmelden."),
                "fr": ("Mon compte est encore bloqué.", "Le lien de réinitialisation n'arrive jamais.", "Chaque semaine, quelqu'un ici ne peut pas se connecter."),
            },
        },
        "instructions": {
            "good": {
                "en": ("The guide they sent explains every step.", "A clear explanation, now I can do it myself.", "The short video was just what I needed."),
                "de": ("Die Anleitung erklärt jeden Schritt.", "Gut erklärt, jetzt kann ich es selbst.", "Das kurze Video war genau richtig."),
                "fr": ("Le guide envoyé explique chaque étape.", "Bien expliqué, je sais le faire moi-même maintenant.", "La petite vidéo était exactement ce qu'il me fallait."),
            },
            "bad": {
                "en": ("The manual shows menus that no longer exist.", "I could not find this anywhere in the help pages.", "The documentation is out of date."),
                "de": ("Das Handbuch zeigt Menüs, die es nicht mehr gibt.", "In der Hilfe war dazu nichts zu finden.", "Die Dokumentation ist veraltet."),
                "fr": ("Le manuel montre des menus qui n'existent plus.", "Introuvable dans les pages d'aide.", "La documentation est dépassée."),
            },
        },
        "faults": {
            "good": {
                "en": ("The fault was fixed with the next update.", "Since the patch, the export runs without errors.", "The interface to our system works again."),
                "de": ("Der Fehler war mit dem nächsten Update behoben.", "Seit dem Patch läuft der Export fehlerfrei.", "Die Schnittstelle zu unserem System läuft wieder."),
                "fr": ("Le défaut a été corrigé dès la mise à jour suivante.", "Depuis le correctif, l'export tourne sans erreur.", "L'interface avec notre système fonctionne de nouveau."),
            },
            "bad": {
                "en": ("The programme crashes whenever I export.", "The interface returns errors every night.", "The same bug is back after the update."),
                "de": ("Bei jedem Export stürzt das Programm ab.", "Die Schnittstelle liefert jede Nacht Fehler.", "Nach dem Update ist derselbe Fehler wieder da."),
                "fr": ("Le programme plante à chaque export.", "L'interface renvoie des erreurs toutes les nuits.", "Le même défaut est revenu après la mise à jour."),
            },
        },
    }
)  # fmt: skip

# How comments end, by tone and language; most say no more.
ENDINGS = MappingProxyType(
    {
        "good": {
            "en": ("", "", "Thank you.", "More of this, please.", "That made my day."),
            "de": ("", "", "Vielen Dank.", "Gerne wieder so.", "Das hat mir sehr geholfen."),
            "fr": ("", "", "Merci beaucoup.", "Continuez ainsi.", "Cela m'a bien aidé."),
        },
        "bad": {
            "en": ("", "", "Please do something about it.", "This is not the first time.", "We expected better."),
            "de": ("", "", "Bitte kümmern Sie sich darum.", "Das ist nicht das erste Mal.", "Wir hatten mehr erwartet."),
            "fr": ("", "", "Merci d'y remédier.", "Ce n'est pas la première fois.", "Nous attendions mieux."),
        },
    }
)  # fmt: skip


def write_comment(theme: str, good: bool, language: str, lot: int) -> str:
    """A comment on a theme, in praise if `good` and the theme can be praised.

    Args:
        theme: A key of `THEMES`.
        good: Whether the customer is pleased.
        language: `en`, `de` or `fr`.
        lot: A number drawn by lot; the same number gives the same comment.

    Examples:
        >>> write_comment("waiting", True, "de", 2)
        'Die Antwort kam schneller als erwartet.'
        >>> write_comment("handover", True, "fr", 9)
        "On m'a renvoyé d'un service à l'autre. Ce n'est pas la première fois."
    """
    tone = "good" if good and "good" in THEMES[theme] else "bad"
    said, endings = THEMES[theme][tone][language], ENDINGS[tone][language]
    lot, number = divmod(lot, len(said))
    return f"{said[number]} {endings[lot % len(endings)]}".strip()
