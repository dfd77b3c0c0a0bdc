import { useState } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "@/parts/icons";
import { client, unwrap } from "@/api/client";
import type { User } from "@/api/types";
import { useSessionState } from "@/app/session";
import { Button } from "@/parts/Button";
import { PageHead, Panel } from "@/parts/Panel";
import { Pill } from "@/parts/Pill";
import { Empty, Failure, Loading } from "@/parts/States";
import table from "@/parts/table.module.css";
import { Time } from "@/parts/Time";
import { toast, toastError } from "@/parts/Toasts";
import { AddToken, AddUser, ChangeUser } from "./AccessForms";
import styles from "./Access.module.css";

export default function Access() {
  return (
    <>
      <PageHead title="Access" lead="Viewers look, operators act on issues, admins also change users and policies" />
      <Users />
      <Tokens />
    </>
  );
}

function Users() {
  const { session } = useSessionState();
  const { data, error, refetch } = useQuery({ queryKey: ["users"], queryFn: () => unwrap(client.GET("/api/v1/users")) });
  const [form, setForm] = useState<"add" | User | null>(null);
  return (
    <Panel title="Users" flush aside={<Button size="small" icon={<Plus size={14} />} onClick={() => setForm("add")}>Add a user</Button>}>
      {error && !data ? <Failure error={error} retry={() => void refetch()} /> : !data ? <Loading /> : (
        <table className={`${table.table} ${table.cards}`}>
          <thead>
            <tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Since</th><th scope="col">Last sign-in</th><th scope="col"><span className="visually-hidden">Change</span></th></tr>
          </thead>
          <tbody>
            {data.users.map((user) => (
              <tr key={user.name}>
                <td><strong><bdi>{user.name}</bdi></strong> {user.name === session?.user && <span className="faint">you</span>} {user.disabled && <Pill tone="warn">disabled</Pill>}</td>
                <td data-label="Role">{user.role}</td>
                <td data-label="Since"><Time at={user.created_at} /></td>
                <td data-label="Last sign-in">{user.last_login_at ? <Time at={user.last_login_at} /> : "never"}</td>
                <td className={styles.change}><Button size="small" onClick={() => setForm(user)} aria-label={`Change ${user.name}`}>Change</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {form === "add" && <AddUser onClose={() => setForm(null)} />}
      {form && form !== "add" && <ChangeUser user={form} onClose={() => setForm(null)} />}
    </Panel>
  );
}

function Tokens() {
  const cache = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: ["tokens"], queryFn: () => unwrap(client.GET("/api/v1/tokens")) });
  const [adding, setAdding] = useState(false);
  const revoke = useMutation({
    mutationFn: (id: number) => unwrap(client.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } })),
    onSuccess: () => toast({ tone: "ok", text: "The token is revoked" }),
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: ["tokens"] }),
  });
  return (
    <Panel title="API tokens" flush aside={<Button size="small" icon={<Plus size={14} />} onClick={() => setAdding(true)}>Make a token</Button>}>
      {error && !data ? <Failure error={error} retry={() => void refetch()} /> : !data ? <Loading /> : data.tokens.length === 0 ? <Empty title="No tokens">A program signs in with a token: Authorization: Bearer …</Empty> : (
        <table className={`${table.table} ${table.cards}`}>
          <thead>
            <tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col"><span className="visually-hidden">Revoke</span></th></tr>
          </thead>
          <tbody>
            {data.tokens.map((token) => (
              <tr key={token.id}>
                <td><strong><bdi>{token.name}</bdi></strong></td>
                <td data-label="Role">{token.role}</td>
                <td data-label="Made"><Time at={token.created_at} /> <span className="faint">by {token.created_by}</span></td>
                <td data-label="Last used">{token.last_used_at ? <Time at={token.last_used_at} /> : "never"}</td>
                <td data-label="Expires">{token.expires_at ? <Time at={token.expires_at} exact /> : "never"}</td>
                <td className={styles.change}><Button size="small" look="danger" busy={revoke.isPending} aria-label={`Revoke ${token.name}`} onClick={() => revoke.mutate(token.id)}>Revoke</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <AddToken onClose={() => setAdding(false)} />}
    </Panel>
  );
}
