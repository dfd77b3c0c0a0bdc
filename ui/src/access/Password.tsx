import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "react-router-dom";
import { client, unwrap } from "@/api/client";
import { Button } from "@/parts/Button";
import { TextField } from "@/parts/Fields";
import { PageHead, Panel } from "@/parts/Panel";
import { toast, toastError } from "@/parts/Toasts";
import { PASSWORD_LENGTH } from "./AccessForms";
import styles from "./Access.module.css";

export default function Password() {
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: (form: FormData) => unwrap(client.POST("/api/v1/session/password", { body: { password: String(form.get("password")), new_password: String(form.get("new_password")) } })),
    onSuccess() {
      toast({ tone: "ok", text: "Your password is changed", detail: "Your other sessions have ended." });
      navigate("/");
    },
    onError: toastError,
  });
  return (
    <>
      <PageHead title="Change your password" />
      <div className={styles.narrow}>
        <Panel>
          <form
            className={styles.form}
            onSubmit={(event) => {
              event.preventDefault();
              change.mutate(new FormData(event.currentTarget));
            }}
          >
            <TextField label="Password now" name="password" type="password" required autoComplete="current-password" />
            <TextField label="New password" name="new_password" type="password" required minLength={PASSWORD_LENGTH} autoComplete="new-password" hint={`At least ${PASSWORD_LENGTH} characters`} />
            <Button type="submit" look="primary" busy={change.isPending}>Change</Button>
          </form>
        </Panel>
      </div>
    </>
  );
}
