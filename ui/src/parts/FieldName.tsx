import { Fragment } from "react";

/** Breaks where a new word begins. */
export function FieldName({ name }: { name: string }) {
  return <>{name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=_)/).map((part, at) => <Fragment key={at}>{at > 0 && <wbr />}{part}</Fragment>)}</>;
}
