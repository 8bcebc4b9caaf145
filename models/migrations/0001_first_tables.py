from enum import StrEnum

from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.channels import Channel
from domain.regimes import Regime
from models.access import AccessPurpose, AccessStage
from models.confirmations import ContactPoint
from models.contracts import CardStatus, ContractKind, ContractStatus, StatementDelivery
from models.customers import Locale, Title
from models.deliveries import DeliveryState
from models.ids import new_id
from models.instalments import InstalmentStatus
from models.operations import OperationKind, OperationStatus
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Assurance(StrEnum):
    PROVISIONAL = 'PROVISIONAL'
    CODE_ONLY = 'CODE_ONLY'
    STRONG = 'STRONG'


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='AccessFlow',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('token_digest', fields.CharField(unique=True, max_length=64)),
                ('purpose', fields.CharEnumField(description='SIGN_IN: SIGN_IN\nFIRST_CONNECTION: FIRST_CONNECTION\nFORGOTTEN_CODE: FORGOTTEN_CODE', enum_type=AccessPurpose, max_length=20)),
                ('stage', fields.CharEnumField(description='KEYPAD: KEYPAD\nPHONE: PHONE\nSMS_CODE: SMS_CODE\nNEW_CODE: NEW_CODE\nDONE: DONE\nCLOSED: CLOSED', enum_type=AccessStage, max_length=12)),
                ('subject_key', fields.CharField(description='Keyed digest of the customer, or of an unknown identifier', max_length=64)),
                ('customer_id', fields.BigIntField(null=True)),
                ('accessible', fields.BooleanField(default=False, description='Keypads carry labels')),
                ('sms_address', fields.CharField(null=True, description='Where codes go, null when none leaves', max_length=16)),
                ('sms_digest', fields.CharField(null=True, max_length=64)),
                ('sms_reference', fields.CharField(null=True, max_length=4)),
                ('sms_expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('sms_tries', fields.SmallIntField(default=0)),
                ('sms_count', fields.SmallIntField(default=0)),
                ('sms_resend_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('phone_tries', fields.SmallIntField(default=0)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'access_flow', 'app': 'models', 'constraints': [CheckConstraint(check='expires_at > created_at', name='access_flow_has_a_life')], 'indexes': [Index(fields=['expires_at'])], 'pk_attr': 'id', 'table_description': 'One walk from an identifier to a session. Unknown identifiers have a flow too, with no customer.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AttemptTally',
            fields=[
                ('subject_key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64, generated=False)),
                ('failures', fields.IntField(default=0)),
                ('locked_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'attempt_tally', 'app': 'models', 'constraints': [CheckConstraint(check='failures >= 0', name='attempt_tally_not_negative')], 'pk_attr': 'subject_key', 'table_description': 'Consecutive failures of one subject: a customer, or an identifier nobody has.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Customer',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('reference', fields.CharField(description="The lender's own number of the customer", max_length=40)),
                ('title', fields.CharEnumField(null=True, description='MS: MS\nMR: MR', enum_type=Title, max_length=8)),
                ('first_names', fields.CharField(max_length=120)),
                ('last_name', fields.CharField(max_length=120)),
                ('birth_date', fields.DateField(null=True)),
                ('email', fields.CharField(null=True, max_length=254)),
                ('email_verified_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('phone', fields.CharField(null=True, description='E.164', max_length=16)),
                ('phone_verified_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('address_lines', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ('postal_code', fields.CharField(null=True, max_length=12)),
                ('city', fields.CharField(null=True, max_length=80)),
                ('country_code', fields.CharField(null=True, description='ISO 3166-1 alpha-2', max_length=2)),
                ('locale', fields.CharEnumField(default=Locale.FR_FR, description='FR_FR: FR_FR\nEN_GB: EN_GB', enum_type=Locale, max_length=8)),
                ('version', fields.IntField(default=1, description='Raised by each change the customer makes')),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('fed_digest', fields.CharField(null=True, description='Digest of the last feed row, to tell a change', max_length=32)),
            ],
            options={'table': 'customer', 'app': 'models', 'constraints': [CheckConstraint(check='version >= 1', name='customer_version_positive'), CheckConstraint(check="phone IS NULL OR phone LIKE '+%'", name='customer_phone_international')], 'pk_attr': 'id', 'table_description': 'A person with at least one contract.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='audit_events', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharField(description='Such as SIGNED_IN or ADDRESS_CHANGED', max_length=40)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('session_id', fields.BigIntField(null=True)),
                ('details', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'audit_event', 'app': 'models', 'indexes': [Index(fields=['customer_id', 'at', 'id'])], 'pk_attr': 'id', 'table_description': 'One fact, without the values changed: names and numbers stay out of it.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Confirmation',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='confirmations', on_delete=OnDelete.RESTRICT)),
                ('point', fields.CharEnumField(description='PHONE: PHONE\nEMAIL: EMAIL', enum_type=ContactPoint, max_length=8)),
                ('target', fields.CharField(description='The new number in E.164, or the new address', max_length=254)),
                ('code_digest', fields.CharField(max_length=64)),
                ('reference', fields.CharField(description='Shown on screen and in the message', max_length=4)),
                ('tries', fields.SmallIntField(default=0)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'confirmation', 'app': 'models', 'constraints': [CheckConstraint(check='tries >= 0', name='confirmation_tries_not_negative'), CheckConstraint(check='expires_at > created_at', name='confirmation_has_a_life')], 'indexes': [Index(fields=['customer_id', 'created_at'])], 'pk_attr': 'id', 'table_description': 'A change asked for: what it would become, and the digest of the code that proves it is theirs.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Contract',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='contracts', on_delete=OnDelete.RESTRICT)),
                ('file_number', fields.CharField(description='Number of the file, also a sign-in identifier', max_length=24)),
                ('account_number', fields.CharField(null=True, description='Revolving-credit number, begins 3060', max_length=17)),
                ('kind', fields.CharEnumField(description='REVOLVING_CREDIT: REVOLVING_CREDIT\nPERSONAL_LOAN: PERSONAL_LOAN\nDEBT_CONSOLIDATION: DEBT_CONSOLIDATION\nCARD_ACCOUNT: CARD_ACCOUNT', enum_type=ContractKind, max_length=20)),
                ('status', fields.CharEnumField(description='ACTIVE: ACTIVE\nLATE: LATE\nSUSPENDED: SUSPENDED\nCLOSED: CLOSED', enum_type=ContractStatus, max_length=12)),
                ('regime', fields.CharEnumField(description='LAGARDE_2011: LAGARDE_2011\nCCD2_2026: CCD2_2026', enum_type=Regime, max_length=16)),
                ('label', fields.CharField(max_length=80)),
                ('currency', fields.CharField(description='ISO 4217', max_length=3)),
                ('signed_on', fields.DateField()),
                ('closed_on', fields.DateField(null=True)),
                ('ends_on', fields.DateField(null=True, description='Day of the last instalment of a loan')),
                ('borrowing_rate_yearly', fields.DecimalField(null=True, description='Fraction', max_digits=9, decimal_places=6)),
                ('apr_yearly', fields.DecimalField(null=True, description='Fraction', max_digits=9, decimal_places=6)),
                ('credit_limit_cents', fields.BigIntField(null=True, description='Revolving credit and card accounts')),
                ('principal_cents', fields.BigIntField(null=True, description='Amount lent, for loans')),
                ('outstanding_cents', fields.BigIntField(description='Outstanding principal')),
                ('overdue_cents', fields.BigIntField(default=0)),
                ('months', fields.SmallIntField(null=True, description='Agreed duration of a loan')),
                ('instalment_cents', fields.BigIntField(null=True, description='Agreed monthly instalment')),
                ('debit_day', fields.SmallIntField(null=True)),
                ('iban', fields.CharField(null=True, max_length=34)),
                ('insurance_label', fields.CharField(null=True, max_length=80)),
                ('insurance_monthly_cents', fields.BigIntField(null=True)),
                ('statement_delivery', fields.CharEnumField(default=StatementDelivery.PAPER, description='ELECTRONIC: ELECTRONIC\nPAPER: PAPER', enum_type=StatementDelivery, max_length=12)),
                ('version', fields.IntField(default=1)),
                ('fed_digest', fields.CharField(null=True, description='Digest of the last feed row, to tell a change', max_length=32)),
            ],
            options={'table': 'contract', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'file_number'), name='contract_file_number_once'), CheckConstraint(check='length(currency) = 3', name='contract_currency_iso'), CheckConstraint(check='credit_limit_cents >= 0', name='contract_limit_not_negative'), CheckConstraint(check='principal_cents > 0', name='contract_principal_positive'), CheckConstraint(check='overdue_cents >= 0', name='contract_overdue_not_negative'), CheckConstraint(check='debit_day BETWEEN 1 AND 31', name='contract_debit_day_of_month'), CheckConstraint(check='closed_on >= signed_on', name='contract_closed_after_signed'), CheckConstraint(check="(status = 'CLOSED') = (closed_on IS NOT NULL)", name='contract_closed_has_its_day'), CheckConstraint(check='version >= 1', name='contract_version_positive')], 'pk_attr': 'id', 'table_description': 'One credit agreement. Columns that only some kinds have are null for the others.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Card',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='cards', on_delete=OnDelete.RESTRICT)),
                ('contract', fields.ForeignKeyField('models.Contract', source_field='contract_id', db_constraint=True, to_field='id', related_name='cards', on_delete=OnDelete.RESTRICT)),
                ('number', fields.CharField(description='17 digits that begin 3060', max_length=17)),
                ('expires_on', fields.DateField()),
                ('status', fields.CharEnumField(description='ACTIVE: ACTIVE\nBLOCKED: BLOCKED\nEXPIRED: EXPIRED', enum_type=CardStatus, max_length=8)),
            ],
            options={'table': 'card', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'number'), name='card_number_once'), CheckConstraint(check="number LIKE '3060%' AND length(number) = 17", name='card_number_begins_3060')], 'indexes': [Index(fields=['customer_id', 'contract_id'])], 'pk_attr': 'id', 'table_description': 'A payment card on a revolving credit or a card account.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Credential',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='credentials', on_delete=OnDelete.RESTRICT)),
                ('code_digest', fields.CharField(max_length=200)),
                ('chosen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('replaced_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'credential', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id',), name='credential_one_in_force', condition='replaced_at IS NULL')], 'pk_attr': 'id', 'table_description': 'A code that was chosen. At most one is in force; a customer with none has not connected yet.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='CustomerReference',
            fields=[
                ('reference', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40, generated=False)),
                ('customer_id', fields.BigIntField()),
            ],
            options={'table': 'customer_reference', 'app': 'models', 'pk_attr': 'reference', 'table_description': "Lookup: the lender's number of a customer. Unique over all customers, so kept apart from them."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Delivery',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.RESTRICT)),
                ('channel', fields.CharEnumField(description='SMS: SMS\nEMAIL: EMAIL', enum_type=Channel, max_length=8)),
                ('address', fields.CharField(max_length=254)),
                ('subject', fields.CharField(null=True, max_length=140)),
                ('body', fields.CharField(null=True, max_length=2000)),
                ('state', fields.CharEnumField(default=DeliveryState.WAITING, description='WAITING: WAITING\nSENT: SENT\nFAILED: FAILED', enum_type=DeliveryState, max_length=8)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(description='Not before; while a worker holds it, when the hold ends', auto_now=False, auto_now_add=False)),
                ('useless_at', fields.DatetimeField(null=True, description='Not sent after, such as a code that expired', auto_now=False, auto_now_add=False)),
                ('tries', fields.SmallIntField(default=0)),
                ('held_by', fields.CharField(null=True, description='The worker sending it now', max_length=32)),
                ('sent_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('failure', fields.CharField(null=True, max_length=140)),
            ],
            options={'table': 'delivery', 'app': 'models', 'constraints': [CheckConstraint(check="(state = 'SENT') = (sent_at IS NOT NULL)", name='delivery_sent_has_its_time'), CheckConstraint(check="state <> 'WAITING' OR body IS NOT NULL", name='delivery_waiting_has_a_body'), CheckConstraint(check='tries >= 0', name='delivery_tries_not_negative')], 'indexes': [Index(fields=['state', 'due_at'])], 'pk_attr': 'id', 'table_description': 'One message to one address. The body is erased once it is sent or given up.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Identifier',
            fields=[
                ('number', fields.CharField(primary_key=True, unique=True, db_index=True, description='17 digits, or a file number', max_length=24, generated=False)),
                ('customer_id', fields.BigIntField()),
                ('contract_id', fields.BigIntField()),
            ],
            options={'table': 'identifier', 'app': 'models', 'indexes': [Index(fields=['customer_id', 'contract_id'])], 'pk_attr': 'number', 'table_description': 'Lookup: what a customer types to sign in. Unique over all customers, so kept apart from them.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Instalment',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='instalments', on_delete=OnDelete.RESTRICT)),
                ('contract', fields.ForeignKeyField('models.Contract', source_field='contract_id', db_constraint=True, to_field='id', related_name='instalments', on_delete=OnDelete.RESTRICT)),
                ('number', fields.SmallIntField()),
                ('due_on', fields.DateField()),
                ('status', fields.CharEnumField(description='UPCOMING: UPCOMING\nPAID: PAID\nMISSED: MISSED\nDEFERRED: DEFERRED', enum_type=InstalmentStatus, max_length=8)),
                ('paid_on', fields.DateField(null=True)),
                ('payment_cents', fields.BigIntField(description='principal + interest + insurance + fees')),
                ('principal_cents', fields.BigIntField()),
                ('interest_cents', fields.BigIntField()),
                ('insurance_cents', fields.BigIntField(default=0)),
                ('fees_cents', fields.BigIntField(default=0)),
                ('outstanding_after_cents', fields.BigIntField()),
            ],
            options={'table': 'instalment', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'contract_id', 'number'), name='instalment_number_once'), CheckConstraint(check='number >= 1', name='instalment_number_from_one'), CheckConstraint(check='payment_cents = principal_cents + interest_cents + insurance_cents + fees_cents', name='instalment_parts_sum'), CheckConstraint(check='outstanding_after_cents >= 0', name='instalment_outstanding_not_negative'), CheckConstraint(check="(status = 'PAID') = (paid_on IS NOT NULL)", name='instalment_paid_has_its_day')], 'indexes': [Index(fields=['customer_id', 'contract_id', 'due_on', 'id'])], 'pk_attr': 'id', 'table_description': 'One due payment, split as the amortisation table splits it (C. conso. R312-10).'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Keypad',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('token_digest', fields.CharField(unique=True, max_length=64)),
                ('flow', fields.ForeignKeyField('models.AccessFlow', source_field='flow_id', db_constraint=True, to_field='id', related_name='keypads', on_delete=OnDelete.CASCADE)),
                ('layout', fields.CharField(max_length=10)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'keypad', 'app': 'models', 'constraints': [CheckConstraint(check='length(layout) = 10', name='keypad_ten_keys')], 'indexes': [Index(fields=['flow_id'])], 'pk_attr': 'id', 'table_description': 'Ten shuffled keys shown once. The layout tells which digit lies at each position.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('token_digest', fields.CharField(max_length=64)),
                ('assurance', fields.CharEnumField(description='PROVISIONAL: PROVISIONAL\nCODE_ONLY: CODE_ONLY\nSTRONG: STRONG', enum_type=Assurance, max_length=12)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(description='However busy, it ends here', auto_now=False, auto_now_add=False)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'session', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'token_digest'), name='session_token_once'), CheckConstraint(check='expires_at > created_at', name='session_has_a_life')], 'pk_attr': 'id', 'table_description': "A browser that signed in. The cookie holds the customer and a token, the table the token's digest."},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Statement',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='statements', on_delete=OnDelete.RESTRICT)),
                ('contract', fields.ForeignKeyField('models.Contract', source_field='contract_id', db_constraint=True, to_field='id', related_name='statements', on_delete=OnDelete.RESTRICT)),
                ('number', fields.IntField(description='1, 2, 3 … within the contract')),
                ('opened_on', fields.DateField(description='First day of the period')),
                ('closed_on', fields.DateField(description='Last day of the period')),
                ('payment_on', fields.DateField(null=True, description='Day the instalment is debited')),
                ('opening_balance_cents', fields.BigIntField()),
                ('closing_balance_cents', fields.BigIntField()),
                ('credit_limit_cents', fields.BigIntField(null=True)),
                ('available_cents', fields.BigIntField(null=True)),
                ('instalment_cents', fields.BigIntField(null=True)),
                ('instalment_interest_cents', fields.BigIntField(null=True)),
                ('insurance_cents', fields.BigIntField(null=True)),
                ('total_due_cents', fields.BigIntField(null=True)),
                ('apr_yearly', fields.DecimalField(null=True, description='Fraction', max_digits=9, decimal_places=6)),
            ],
            options={'table': 'statement', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'contract_id', 'number'), name='statement_number_once'), UniqueConstraint(fields=('customer_id', 'contract_id', 'closed_on'), name='statement_day_once'), CheckConstraint(check='number >= 1', name='statement_number_from_one'), CheckConstraint(check='closed_on >= opened_on', name='statement_period_forward'), CheckConstraint(check='payment_on > closed_on', name='statement_paid_after_closing'), CheckConstraint(check='available_cents >= 0', name='statement_available_not_negative'), CheckConstraint(check='instalment_interest_cents <= instalment_cents', name='statement_interest_within_instalment')], 'indexes': [Index(fields=['customer_id', 'closed_on', 'id']), Index(fields=['customer_id', 'contract_id', 'closed_on', 'id'])], 'pk_attr': 'id', 'table_description': 'One statement, unchanging once closed: opening balance + its operations = closing balance.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='Operation',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='operations', on_delete=OnDelete.RESTRICT)),
                ('contract', fields.ForeignKeyField('models.Contract', source_field='contract_id', db_constraint=True, to_field='id', related_name='operations', on_delete=OnDelete.RESTRICT)),
                ('statement', fields.ForeignKeyField('models.Statement', source_field='statement_id', null=True, db_constraint=True, to_field='id', related_name='operations', on_delete=OnDelete.RESTRICT)),
                ('card', fields.ForeignKeyField('models.Card', source_field='card_id', null=True, db_constraint=True, to_field='id', related_name='operations', on_delete=OnDelete.RESTRICT)),
                ('reference', fields.CharField(description="The lender's own number of the operation, within the contract", max_length=40)),
                ('kind', fields.CharEnumField(description='PURCHASE: PURCHASE\nCASH_ADVANCE: CASH_ADVANCE\nDRAWDOWN: DRAWDOWN\nINSTALMENT: INSTALMENT\nEARLY_REPAYMENT: EARLY_REPAYMENT\nINTEREST: INTEREST\nINSURANCE: INSURANCE\nFEE: FEE\nREFUND: REFUND\nADJUSTMENT: ADJUSTMENT\nWAIVER: WAIVER', enum_type=OperationKind, max_length=16)),
                ('status', fields.CharEnumField(description='PENDING: PENDING\nBOOKED: BOOKED\nREVERSED: REVERSED\nDISPUTED: DISPUTED', enum_type=OperationStatus, max_length=8)),
                ('occurred_on', fields.DateField(description="Day of the operation, in the contract's country")),
                ('booked_on', fields.DateField(null=True)),
                ('label', fields.CharField(max_length=140)),
                ('merchant', fields.CharField(null=True, max_length=80)),
                ('category', fields.CharField(null=True, description='Code such as GROCERIES', max_length=24)),
                ('amount_cents', fields.BigIntField()),
                ('principal_cents', fields.BigIntField(null=True)),
                ('interest_cents', fields.BigIntField(null=True)),
                ('insurance_cents', fields.BigIntField(null=True)),
                ('fees_cents', fields.BigIntField(null=True)),
                ('search_text', fields.CharField(description='Label and merchant without accents or case', max_length=240)),
            ],
            options={'table': 'operation', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'contract_id', 'reference'), name='operation_reference_once'), CheckConstraint(check="(status = 'PENDING') = (booked_on IS NULL)", name='operation_booked_has_its_day'), CheckConstraint(check="statement_id IS NULL OR status <> 'PENDING'", name='operation_on_statement_is_booked')], 'indexes': [Index(fields=['customer_id', 'occurred_on', 'id']), Index(fields=['customer_id', 'contract_id', 'occurred_on', 'id'])], 'pk_attr': 'id', 'table_description': 'One movement, signed: positive raises what the customer owes.'},
            bases=['OwnedModel'],
        ),
    ]
