// What an application writes with the generated types; `tsc --strict` must take all of it, and refuse what is
// marked as an error.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client/core";
import { CHANGE_ADDRESS, CONTRACT, DASHBOARD, LOG_IN, OPERATIONS } from "./documents";
import { type FragmentType, readFragment } from "./generated";
import type { Assurance, ChangeAddressMutation, OperationKind, OperationsQuery } from "./generated/graphql";

type Changed = ChangeAddressMutation["changeAddress"];
type Operation = NonNullable<OperationsQuery["operations"]>["edges"][number]["node"];

function never(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}

// Every outcome is told apart by its name, and none can be forgotten.
export function told(changed: Changed): string {
  switch (changed.__typename) {
    case "AddressChanged":
      return `version ${changed.customer.version.toFixed()}`;
    case "VersionConflict":
      return `version ${changed.currentVersion.toFixed()} in the meantime`;
    case "InvalidInput":
      return changed.fields.map(({ field, rule }) => `${field}: ${rule}`).join(", ");
    case "StepUpRequired": {
      const assurance: Assurance = changed.assurance;
      return changed.next.__typename === "SmsCodeStep" ? changed.next.smsReference : assurance;
    }
    case "Throttled":
    case "TemporarilyUnavailable":
      return `${changed.retryAfterSeconds.toFixed()} s`;
    case "NotSignedIn":
      return changed.code;
    case "NoPhone":
      return changed.message;
    default:
      return never(changed);
  }
}

export function forgotten(changed: Changed): string {
  switch (changed.__typename) {
    case "AddressChanged":
      return "changed";
    default:
      // @ts-expect-error all the refusals are left
      return never(changed);
  }
}

export const SIGNS: Record<OperationKind, "+" | "-" | "±"> = {
  PURCHASE: "+",
  CASH_ADVANCE: "+",
  DRAWDOWN: "+",
  INSTALMENT: "-",
  EARLY_REPAYMENT: "-",
  INTEREST: "+",
  INSURANCE: "+",
  FEE: "+",
  REFUND: "-",
  ADJUSTMENT: "±",
  WAIVER: "-",
};

export function line(operation: Operation): string {
  const amount: string = operation.amount;
  // @ts-expect-error an amount is no number: it would lose cents
  const wrong: number = operation.amount;
  // @ts-expect-error a merchant may be missing
  operation.merchant.trim();
  return `${operation.occurredOn} ${SIGNS[operation.kind]}${amount} ${operation.merchant ?? ""} ${String(wrong)}`;
}

export function card(masked: FragmentType<typeof CONTRACT>): string {
  // @ts-expect-error masked until it is read
  masked.label.trim();
  const contract = readFragment(CONTRACT, masked);
  const limit = contract.__typename === "CardAccount" ? contract.creditLimit : null;
  return `${contract.label} ${contract.outstandingPrincipal} ${contract.nextInstalment?.payment ?? "–"} ${limit ?? ""}`;
}

type Variables<Document> = Document extends TypedDocumentNode<unknown, infer Given> ? Given : never;

export const byCard: Variables<typeof LOG_IN> = { identifier: { cardOrCreditNumber: "30601020304050600" } };
export const byFile: Variables<typeof LOG_IN> = { identifier: { fileNumber: "CR-3993-00101" } };
// @ts-expect-error @oneOf: one of the two, not both
export const byBoth: Variables<typeof LOG_IN> = { identifier: { cardOrCreditNumber: "3060", fileNumber: "CR" } };

export const page: Variables<typeof OPERATIONS> = {
  first: 20,
  filter: { kinds: ["PURCHASE", "REFUND"], amount: { min: "10.00" }, occurredOn: { from: "2026-01-01" } },
};
// @ts-expect-error no such kind
export const wrongKind: Variables<typeof OPERATIONS> = { first: 20, filter: { kinds: ["GIFT"] } };
// @ts-expect-error `first` is missing
export const noSize: Variables<typeof OPERATIONS> = {};

export async function shown(uri: string): Promise<string[]> {
  const client = new ApolloClient({ link: new HttpLink({ uri }), cache: new InMemoryCache() });
  const { data } = await client.query({ query: DASHBOARD });
  const contracts = data?.customer?.contracts ?? [];
  const version = 1;
  const address = { lines: ["3 rue du Port"], postalCode: "29200", city: "Brest" };
  const changed = await client.mutate({ mutation: CHANGE_ADDRESS, variables: { version, address } });
  return [...contracts.map(card), changed.data ? told(changed.data.changeAddress) : ""];
}
