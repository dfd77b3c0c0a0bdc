import { describe, expect, it } from "vitest";
import type { Issue, IssueField } from "@/api/types";
import { type Choices, chooseForAll, decisionOf, isComplete, parseEdited, writesOf } from "./decision";

const field = (name: string, base: unknown, salesforce: unknown, postgres: unknown): IssueField => ({ name, base, salesforce, postgres, chosen: null });
const issue = (...fields: IssueField[]) => ({ fields }) as unknown as Issue;
const phone = field("Phone", "1", "2", "3");
const amount = field("Amount", 10, 20, 30);

describe("decisionOf", () => {
  it("is one word where all fields agree", () => {
    expect(decisionOf(issue(phone, amount), chooseForAll(issue(phone, amount), "postgres"), false)).toEqual({ use: "postgres" });
  });

  it("names fields that differ and edited values", () => {
    const choices: Choices = { Phone: { from: "salesforce" }, Amount: { from: "edited", value: 25 } };
    expect(decisionOf(issue(phone, amount), choices, false)).toEqual({ fields: { Phone: "salesforce" }, set: { Amount: 25 } });
  });

  it("never turns an edited value that equals a side into that side", () => {
    expect(decisionOf(issue(phone), { Phone: { from: "edited", value: "2" } }, false)).toEqual({ set: { Phone: "2" } });
  });

  it("carries always", () => {
    expect(decisionOf(issue(phone), { Phone: { from: "salesforce" } }, true)).toEqual({ always: true, use: "salesforce" });
  });
});

describe("chooseForAll", () => {
  it("leaves out what is not known", () => {
    const unknown: IssueField = { name: "Fax", salesforce: "1", chosen: null };
    const choices = chooseForAll(issue(phone, unknown), "postgres");
    expect(choices).toEqual({ Phone: { from: "postgres" } });
    expect(isComplete(issue(phone, unknown), choices)).toBe(false);
  });
});

describe("writesOf", () => {
  it("names the sides that hold another value", () => {
    expect(writesOf(phone, { from: "salesforce" })).toEqual(["postgres"]);
    expect(writesOf(phone, { from: "base" })).toEqual(["salesforce", "postgres"]);
    expect(writesOf(field("Phone", "1", "2", "2"), { from: "edited", value: "2" })).toEqual([]);
  });

  it("tells empty from not known", () => {
    expect(writesOf({ name: "Fax", base: null, salesforce: null, chosen: null }, { from: "base" })).toEqual(["postgres"]);
  });
});

describe("parseEdited", () => {
  it("keeps the type of the field", () => {
    expect(parseEdited("12.5", amount)).toBe(12.5);
    expect(parseEdited("12,5x", amount)).toBeUndefined();
    expect(parseEdited("12.5", phone)).toBe("12.5");
    expect(parseEdited("true", field("Active", false, true, null))).toBe(true);
  });

  it("makes nothing of nothing, and keeps spaces that were meant", () => {
    expect(parseEdited("  ", phone)).toBeNull();
    expect(parseEdited(" a ", phone)).toBe(" a ");
  });
});
