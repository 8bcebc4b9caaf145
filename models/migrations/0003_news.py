from tortoise import migrations
from tortoise.migrations import operations as ops
from models.ids import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0002_access_machine')]

    initial = False

    operations = [
        ops.CreateModel(
            name='News',
            fields=[
                ('id', fields.BigIntField(primary_key=True, default=new_id, unique=True, db_index=True, generated=False)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='news', on_delete=OnDelete.RESTRICT)),
                ('operation', fields.ForeignKeyField('models.Operation', source_field='operation_id', null=True, db_constraint=True, to_field='id', related_name='news', on_delete=OnDelete.RESTRICT)),
                ('statement', fields.ForeignKeyField('models.Statement', source_field='statement_id', null=True, db_constraint=True, to_field='id', related_name='news', on_delete=OnDelete.RESTRICT)),
                ('at', fields.DatetimeField(description='When the load that brought it began', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'news', 'app': 'models', 'constraints': [CheckConstraint(check='(operation_id IS NULL) <> (statement_id IS NULL)', name='news_of_one_thing')], 'pk_attr': 'id', 'table_description': 'One new row of a customer, written in the transaction that makes the row itself readable.'},
            bases=['OwnedModel'],
        ),
    ]
