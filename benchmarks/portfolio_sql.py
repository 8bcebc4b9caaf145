"""The statements that invent a portfolio: every value is a function of a row's number.

Balances are right to the cent: a statement's opening balance is the closing balance of the one before, and
its operations make the difference.
"""

from __future__ import annotations

# Keys look like those that the server makes, which begin with the time.
CUSTOMER_IDS = 300_000_000_000_000_000
CONTRACT_IDS = 310_000_000_000_000_000  # + 4 * customer + place
STATEMENT_IDS = 320_000_000_000_000_000  # + 1,000 * contract + number
OPERATION_IDS = 330_000_000_000_000_000  # + 1,000,000 * contract + place
SESSION_IDS = 340_000_000_000_000_000
LAST_MONTH = "DATE '2026-10-01'"
LONG_MONTHS = 120
LONG_DAY = "DATE '2016-11-01'"

SHOPS = """ARRAY['CARREFOUR', 'SNCF', 'FNAC', 'PHARMACIE DE LA GARE', 'LEROY MERLIN', 'BOULANGERIE DU PARC',
    'TOTAL']"""
CATEGORIES = "ARRAY['GROCERIES', 'TRANSPORT', 'LEISURE', 'HEALTH', 'HOME', 'GROCERIES', 'FUEL']"

CUSTOMERS = f"""
INSERT INTO customer (id, reference, title, first_names, last_name, birth_date, email, email_verified_at,
    phone, phone_verified_at, address_lines, postal_code, city, country_code, locale, version, created_at)
SELECT {CUSTOMER_IDS} + n, 'C' || lpad(n::text, 9, '0'), CASE n % 2 WHEN 0 THEN 'MS' ELSE 'MR' END,
    (ARRAY['Camille', 'Louis Marie', 'Inès', 'Gabriel', 'Chloé Anne', 'Malik', 'Zoé'])[n % 7 + 1],
    (ARRAY['Martin', 'Bernard', 'Dubois', 'Lefèvre', 'Moreau', 'N’Diaye'])[n % 6 + 1] || ' ' || n,
    DATE '1950-01-01' + n * 37 % 18000, 'client.' || n || '@example.org', '2025-03-01',
    '+336' || lpad(n::text, 8, '0'), '2025-03-01', jsonb_build_array((n % 200 + 1) || ' rue des Lilas'),
    lpad((n % 95000 + 1000)::text, 5, '0'), 'Bordeaux', 'FR', 'FR_FR', 1, '2024-01-01'
FROM generate_series({{first}}, {{last}}) AS n
"""

CONTRACT = f"""
INSERT INTO contract (id, customer_id, file_number, account_number, kind, status, regime, label, currency,
    signed_on, borrowing_rate_yearly, apr_yearly, credit_limit_cents, principal_cents, outstanding_cents,
    overdue_cents, months, instalment_cents, debit_day, iban, insurance_label, insurance_monthly_cents,
    statement_delivery, version)
SELECT {CONTRACT_IDS} + 4 * n + k, {CUSTOMER_IDS} + n, 'F-' || (4 * n + k),
    CASE k WHEN 0 THEN '3060' || lpad(n::text, 13, '0') END,
    (ARRAY['REVOLVING_CREDIT', 'PERSONAL_LOAN', 'CARD_ACCOUNT'])[k + 1],
    CASE (n + k) % 11 WHEN 0 THEN 'LATE' ELSE 'ACTIVE' END, 'LAGARDE_2011',
    (ARRAY['Crédit renouvelable Liberté', 'Prêt personnel Projet', 'Compte carte Sérénité'])[k + 1], 'EUR',
    DATE '2020-01-15' + (4 * n + k) % 1500, 0.1890 + n % 9 * 0.0010, 0.2090 + n % 9 * 0.0010,
    CASE k WHEN 1 THEN NULL ELSE 300000 END, CASE k WHEN 1 THEN 500000 END, 120000 + (n * 31 + k) % 60000,
    CASE (n + k) % 11 WHEN 0 THEN 7500 ELSE 0 END, CASE k WHEN 1 THEN 48 END, 7500, n % 28 + 1,
    'FR1420041010050500013M02606', CASE n % 3 WHEN 0 THEN 'Assurance emprunteur' END,
    CASE n % 3 WHEN 0 THEN 950 END, 'ELECTRONIC', 1
"""
CONTRACTS = f"""{CONTRACT}
FROM generate_series({{first}}, {{last}}) AS n, generate_series(0, (n - 1) % {{contracts_max}}) AS k
"""
LONG_CONTRACTS = f"{CONTRACT} FROM (VALUES (0, 0)) AS long (n, k)"

