"""What other systems call the contract's columns."""

import re
from collections.abc import Mapping
from types import MappingProxyType

# For each table, the names by which exports know its columns; those told after a bar mean several
# things, so that a guess from them is marked. A name fits with or without its separators.
SYNONYMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "accounts": {
            "account_id": "account_id account_no account_number company_id organisation_id "
            "organization_id client_id seller_id | account company client",
            "name": "account_name company_name organisation_name | company organisation",
            "industry": "industry sector branch line_of_business",
            "region": "region sales_region territory country state market",
            "service_level": "service_level sla_level support_level plan contract_type",
            "employees": "employees headcount company_size number_of_employees",
            "signup_date": "signup_date customer_since contract_start onboarded_at",
            "churn_date": "churn_date contract_end cancelled_at end_of_contract churned_at",
            "strategic_value": "strategic_value",
            "growth_potential": "growth_potential",
            "account_manager": "account_manager key_account_manager sales_rep account_owner",
        },
        "customers": {
            "customer_id": "customer_id customer_no customer_number contact_id contact_no user_id "
            "caller_id requester_id customer_unique_id cust_id masterid "
            "| customer caller requester user contact",
            "account_id": "account_id account_no company_id organisation_id client_id "
            "| account company",
            "role": "role job_title position function",
            "birth_year": "birth_year year_of_birth yob",
            "location": "location city site town customer_city | country",
            "preferred_channel": "preferred_channel contact_preference",
        },
        "interactions": {
            "interaction_id": "interaction_id ticket_id ticket_no ticket_number case_id call_id "
            "incident_id conversation_id chat_id case_concept_name "
            "| contact_id number ticket case call id",
            "customer_id": "customer_id customer_no customer_number user_id caller_id requester_id "
            "cust_id | customer caller requester user contact",
            "started_at": "started_at created_at opened_at call_start start_time started "
            "contact_time call_date opened created time_timestamp | date timestamp datetime time "
            "vru_entry",
            "channel": "channel contact_type source_channel medium | source via",
            "touchpoint": "touchpoint journey_stage",
            "reason": "reason contact_reason call_reason category topic issue_type | type subject",
            "agent_id": "agent_id agent assigned_to handled_by org_resource | server resource",
            "team": "team queue assignment_group support_group workgroup | group department",
            "wait_seconds": "wait_seconds | wait_time q_time queue_time time_to_answer wait",
            "handle_seconds": "handle_seconds | handle_time ser_time talk_time service_time aht "
            "duration",
            "transfers": "transfers transfer_count reassignment_count times_transferred",
            "abandoned": "abandoned is_abandoned hung_up | outcome call_outcome disposition result",
            "resolved": "fcr first_contact_resolution first_call_resolution resolved",
            "cost": "cost contact_cost | costs",
            "root_cause": "root_cause",
        },
        "surveys": {
            "response_id": "response_id survey_id review_id answer_id feedback_id | id",
            "customer_id": "customer_id customer_no user_id contact_id respondent_id cust_id "
            "| customer respondent",
            "interaction_id": "interaction_id ticket_id case_id call_id ticket_no",
            "sent_at": "sent_at invited_at survey_sent review_creation_date | date",
            "responded_at": "responded_at answered_at response_date review_answer_timestamp "
            "submitted_at completed_at",
            "metric": "metric question survey_type",
            "score": "score nps csat ces rating stars review_score satisfaction",
            "verbatim": "verbatim comment comments feedback review_comment_message free_text",
        },
        "revenue": {
            "account_id": "account_id account_no company_id client_id customer_id customer_no "
            "cust_id masterid | account company client customer",
            "booked_at": "booked_at booking_date invoice_date invoicedate order_date posted_at "
            "transaction_date | date",
            "amount": "amount net_amount revenue turnover sales total total_price line_total "
            "invoice_amount | value price",
            "kind": "kind booking_type revenue_type",
            "product": "product item description product_name article sku_name | stock_code",
        },
    }
)
# What a booking's amount is where no column has it: a number of pieces times the price of one.
QUANTITY = ("quantity", "qty", "pieces", "units")
PRICE = ("price", "unit_price", "unitprice", "item_price")
# A table is proposed from a file that has all of one of these.
TELLING: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "accounts": (("account_id", "name"), ("account_id", "industry"), ("account_id", "region"),
                     ("account_id", "signup_date"), ("account_id", "employees")),
        "customers": (("customer_id", "role"), ("customer_id", "account_id", "location"),
                      ("customer_id", "birth_year"), ("customer_id", "preferred_channel")),
        "interactions": (("started_at", "channel"), ("started_at", "wait_seconds"),
                         ("started_at", "handle_seconds"), ("started_at", "agent_id"),
                         ("started_at", "interaction_id", "customer_id"), ("started_at", "team")),
        "surveys": (("score",),),
        "revenue": (("booked_at", "amount"),),
    }
)  # fmt: skip


def plain(name: str) -> str:
    """A column's name in small letters with underscores.

    Examples:
        >>> [plain(each) for each in ("Customer ID", "InvoiceDate", "case:concept:name")]
        ['customer_id', 'invoice_date', 'case_concept_name']
    """
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", parted.casefold()).strip("_")


def sense_of(table: str, column: str, name: str) -> int:
    """How well a raw name fits a contract's column: 0 not at all; otherwise, less is better.

    1 is the contract's own name, 2 a name that means nothing else, and 3 and more one that may.
    """
    own = plain(name)
    if own == column:
        return 1
    sure, _, unsure = SYNONYMS[table][column].partition("|")
    for level, names in ((2, sure.split()), (3, unsure.split())):
        flat = [each.replace("_", "") for each in names]
        if own.replace("_", "") in flat:
            return level + flat.index(own.replace("_", "")) * (level == 3)
    return 0
