"""The demonstration data beyond contacts: self-service, complaints, followups, what people told.

Drawn apart from all else, so that nothing else depends on it.
"""

import numpy as np
import pandas as pd

from cxlib.demo import truth

WEEK = pd.Timedelta(days=7)
# Visits to each page, for each contact.
VISITS = 0.13
# Of contacts that were passed on and not resolved, so many become complaints, and so on.
COMPLAINS, GOES_OUTSIDE, GOES_TO_COURT = 0.25, 0.08, 0.20
TOLD = (
    ("End users", "experience", "Look for an answer while a customer waits", "An answer in minutes",
     "I should not have to call for this", "Rushed", "Answers inside the product",
     "Contacts per customer", "12 interviews, May 2026"),
    ("End users", "connection", "Ask colleagues which tool they use", "Proof that it saves time",
     None, "Curious", None, None, "12 interviews, May 2026"),
    ("Administrators", "experience", "Open several chats at once", "No outage unannounced",
     "They know less than I do", "Alert", "A status page that is ahead of the chats",
     "Transfer rate", "Read 200 comments, June 2026"),
    ("Administrators", "mastery", "Answer for us in the forum", "To be heard", "I could do this",
     "Proud", "Invite them to a circle of experts", "NPS", "5 interviews, June 2026"),
    ("Finance", "exposure", "Compare the invoice with the order", "One invoice for all sites",
     "Why must I ask twice?", "Annoyed", "Show the order on the invoice",
     "Repeat contacts about billing", "8 interviews, May 2026"),
    ("Developers", "connection", "Try the interface before they ask", "Samples that run", None,
     None, None, None, "Watched 3 of them, June 2026"),
)  # fmt: skip


def draw_events(contacts: pd.DataFrame) -> pd.DataFrame:
    """Visits to self-service, some of them followed by a contact within hours."""
    rng = np.random.default_rng(truth.SEED_BEYOND)
    parts, visits = [], VISITS * len(contacts)
    for what, alone in truth.CONTAINED.items():
        came = contacts.sample(round(visits * (1 - alone)), random_state=rng)
        before = pd.to_timedelta(rng.integers(600, 14_400, len(came)), unit="s")
        parts.append(came.assign(at=came.started_at - before, what=what))
        # Moments at which nobody came within the week, nor had within the day.
        free = contacts.sample(frac=4 * VISITS, random_state=rng)
        free = free.assign(at=free.started_at + pd.to_timedelta(
            rng.integers(2 * 86_400, 30 * 86_400, len(free)), unit="s"))  # fmt: skip
        free = free[free["at"] < contacts.started_at.max() - WEEK].sort_values("at")
        next_one = contacts[["customer_id", "started_at"]].rename(columns={"started_at": "next_at"})
        free = pd.merge_asof(free, next_one.sort_values("next_at"), left_on="at",
                             right_on="next_at", by="customer_id", direction="forward")  # fmt: skip
        quiet = free[~(free.next_at - free["at"] <= WEEK)]
        parts.append(quiet.sample(round(visits * alone), random_state=rng).assign(what=what))
    events = pd.concat(parts).assign(channel="self-service")
    columns = ["customer_id", "at", "touchpoint", "channel", "what"]
    return events.sort_values(["at", "customer_id", "what"])[columns].reset_index(drop=True)


def draw_complaints(contacts: pd.DataFrame) -> pd.DataFrame:
    """Complaints after contacts that went wrong, some of which climb."""
    rng = np.random.default_rng(truth.SEED_BEYOND + 1)
    wrong = contacts[(contacts.transfers > 0) & ~contacts.resolved.fillna(True).astype(bool)]
    steps, last = [], contacts.started_at.max()
    step = wrong.assign(at=wrong.started_at)
    rungs = (("company", COMPLAINS, 45), ("outside body", GOES_OUTSIDE, 700),
             ("small claim", GOES_TO_COURT, 1_200))  # fmt: skip
    for body, share, cost in rungs:
        step = step[rng.random(len(step)) < share]
        later = pd.to_timedelta(rng.integers(1, 12 * 24, len(step)), unit="h")
        step = step.assign(at=step["at"] + later, body=body)
        step["cost"] = (cost * rng.lognormal(0, 0.4, len(step))).round(2)
        step["closed_at"] = step["at"] + pd.to_timedelta(rng.integers(5, 40, len(step)), unit="D")
        steps.append(step)
    made = pd.concat(steps).rename(columns={"at": "opened_at"})
    made = made[made.opened_at <= last]
    made["closed_at"] = made.closed_at.where(made.closed_at <= last)
    columns = ["customer_id", "body", "opened_at", "closed_at", "cost"]
    return made.sort_values(["opened_at", "customer_id"])[columns].reset_index(drop=True)


