import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import type { Role, User } from "@/api/types";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { SelectField, TextField } from "@/parts/Fields";
import { toast, toastError } from "@/parts/Toasts";
import styles from "./Access.module.css";

const ROLES: Role[] = ["viewer", "operator", "admin"];
export const PASSWORD_LENGTH = 12;

function RoleField({ value = "viewer" }: { value?: Role }) {
  return (
    <SelectField label="Role" name="role" defaultValue={value}>
      {ROLES.map((role) => <option key={role} value={role}>{role}</option>)}
    </SelectField>
  );
}

/** A form whose values go to `save`; closes when that went well. */
function useForm<T>(save: (form: FormData) => Promise<T>, key: string, onSaved: (result: T) => void) {
  const cache = useQueryClient();
  const mutation = useMutation({ mutationFn: save, onSuccess: onSaved, onError: toastError, onSettled: () => cache.invalidateQueries({ queryKey: [key] }) });
  return {
    busy: mutation.isPending,
    submit(event: FormEvent<HTMLFormElement>) {
      event.preventDefault();
      mutation.mutate(new FormData(event.currentTarget));
    },
  };
}

const text = (form: FormData, name: string) => String(form.get(name) ?? "");

export function AddUser({ onClose }: { onClose: () => void }) {
  const { busy, submit } = useForm(
    (form) => unwrap(client.POST("/api/v1/users", { body: { name: text(form, "name"), role: text(form, "role") as Role, password: text(form, "password") } })),
    "users",
    (user) => {
      toast({ tone: "ok", text: `${user.name} can sign in` });
      onClose();
    },
  );
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <TextField label="Name" name="name" required autoComplete="off" autoCapitalize="none" spellCheck={false} />
        <RoleField />
        <TextField label="Password" name="password" type="password" required minLength={PASSWORD_LENGTH} autoComplete="new-password" hint={`At least ${PASSWORD_LENGTH} characters`} />
        <div className={styles.buttons}><span /><Button onClick={onClose}>Cancel</Button><Button type="submit" look="primary" busy={busy}>Add</Button></div>
      </form>
    </Dialog>
  );
}

export function ChangeUser({ user, onClose }: { user: User; onClose: () => void }) {
  const params = { path: { name: user.name } };
  const { busy, submit } = useForm(
    (form) => {
      const password = text(form, "password");
      return unwrap(client.PATCH("/api/v1/users/{name}", { params, body: { role: text(form, "role") as Role, disabled: form.get("disabled") === "on", ...(password ? { password } : {}) } }));
    },
    "users",
    () => {
      toast({ tone: "ok", text: `${user.name} is changed`, detail: "The user’s sessions have ended." });
      onClose();
    },
  );
  const cache = useQueryClient();
  const [sure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => unwrap(client.DELETE("/api/v1/users/{name}", { params })),
    onSuccess() {
      toast({ tone: "ok", text: `${user.name} is removed` });
      onClose();
    },
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: ["users"] }),
  });
  return (
    <Dialog title={`Change ${user.name}`} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <RoleField value={user.role} />
        <TextField label="New password" name="password" type="password" minLength={PASSWORD_LENGTH} autoComplete="new-password" hint="Left empty: as it is" />
        <label><input type="checkbox" name="disabled" defaultChecked={user.disabled} /> Disabled: cannot sign in</label>
        <div className={styles.buttons}>
          <Button look="danger" busy={remove.isPending} onClick={() => (sure ? remove.mutate() : setSure(true))}>{sure ? "Really remove" : "Remove"}</Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>Save</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function AddToken({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<string | null>(null);
  const { busy, submit } = useForm(
    (form) => {
      const days = Number(text(form, "days"));
      const expires = days > 0 ? { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() } : {};
      return unwrap(client.POST("/api/v1/tokens", { body: { name: text(form, "name"), role: text(form, "role") as Role, ...expires } }));
    },
    "tokens",
    (token) => setMade(token.token),
  );
  if (made) {
    return (
      <Dialog title="The new token" onClose={onClose} footer={<Button look="primary" onClick={onClose}>Done</Button>}>
        <p>Copy it now: it is shown this once.</p>
        <code className={styles.token}>{made}</code>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make an API token" onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <TextField label="Name" name="name" required hint="What uses it" autoComplete="off" />
        <RoleField />
        <SelectField label="Expires" name="days" defaultValue="90">
          <option value="30">in 30 days</option>
          <option value="90">in 90 days</option>
          <option value="365">in a year</option>
          <option value="0">never</option>
        </SelectField>
        <div className={styles.buttons}><span /><Button onClick={onClose}>Cancel</Button><Button type="submit" look="primary" busy={busy}>Make</Button></div>
      </form>
    </Dialog>
  );
}
