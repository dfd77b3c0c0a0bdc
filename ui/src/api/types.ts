import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Status = Schemas["Status"];
export type Connection = Schemas["Connection"];
export type Mapping = Schemas["Mapping"];
export type Issue = Schemas["Issue"];
export type IssueField = Schemas["IssueField"];
export type IssueGroup = Schemas["IssueGroup"];
export type IssueFilter = Schemas["IssueFilter"];
export type Decision = Schemas["Decision"];
export type ActionResult = Schemas["ActionResult"];
export type BulkRequest = Schemas["BulkRequest"];
export type BulkResult = Schemas["BulkResult"];
export type JournalEntry = Schemas["JournalEntry"];
export type RecordState = Schemas["Record"];
export type History = Schemas["History"];
export type HistoryEvent = Schemas["HistoryEvent"];
export type AuditEntry = Schemas["AuditEntry"];
export type Session = Schemas["Session"];
export type User = Schemas["User"];
export type Token = Schemas["Token"];
export type PreviewResult = Schemas["PreviewResult"];

export type Role = Session["role"];
export type IssueKind = Issue["kind"];
export type IssueState = Issue["state"];
export type IssueAction = Issue["actions"][number];
export type Side = "salesforce" | "postgres";
/** A field's value as JSON has it; undefined where it is not known. */
export type FieldValue = unknown;
