from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.access import AccessPurpose
from models.ids import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0001_first_tables')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditHead',
            fields=[
                ('customer_id', fields.BigIntField(primary_key=True, unique=True, db_index=True, generated=False)),
                ('first_number', fields.BigIntField(default=1, description='The oldest fact that was not purged')),
                ('purged_seal', fields.CharField(default='', description='The seal of the last fact that was purged', max_length=80)),
                ('last_number', fields.BigIntField(default=0)),
                ('last_seal', fields.CharField(default='', max_length=80)),
                ('seal', fields.CharField(default='', max_length=80)),
            ],
            options={'table': 'audit_head', 'app': 'models', 'constraints': [CheckConstraint(check='last_number >= 0', name='audit_head_not_negative')], 'pk_attr': 'customer_id', 'table_description': "Where the chain of a customer's facts begins and ends, sealed itself: a missing end shows."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Device',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='devices', on_delete=OnDelete.RESTRICT)),
                ('token_digest', fields.CharField(max_length=64)),
                ('label', fields.CharField(description='The browser, as it names itself', max_length=80)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('strong_at', fields.DatetimeField(description='When a code sent by SMS was last given back on it', auto_now=False, auto_now_add=False)),
                ('seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'device', 'app': 'models', 'constraints': [UniqueConstraint(fields=('customer_id', 'token_digest'), name='device_once', condition='revoked_at IS NULL')], 'pk_attr': 'id', 'table_description': 'A browser trusted by a code sent by SMS. The digest of its cookie is keyed by customer.'},
            bases=['OwnedModel'],
        ),
        ops.CreateModel(
            name='SmsOrder',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer_id', fields.BigIntField(null=True)),
                ('address', fields.CharField(null=True, description='E.164, null where none leaves', max_length=16)),
                ('body', fields.CharField(max_length=320)),
                ('useless_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'sms_order', 'app': 'models', 'pk_attr': 'id', 'table_description': 'An SMS that a step asked for. It becomes a delivery after the answer, or nothing where none leaves.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='AccessFlow',
            name='purpose',
            field=fields.CharEnumField(description='SIGN_IN: SIGN_IN\nFIRST_CONNECTION: FIRST_CONNECTION\nFORGOTTEN_CODE: FORGOTTEN_CODE\nSTEP_UP: STEP_UP\nCODE_CHANGE: CODE_CHANGE', enum_type=AccessPurpose, max_length=20),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='code_at',
            field=fields.DatetimeField(null=True, description='When the secret code was right', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='device_digest',
            field=fields.CharField(default='', description='Digest of the cookie it was begun with', max_length=64),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='device_id',
            field=fields.BigIntField(null=True, description="The customer's trusted device it was begun on"),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='session_id',
            field=fields.BigIntField(null=True, description='The session it makes surer, or its own one'),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='sms_at',
            field=fields.DatetimeField(null=True, description='When a code sent by SMS was right', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='sms_length',
            field=fields.SmallIntField(default=6, description='Digits of the code sent'),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='tries',
            field=fields.SmallIntField(default=0, description='Answers given, of any kind'),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='trusting',
            field=fields.BooleanField(default=True, description='The device is to be trusted in the end'),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='wary',
            field=fields.BooleanField(default=False, description='Begun under attack: the phone comes first'),
        ),
        ops.AddField(
            model_name='AccessFlow',
            name='wrong_codes',
            field=fields.IntField(default=0, description='Wrong codes before the right one, to be told'),
        ),
        ops.AddIndex(
            model_name='AccessFlow',
            index=Index(fields=['customer_id', 'expires_at']),
        ),
        ops.AddConstraint(
            model_name='AccessFlow',
            constraint=CheckConstraint(check='tries >= 0', name='access_flow_tries_not_negative'),
        ),
        ops.AddField(
            model_name='AttemptTally',
            name='customer_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='AttemptTally',
            name='warned_failures',
            field=fields.IntField(default=0, description='Failures the customer was last warned of'),
        ),
        ops.AddIndex(
            model_name='AttemptTally',
            index=Index(fields=['updated_at']),
        ),
        ops.AddIndex(
            model_name='AttemptTally',
            index=Index(fields=['customer_id']),
        ),
        ops.AddField(
            model_name='AuditEvent',
            name='label',
            field=fields.CharField(default='', description='The browser, as it named itself', max_length=80),
        ),
        ops.AddField(
            model_name='AuditEvent',
            name='number',
            field=fields.BigIntField(null=True, description='1, 2, 3 … of the customer, null before there were seals'),
        ),
        ops.AddField(
            model_name='AuditEvent',
            name='seal',
            field=fields.CharField(default='', description='Keyed digest of this fact and of the seal before it', max_length=80),
        ),
        ops.AddConstraint(
            model_name='AuditEvent',
            constraint=UniqueConstraint(fields=('customer_id', 'number'), name='audit_event_number_once'),
        ),
        ops.AddConstraint(
            model_name='AuditEvent',
            constraint=CheckConstraint(check='number >= 1', name='audit_event_number_from_one'),
        ),
        ops.AddField(
            model_name='Customer',
            name='former_phone',
            field=fields.CharField(null=True, description='The one before, in E.164', max_length=16),
        ),
        ops.AddField(
            model_name='Customer',
            name='phone_changed_at',
            field=fields.DatetimeField(null=True, description='When it took the place of another', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Session',
            name='accessible',
            field=fields.BooleanField(default=False, description='Its keypads carry labels'),
        ),
        ops.AddField(
            model_name='Session',
            name='code_at',
            field=fields.DatetimeField(null=True, description='When the secret code was last right', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Session',
            name='device',
            field=fields.ForeignKeyField('models.Device', source_field='device_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Session',
            name='label',
            field=fields.CharField(default='', description='The browser, as it names itself', max_length=80),
        ),
        ops.AddField(
            model_name='Session',
            name='provisional',
            field=fields.BooleanField(default=False, description='May do nothing but choose a new code'),
        ),
        ops.AddField(
            model_name='Session',
            name='sms_at',
            field=fields.DatetimeField(null=True, description='When one was given back for this session itself', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Session',
            name='strong_at',
            field=fields.DatetimeField(null=True, description='When a code by SMS was last given back, here or on its device before', auto_now=False, auto_now_add=False),
        ),
        ops.RemoveField(model_name='Session', name='assurance'),
        ops.AlterModelOptions(
            name='AccessFlow',
            options={'table': 'access_flow', 'app': 'models', 'constraints': [CheckConstraint(check='expires_at > created_at', name='access_flow_has_a_life'), CheckConstraint(check='tries >= 0', name='access_flow_tries_not_negative')], 'indexes': [Index(fields=['expires_at']), Index(fields=['customer_id', 'expires_at'])], 'pk_attr': 'id', 'table_description': 'One walk to a session, or to a surer one. Unknown identifiers have a flow too, with no customer.'},
        ),
        ops.AlterModelOptions(
            name='AttemptTally',
            options={'table': 'attempt_tally', 'app': 'models', 'constraints': [CheckConstraint(check='failures >= 0', name='attempt_tally_not_negative')], 'indexes': [Index(fields=['updated_at']), Index(fields=['customer_id'])], 'pk_attr': 'subject_key', 'table_description': 'Consecutive failures of one subject: a customer, one of her devices, or an identifier nobody has.'},
        ),
    ]
