import { type FormEvent, useState } from "react";
import { ApiError } from "@/api/client";
import { Button } from "@/parts/Button";
import { Logo } from "@/parts/Logo";
import { useSessionState } from "./session";
import styles from "./SignIn.module.css";

export function SignIn() {
  const { signIn } = useSessionState();
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      await signIn(String(form.get("user")), String(form.get("password")));
    } catch (error) {
      setProblem(error instanceof ApiError ? error : new ApiError(0, "unknown", String(error)));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit}>
        <div className={styles.brand}>
          <Logo size={30} />
          <h1>Duet</h1>
        </div>
        <p className="muted">Sign in to see both sides.</p>
        <label className={styles.field}>
          User
          <input name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus />
        </label>
        <label className={styles.field}>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {problem && (
          <p role="alert" className={styles.problem}>
            {problem.message}
            {problem.hint && <span> – {problem.hint}</span>}
          </p>
        )}
        <Button type="submit" look="primary" busy={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
