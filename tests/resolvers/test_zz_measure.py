import statistics, pytest
from tests.resolvers.test_uniform_answers import *
from tests.resolvers import test_uniform_answers as T
for n in [n for n in list(globals()) if n.startswith("test_")]:
    del globals()[n]
@pytest.mark.parametrize("act", list(T.ACTS))
async def test_measure(database, gateways, act):
    print(act, database[:8], [round(await T.advantage(gateways, T.ACTS[act]),3) for _ in range(6)])
async def test_leak(database, gateways):
    async def talkative(context, person):
        asked = await T.entering_a_code(context, person)
        async def w():
            a = await asked()
            if person.known: await models.Customer.filter(phone=PHONE).limit(1)
            return a
        return w
    print("leak", database[:8], [round(await T.advantage(gateways, talkative),3) for _ in range(6)])
