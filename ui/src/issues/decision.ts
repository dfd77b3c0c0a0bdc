import type { Decision, FieldValue, Issue, IssueField } from "@/api/types";
import { sameValue } from "@/parts/Value";

export type Source = "salesforce" | "postgres" | "base";
export const SOURCES: Source[] = ["base", "salesforce", "postgres"];
/** What a person chose for a field: one of the values, or one of their own. */
export type Choice = { from: Source } | { from: "edited"; value: FieldValue };
export type Choices = Record<string, Choice>;

/** The value that a choice stands for; undefined where it is not known. */
export function chosenValue(field: IssueField, choice: Choice | undefined): FieldValue {
  if (!choice) return undefined;
  return choice.from === "edited" ? choice.value : field[choice.from];
}

/** What the decision of a rule or a person was, as far as the issue says it. */
export function pastChoice(field: IssueField): Choice | undefined {
  return field.chosen === "salesforce" || field.chosen === "postgres" || field.chosen === "base" ? { from: field.chosen } : undefined;
}

export function choosable(field: IssueField, source: Source): boolean {
  return field[source] !== undefined;
}

export function chooseForAll(issue: Issue, source: Source): Choices {
  return Object.fromEntries(issue.fields.filter((field) => choosable(field, source)).map((field) => [field.name, { from: source }]));
}

export function isComplete(issue: Issue, choices: Choices): boolean {
  return issue.fields.length > 0 && issue.fields.every((field) => choices[field.name]);
}

/** Which sides a choice changes. */
export function writesOf(field: IssueField, choice: Choice | undefined): ("salesforce" | "postgres")[] {
  if (!choice) return [];
  const value = chosenValue(field, choice);
  return (["salesforce", "postgres"] as const).filter((side) => !sameValue(field[side], value));
}

/** As the API wants it: one word where all fields agree. */
export function decisionOf(issue: Issue, choices: Choices, always: boolean): Decision {
  const decision: Decision = always ? { always } : {};
  const sources = new Set(issue.fields.map((field) => choices[field.name]?.from));
  const [only] = sources;
  if (sources.size === 1 && only && only !== "edited") return { ...decision, use: only };
  for (const field of issue.fields) {
    const choice = choices[field.name];
    if (!choice) continue;
    if (choice.from === "edited") (decision.set ??= {})[field.name] = choice.value;
    else (decision.fields ??= {})[field.name] = choice.from;
  }
  return decision;
}

/** What somebody typed, in the type of the field's other values; null for nothing, undefined when it does not fit. */
export function parseEdited(text: string, field: IssueField): FieldValue {
  const known = [field.salesforce, field.postgres, field.base].find((value) => value !== null && value !== undefined);
  if (text.trim() === "") return null;
  if (typeof known === "number") {
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  if (typeof known === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  return text;
}
