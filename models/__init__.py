"""The tables. Each customer's rows are reached through `owned_by`."""

from domain.channels import Channel
from models.access import AccessFlow, AccessPurpose, AccessStage, AttemptTally, Keypad, SmsOrder
from models.audit_events import AuditEvent, AuditHead
from models.confirmations import Confirmation, ContactPoint
from models.contracts import Card, CardStatus, Contract, ContractKind, ContractStatus, StatementDelivery
from models.credentials import Credential
from models.customers import Customer, CustomerReference, Identifier, Locale, Title
from models.deliveries import Delivery, DeliveryState
from models.devices import Device
from models.instalments import Instalment, InstalmentStatus
from models.news import News
from models.operations import Operation, OperationKind, OperationStatus
from models.sessions import Session, SessionColumns
from models.statements import Statement

__all__ = [
    "AccessFlow",
    "AccessPurpose",
    "AccessStage",
    "AttemptTally",
    "AuditEvent",
    "AuditHead",
    "Card",
    "CardStatus",
    "Channel",
    "Confirmation",
    "ContactPoint",
    "Contract",
    "ContractKind",
    "ContractStatus",
    "Credential",
    "Customer",
    "CustomerReference",
    "Delivery",
    "DeliveryState",
    "Device",
    "Identifier",
    "Instalment",
    "InstalmentStatus",
    "Keypad",
    "Locale",
    "News",
    "Operation",
    "OperationKind",
    "OperationStatus",
    "Session",
    "SessionColumns",
    "SmsOrder",
    "Statement",
    "StatementDelivery",
    "Title",
]
