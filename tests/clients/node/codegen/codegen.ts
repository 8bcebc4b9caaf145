import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "portal.graphql",
  documents: ["documents.ts"],
  generates: {
    "./generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: { unmaskFunctionName: "readFragment" }, persistedDocuments: true },
      config: {
        // Amounts and rates are exact decimal texts, days and instants ISO 8601.
        scalars: { Money: "string", Rate: "string", Date: "string", DateTime: "string" },
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
      },
    },
  },
};

export default config;