# c is the number of the contract, m that of the statement.
CLOSING = "(120000 + (c * 31 + ({m}) * 17) % 1000)"
STATEMENT = f"""
INSERT INTO statement (id, customer_id, contract_id, number, opened_on, closed_on, payment_on,
    opening_balance_cents, closing_balance_cents, credit_limit_cents, available_cents, instalment_cents,
    instalment_interest_cents, insurance_cents, total_due_cents, apr_yearly)
SELECT {STATEMENT_IDS} + 1000 * c + m, {CUSTOMER_IDS} + n, {CONTRACT_IDS} + c, m, opened_on,
    (opened_on + interval '1 month')::date - 1, (opened_on + interval '1 month')::date + 9,
    {CLOSING.format(m="m - 1")}, {CLOSING.format(m="m")}, 300000,
    300000 - {CLOSING.format(m="m")}, 7500, 1200, NULL, 7500 + c % 3 * 250, 0.2090
"""
STATEMENTS = f"""{STATEMENT}
FROM generate_series({{first}}::bigint, {{last}}) AS n, generate_series(0, (n - 1) % {{contracts_max}}) AS k,
    LATERAL (SELECT 4 * n + k) AS contract (c), generate_series(1, {{statements}}) AS m,
    LATERAL (SELECT ({LAST_MONTH} - ({{statements}} - m) * interval '1 month')::date) AS month (opened_on)
"""
LONG_STATEMENTS = f"""{STATEMENT}
FROM (VALUES (0::bigint, 0::bigint)) AS long (n, c), generate_series(1, {LONG_MONTHS}) AS m,
    LATERAL (SELECT ({LONG_DAY} + (m - 1) * interval '1 month')::date) AS month (opened_on)
"""

# i is the place of the operation in its statement: purchases, then the instalment that makes the balance.
AMOUNT = "(1000 + (c * 7919 + (m * {{operations}} + {i}) * 613) % 9973)"
OPERATION = """
INSERT INTO operation (id, customer_id, contract_id, statement_id, reference, kind, status, occurred_on,
    booked_on, label, merchant, category, amount_cents, search_text)
"""
OPERATIONS = f"""{OPERATION}
SELECT {OPERATION_IDS} + 1000000 * c + m * {{operations}} + i, {CUSTOMER_IDS} + n, {CONTRACT_IDS} + c,
    {STATEMENT_IDS} + 1000 * c + m, m || '-' || i,
    CASE WHEN paid THEN 'INSTALMENT' ELSE 'PURCHASE' END, 'BOOKED', day, day + 1,
    CASE WHEN paid THEN 'Prélèvement mensuel' ELSE 'CB ' || shop || to_char(day, ' DD/MM') END,
    CASE WHEN paid THEN NULL ELSE shop END, CASE WHEN paid THEN NULL ELSE category END,
    CASE WHEN paid THEN {CLOSING.format(m="m")} - {CLOSING.format(m="m - 1")} - (
        SELECT sum({AMOUNT.format(i="other")}) FROM generate_series(0, {{operations}} - 2) AS other
    ) ELSE {AMOUNT.format(i="i")} END,
    CASE WHEN paid THEN 'prelevement mensuel' ELSE lower('CB ' || shop || to_char(day, ' DD/MM ') || shop) END
FROM generate_series({{first}}::bigint, {{last}}) AS n, generate_series(0, (n - 1) % {{contracts_max}}) AS k,
    LATERAL (SELECT 4 * n + k) AS contract (c), generate_series(1, {{statements}}) AS m,
    generate_series(0, {{operations}} - 1) AS i,
    LATERAL (SELECT ({LAST_MONTH} - ({{statements}} - m) * interval '1 month')::date + (i * 5 + c % 3)::int,
        i = {{operations}} - 1, ({SHOPS})[(c + m * 3 + i) % 7 + 1], ({CATEGORIES})[(c + m * 3 + i) % 7 + 1]
    ) AS drawn (day, paid, shop, category)
"""
LONG_OPERATIONS = f"""{OPERATION}
SELECT {OPERATION_IDS} + i, {CUSTOMER_IDS}, {CONTRACT_IDS}, {STATEMENT_IDS} + m, 'L-' || i,
    CASE WHEN paid THEN 'INSTALMENT' ELSE 'PURCHASE' END, 'BOOKED', day, day + 1,
    CASE WHEN paid THEN 'Prélèvement mensuel' ELSE 'CB ' || shop || to_char(day, ' DD/MM') END,
    CASE WHEN paid THEN NULL ELSE shop END, CASE WHEN paid THEN NULL ELSE category END,
    CASE WHEN paid THEN -7500 ELSE 1000 + i * 613 % 9973 END,
    CASE WHEN paid THEN 'prelevement mensuel' ELSE lower('CB ' || shop || to_char(day, ' DD/MM ') || shop) END
FROM generate_series(1, {{long_operations}}) AS i,
    LATERAL (SELECT {LONG_DAY} + (i::bigint * 3650 / {{long_operations}})::int, i % 4 = 0,
        ({SHOPS})[i % 7 + 1], ({CATEGORIES})[i % 7 + 1]) AS drawn (day, paid, shop, category),
    LATERAL (SELECT least({LONG_MONTHS}, 12 * (extract(year FROM day) - 2016)::int
        + extract(month FROM day)::int - 10)) AS month (m)
"""

SESSIONS = f"""
INSERT INTO session (id, customer_id, token_digest, created_at, seen_at, expires_at, accessible, code_at,
    label, provisional, sms_at, strong_at)
SELECT {SESSION_IDS} + number, {CUSTOMER_IDS} + number, encode(sha256(secret::bytea), 'hex'), now(), now(),
    now() + interval '12 hours', false, now(), 'Firefox, Windows', false, now(), now()
FROM (SELECT id - {CUSTOMER_IDS} AS number FROM customer ORDER BY id) AS customers,
    LATERAL (SELECT substr(encode(sha256(('visit ' || number)::bytea), 'hex'), 1, 43)) AS token (secret)
"""
VISIT = "UPDATE session SET seen_at = now() WHERE customer_id = ANY($1)"