def told() -> pd.DataFrame:
    """What people told, as the table `experience_map` has it."""
    columns = ["persona", "stage", "actions", "needs", "thoughts", "feelings", "opportunity",
               "metric", "evidence"]  # fmt: skip
    return pd.DataFrame(TOLD, columns=columns)


# Beginnings of words of each theme that customers write about, in their three languages, and the
# expectation that it says is not met.
THEMES = {
    "handover": (("passed from", "three colleagues", "transferred", "weitergeleitet",
          "drei kollegen", "weiterverbunden", "renvoyé", "trois personnes", "transféré"),
        "well trained"),
    "resolution": (("still not solved", "ticket", "no solution", "immer noch nicht gelöst",
          "noch keine lösung", "toujours pas résolu", "aucune solution"),
        "right the first time"),
    "waiting": (("wait", "queue", "reply faster", "answered within", "warte", "das warten",
          "sofort jemanden", "antwort kam", "attente", "réponse immédiate", "file d",
          "réponse plus vite"), "answered promptly"),
    "staff": (("agent", "colleague listened", "competent", "curt", "than the person",
          "mitarbeiter", "kompetent", "kollegin", "gesprächspartner", "kurz angebunden",
          "compétent", "votre collègue", "interlocuteur", "plutôt sec"), "courteous"),
    "invoices": (("invoice", "bill", "credit note", "charge", "rechnung", "abrechnung",
          "gutschrift", "berechnet", "dieser betrag", "factur", "avoir est", "ce montant"), ""),
    "sign-in": (("password", "access for", "single sign", "locked out", "reset link", "log in",
          "passwort", "zugang", "anmeld", "ausgesperrt", "zurücksetzen", "mot de passe",
          "accès", "authentification", "bloqué", "réinitialisation", "se connecter"), ""),
    "instructions": (("guide", "explanation", "video", "manual", "help pages", "documentation",
          "anleitung", "erklärt, jetzt", "handbuch", "in der hilfe", "dokumentation",
          "bien expliqué", "vidéo", "manuel", "pages d"), "informed of what to expect"),
    "faults": (("fault", "patch", "interface", "crash", "bug", "fehler", "schnittstelle",
          "stürzt", "défaut", "correctif", "plante"), ""),
}  # fmt: skip


def draw_followups(surveys: pd.DataFrame, end) -> pd.DataFrame:
    """Low scores that somebody follows up; calling back changes nothing afterwards."""
    rng = np.random.default_rng(truth.SEED_BEYOND + 2)
    worst = {"nps": 6, "csat": 2, "ces": 3}
    low = surveys[surveys.score <= surveys.metric.map(worst)].dropna(subset=["responded_at"])
    seen = low[rng.random(len(low)) < truth.FOLLOWED_UP]
    opened = seen.responded_at + pd.to_timedelta(rng.integers(1, 90, len(seen)), unit="m")
    called = opened + pd.to_timedelta(
        (rng.lognormal(np.log(20), 1.2, len(seen)) * 3_600).astype(int), unit="s"
    )
    closed = called + pd.to_timedelta(rng.integers(1, 15, len(seen)), unit="D")
    frame = pd.DataFrame({
        "response_id": seen.response_id, "opened_at": opened,
        "first_contact_at": called.where(called < end), "closed_at": closed.where(closed < end),
        "outcome": rng.choice(["explained", "put right", "refund"], len(seen)),
        "cause": rng.choice(["skill", "operations"], len(seen), p=[0.35, 0.65]),
        "owner": [f"CX lead {1 + n % 3}" for n in range(len(seen))],
    })  # fmt: skip
    return frame[frame.opened_at < end].reset_index(drop=True)
